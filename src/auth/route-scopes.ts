import type { Config } from '../config/schema.ts';
import { pathOf } from '../kit/http/exact-routes.ts';
import { type HubNeed, hubNeed, isPeerCall, isSignedLink } from './hub-scopes.ts';
import type { Scope } from './principal.ts';

type Uris = Config['api'];

/** What a request needs: a scope, or, in the hub, the token of the person whom it is about instead; or nothing. */
export type Need = Scope | HubNeed | 'nothing';

const READS = new Set(['GET', 'HEAD']);
const ADMIN_PLACES = ['/v1/apps', '/v1/push/config', '/v1/namespace'];
/** Looked at with the scope `read`, and yet not for the port of the API where there is another. */
const CONSOLE_PLACES = ['/v1/console', '/console'];
/** What providers call: they have no key of ours, and sign what they send. */
const CALLBACKS = '/v1/callbacks/';
/** The pages with a sign-in, whose files hold nothing of this relay. */
const PAGES = ['/console', '/docs'] as const;
/** The pages of docs/, each with a sign-in. */
const GUIDES = '/docs/guides';

const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);
const isPage = (path: string): boolean => PAGES.some((page) => page === path) || within(path, GUIDES);
const isFileOfPage = (path: string): boolean => !isPage(path) && PAGES.some((page) => within(path, page));

/**
 * What a URL in a request never holds: a fragment, a backslash, what is not ASCII. Express hands such a one to Node's old URL
 * parser, which makes slashes of backslashes and cuts blanks off: `/v1\\apps#` would be `/v1/apps`.
 */
const ODD = /[^\x21-\x7e]|[\\#]/;

/**
 * The path of a request as the most lenient router behind would read it, so that no spelling gets around what is asked here: without
 * its query, its escapes, a slash at the end, and upper case. Undefined for one that is no path at all.
 */
function lenientPath(url: string): string | undefined {
  if (!url.startsWith('/') || url.startsWith('//') || ODD.test(url)) return undefined;
  const path = pathOf(url)?.toLowerCase();
  return path !== undefined && path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

const lower = (uris: Uris): ReadonlySet<string> => new Set(Object.values(uris).map((uri) => uri.toLowerCase()));

/** What each request needs: what is not known here is for administrators, unless it only reads. */
export function needOf(uris: Uris): (method: string, url: string) => Need {
  const health = new Set([uris.health_uri.toLowerCase(), '/readyz', '/']);
  const push = uris.push_uri.toLowerCase();
  const own = lower(uris);
  return (method, url) => {
    // By the million.
    if (method === 'POST' && url === uris.push_uri) return 'push';
    const path = lenientPath(url);
    if (path === undefined) return 'admin';
    if (READS.has(method) && (health.has(path) || isFileOfPage(path))) return 'nothing';
    if (method === 'POST' && path === push) return 'push';
    const reads = READS.has(method);
    if (!own.has(path)) {
      if (method === 'POST' && (path.startsWith(CALLBACKS) || isPeerCall(path))) return 'nothing';
      if ((reads || method === 'POST') && isSignedLink(path)) return 'nothing';
      const need = hubNeed(path, reads);
      if (need) return need;
    }
    return reads && !ADMIN_PLACES.some((place) => within(path, place)) ? 'read' : 'admin';
  };
}

/** True for what `core.admin_address` takes away from the port of the API: figures, configuration, administration. */
export function isAdministration(uris: Uris): (url: string) => boolean {
  const { push_uri, health_uri } = uris;
  const figures = new Set(lower(uris));
  for (const uri of [push_uri, health_uri]) figures.delete(uri.toLowerCase());
  return (url) => {
    const path = lenientPath(url);
    return (
      path === undefined ||
      figures.has(path) ||
      [...ADMIN_PLACES, ...CONSOLE_PLACES].some((place) => within(path, place))
    );
  };
}

/** True for a page that asks a browser for a key: what a stranger gets to see, as the body of a 401. */
export function asksForKey(method: string, url: string): boolean {
  const path = lenientPath(url);
  return READS.has(method) && path !== undefined && isPage(path);
}
