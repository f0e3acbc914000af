import type { Scope } from './principal.ts';

/** What a request of the hub needs: a scope, or, where `own` says so, instead of it the token of the person whom it is about. */
export interface HubNeed {
  readonly scope: Scope;
  readonly own: boolean;
}

/** `paths` and all below them, in lower case; the first row that fits counts. */
interface Place {
  readonly need: HubNeed;
  readonly path: RegExp;
  /** Absent: all. */
  readonly methods?: 'reads' | 'changes';
}

const BELOW = '(?:/.*)?$';

interface PlaceExtras extends Pick<Place, 'methods'> {
  readonly own?: boolean;
}

const at = (scope: Scope, paths: string, { own = false, ...more }: PlaceExtras = {}): Place => ({
  need: { scope, own },
  path: new RegExp(`^(?:${paths})${BELOW}`, 's'),
  ...more,
});

/**
 * Names of people, their addresses and what they are sent are for `users` alone, also for reading: `read` is what scrapers have.
 * What routes there are and whose each token may use is said once more, and more exactly, by the routes themselves.
 */
const PLACES: readonly Place[] = [
  { need: { scope: 'push', own: false }, path: /^\/v1\/users\/.+\/events$/s, methods: 'changes' },
  {
    need: { scope: 'push', own: true },
    path: /^\/v1\/incidents\/.+\/(?:acknowledge|escalate|resolve)$/s,
    methods: 'changes',
  },
  at('users', '/v1/users', { own: true }),
  at('users', '/v1/devices|/v1/engagements', { own: true }),
  at('users', '/v1/topics'),
  at('push', '/v1/notifications|/v1/events|/v1/incidents|/v1/tasks|/v1/schedules|/v1/escalations', {
    methods: 'changes',
  }),
  at('users', '/api/push/apns|/api/push/gcm', { own: true }),
  at('push', '/api/push/test', { own: true }),
  at('push', '/v1/push/send|/v1/push/topics/send'),
  at('users', '/v1/push/devices|/v1/push/topics', { own: true }),
  at('admin', '/v1/push/config|/v1/namespace'),
];

/** @param path decoded, in lower case, without a slash at the end; undefined for what is not the hub's, or is like everything else */
export const hubNeed = (path: string, reads: boolean): HubNeed | undefined =>
  path.startsWith('/v1/') || path.startsWith('/api/push/')
    ? PLACES.find((place) => (place.methods ?? '') !== (reads ? 'changes' : 'reads') && place.path.test(path))?.need
    : undefined;

/** What the clients of two other systems, whose routes the hub has, call the text of an error; undefined: it is a route of our own. */
export function textNameOf(url: string): 'error' | 'detail' | undefined {
  if (/^\/v1\/(?:push|namespace)\//.test(url)) return 'error';
  return /^\/api\/push\/(?:apns|gcm|test)(?:[/?]|$)/.test(url) ? 'detail' : undefined;
}

/** One-click links in mails: they carry a signature, and mail programs have no key (RFC 8058). */
export const isSignedLink = (path: string): boolean => path.startsWith('/u/');

/** What instances tell each other: they sign it, and have no key. */
export const isPeerCall = (path: string): boolean => path === '/v1/streams/wake-ups';
