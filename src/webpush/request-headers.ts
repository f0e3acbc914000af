import type { RequestHeader } from '../http2/http2-pool.ts';
import type { WebPushMessage } from './payload.ts';
import type { Vendor } from './vendor.ts';

/** Most services have few combinations; one with more than this gains little from remembering them. */
const MOST = 64;

/**
 * The request headers of pushes to one origin: the same list for pushes whose headers are the same, so that a connection renders
 * it once. What varies from push to push (a topic) stays out of HPACK's table.
 */
export class RequestHeaders {
  readonly #vendor: Vendor;
  readonly #known = new Map<string, readonly RequestHeader[]>();

  constructor(vendor: Vendor) {
    this.#vendor = vendor;
  }

  of(message: WebPushMessage, authorization: string, length: number): readonly RequestHeader[] {
    if (message.topic !== undefined) return this.#render(message, authorization, length);
    const key = `${message.ttl} ${message.urgency} ${length} ${authorization}`;
    let headers = this.#known.get(key);
    if (!headers) {
      if (this.#known.size >= MOST) this.#known.clear();
      headers = this.#render(message, authorization, length);
      this.#known.set(key, headers);
    }
    return headers;
  }

  #render({ ttl, urgency, topic }: WebPushMessage, authorization: string, length: number): readonly RequestHeader[] {
    const isMicrosoft = this.#vendor === 'microsoft';
    return [
      { name: 'content-type', value: 'application/octet-stream', indexing: 'index' },
      { name: 'content-encoding', value: 'aes128gcm', indexing: 'index' },
      { name: 'authorization', value: authorization, indexing: 'index' },
      { name: 'urgency', value: urgency, indexing: 'index' },
      // WNS takes a TTL of 0 for a contradiction of its cache policy.
      { name: 'ttl', value: String(isMicrosoft ? Math.max(1, ttl) : ttl), indexing: 'plain' },
      { name: 'content-length', value: String(length), indexing: 'plain' },
      ...(topic === undefined ? [] : [{ name: 'topic', value: topic, indexing: 'plain' } as const]),
      ...(isMicrosoft ? [{ name: 'x-wns-cache-policy', value: 'cache', indexing: 'index' } as const] : []),
    ];
  }
}
