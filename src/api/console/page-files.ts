import { filesOf, type PageFile } from '../page-file.ts';

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

/**
 * The files of page/, beside this file in src/ as in dist/, read when they are first asked for.
 * @param fill completes the HTML
 */
export const pageFiles = (fill: (text: string) => string): ((name: PageFileName) => PageFile) =>
  filesOf<PageFileName>(new URL('page/', import.meta.url), fill);
