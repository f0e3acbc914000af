import type { SecureContext } from 'node:tls';
import { createTrust } from './connect.ts';
import type { Http2Pool, Http2PoolOptions } from './http2-pool.ts';
import { Pool } from './pool.ts';
import { defaultTuning, type PoolTuning } from './pool-tuning.ts';

/**
 * Makes pools whose sessions are numbered in one row: each number means one connection of this process. They share what the
 * authorities are parsed to, which would be most of what a thousand apps take.
 */
export function numberedPools(): (options: Http2PoolOptions) => Http2Pool {
  let sessions = 0;
  const trusts = new Map<Http2PoolOptions['ca'], SecureContext>();
  const trustOf = (ca: Http2PoolOptions['ca']): SecureContext => {
    const trust = trusts.get(ca) ?? createTrust(ca);
    trusts.set(ca, trust);
    return trust;
  };
  return (options) =>
    createPool({
      numberSession: () => ++sessions,
      ...(options.connect ? {} : { trust: () => trustOf(options.ca) }),
      ...options,
    });
}

/** An HTTP/2 pool over TLS. `tuning` is for tests. Throws when the origin, certificate, key or CA cannot be read. */
export function createPool(options: Http2PoolOptions, tuning: Partial<PoolTuning> = {}): Http2Pool {
  return new Pool(options, { ...defaultTuning, ...tuning });
}
