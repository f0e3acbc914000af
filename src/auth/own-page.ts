import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../kit/net/loopback.ts';

type Asked = Pick<IncomingMessage, 'method' | 'headers'>;

/** A link on a page of another origin may lead here: that page does not see the answer. */
const READS = new Set(['GET', 'HEAD']);
/** A Host header: a name or an address, IPv6 in brackets, and a port where it is not the usual one. */
const HOST = /^(\[[^[\]]+\]|[^:]+)(?::\d+)?$/;
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

const hostOf = ({ headers }: Asked): string | undefined =>
  (headers[':authority'] as string | undefined) ?? headers.host;

/**
 * A browser sends what it has of its own accord (a remembered password, a certificate, an address that needs neither) with whatever
 * any page makes it send. False when it says that the page is of another origin: by Sec-Fetch-Site, which no script can set, or by
 * Origin. Other clients send neither header and pass.
 */
export function isOwnPage(req: Asked): boolean {
  const { origin, 'sec-fetch-site': site } = req.headers;
  if (site === 'same-origin' || site === 'none') return true;
  if (site !== undefined && !READS.has(req.method ?? '')) return false;
  return origin === undefined || (URL.parse(origin)?.host ?? 'none') === hostOf(req);
}

/**
 * Why a request may not have what is open to this machine alone, without any key; undefined: it may. A page that leads its own
 * name to 127.0.0.1 asks by that name (DNS rebinding); a proxy on this machine speaks for others.
 */
export function notFromHere(req: Asked): string | undefined {
  const host = hostOf(req);
  if (!isLoopback(HOST.exec(host ?? '')?.[1] ?? ''))
    return 'without keys this is for localhost alone: set auth.keys, or ask for 127.0.0.1';
  if (PROXIED.some((name) => req.headers[name] !== undefined))
    return 'without keys this is for localhost alone, and the request came through a proxy: set auth.keys';
  return isOwnPage(req) ? undefined : 'without keys this is not for pages of another origin: set auth.keys';
}
