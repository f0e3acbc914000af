import type { RequestHeader } from '../http2/http2-pool.ts';
import type { Notification } from '../push/push.ts';
import { apnsHeaders } from './payload.ts';

/** Most services have a handful of topics and types; one with more than this gains little from remembering them. */
const MOST = 64;

/**
 * The request headers of notifications, the same list for notifications whose headers are the same: the connection renders a
 * list that it knows only once.
 */
export class HeaderCache {
  readonly #known = new Map<string, readonly RequestHeader[]>();
  #token: string | undefined;

  /** @param token the provider token; absent on a connection with a certificate. */
  of(notification: Notification, token: string | undefined): readonly RequestHeader[] {
    const { topic = '', push_type = '', priority = '', expiration, collapse_id, apns_id } = notification;
    if (expiration !== undefined || collapse_id || apns_id) return withToken(apnsHeaders(notification), token);
    if (token !== this.#token || this.#known.size >= MOST) {
      this.#known.clear();
      this.#token = token;
    }
    const key = `${topic}\n${push_type}\n${priority}`;
    let headers = this.#known.get(key);
    if (!headers) {
      headers = withToken(apnsHeaders(notification), token);
      this.#known.set(key, headers);
    }
    return headers;
  }
}

/**
 * Apple asks for `authorization` not to be put into its small HPACK table ("Sending notification requests to APNs"); ours for
 * it is written once for each connection anyway.
 */
const withToken = (headers: RequestHeader[], token: string | undefined): readonly RequestHeader[] =>
  token === undefined ? headers : [...headers, { name: 'authorization', value: `bearer ${token}`, indexing: 'secret' }];
