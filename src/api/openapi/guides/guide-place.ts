import { posix } from 'node:path';
import type { LinkTarget } from './render-markdown.ts';

/** Files beside the pages of docs/ that are served with them; they hold nothing of this relay, and need no key. */
export const GUIDE_FILES = [
  'gorush.proto',
  'images/console-compose.png',
  'images/console-dark.png',
  'images/console-incident.png',
  'images/console-light.png',
  'images/console-person.png',
] as const;

/** The page that leads to the others: docs/README.md. */
export const INDEX = 'README';

/** Where a page is served, from the root of all. */
export const placeOfGuide = (name: string): string => (name === INDEX ? 'docs/guides' : `docs/guides/${name}`);

/** The way back from there. */
export const rootFrom = (name: string): string => '../'.repeat(placeOfGuide(name).split('/').length - 1);

/** Where a file of docs/ is served; undefined: nowhere. */
function placeOfFile(file: string, isGuide: (name: string) => boolean): string | undefined {
  if (file === 'openapi.json') return file;
  if ((GUIDE_FILES as readonly string[]).includes(file)) return `docs/${file}`;
  const name = /^(.+)\.md$/.exec(file)?.[1];
  return name !== undefined && isGuide(name) ? placeOfGuide(name) : undefined;
}

/** Where a link in a page leads to. @param name of the page @param isGuide whether a page of this name is served */
export function placeOfLink(name: string, link: string, isGuide: (name: string) => boolean): LinkTarget {
  if (/^[a-z]+:/.test(link) || link.startsWith('#')) return { href: link };
  const [path = '', anchor] = link.split('#');
  const file = posix.join(posix.dirname(name), path);
  const place = placeOfFile(file, isGuide);
  if (place === undefined) return { file: posix.join('docs', file) };
  return { href: `${rootFrom(name)}${place}${anchor === undefined ? '' : `#${anchor}`}` };
}
