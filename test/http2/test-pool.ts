import { onTestFinished } from 'vitest';
import { createPool } from '../../src/http2/create-pool.ts';
import type { Http2Pool, Http2PoolOptions } from '../../src/http2/http2-pool.ts';
import type { PoolTuning } from '../../src/http2/pool-tuning.ts';
import { authority } from './tls.ts';

/** A pool that is closed with the test; reconnects without a noticeable pause unless told otherwise. */
export function testPool(
  origin: string,
  options: Partial<Http2PoolOptions> = {},
  tuning: Partial<PoolTuning> = {},
): Http2Pool {
  const pool = createPool(
    { origin, ca: [authority.ca], ...options },
    { reconnect: { firstMs: 5, maxMs: 50 }, ...tuning },
  );
  onTestFinished(() => pool.close(0));
  return pool;
}
