import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** A file of the page as it is served. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** The body as most browsers want it. */
  readonly gzipped: Buffer;
  /** As the header has it, with its quotes. */
  readonly etag: string;
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** What a browser loads only where the hub is on. */
export const HUB_FILES = [
  'hub/hub.css',
  'hub/hub.js',
  'hub/state.js',
  'hub/trouble.js',
  'hub/parts.js',
  'hub/list.js',
  'hub/decisions.js',
  'hub/people.js',
  'hub/person.js',
  'hub/devices.js',
  'hub/settings.js',
  'hub/inbox.js',
  'hub/why.js',
  'hub/totals.js',
  'hub/notifications.js',
  'hub/notification.js',
  'hub/send.js',
  'hub/incidents.js',
  'hub/incident.js',
  'hub/incident-actions.js',
  'hub/steps.js',
  'hub/plans.js',
  'hub/overview.js',
  'analytics/analytics.js',
  'analytics/buckets.js',
  'analytics/figures.js',
  'analytics/span-chart.js',
] as const;

/** What the page consists of; nothing else of the folder is served. */
export const PAGE_FILES = [
  'index.html',
  'console.css',
  'icon.svg',
  'main.js',
  'connection.js',
  'dom.js',
  'format.js',
  'providers.js',
  'charts.js',
  'overview.js',
  'lanes.js',
  'failures.js',
  'apps.js',
  'compose.js',
  'timeline.js',
  'pages.js',
  'pushes.js',
  'hour.js',
  'causes.js',
  ...HUB_FILES,
] as const;

export type PageFileName = (typeof PAGE_FILES)[number];

function readPageFile(name: PageFileName, fill: (text: string) => string): PageFile {
  const text = readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
  const body = Buffer.from(name.endsWith('.html') ? fill(text) : text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return {
    type: TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES],
    body,
    gzipped: gzipSync(body),
    etag,
  };
}

/**
 * The files of page/, beside this file in src/ as in dist/, read when they are first asked for.
 * @param fill completes the HTML
 */
export function pageFiles(fill: (text: string) => string): (name: PageFileName) => PageFile {
  const files = new Map<PageFileName, PageFile>();
  return (name) => {
    const file = files.get(name) ?? readPageFile(name, fill);
    files.set(name, file);
    return file;
  };
}
