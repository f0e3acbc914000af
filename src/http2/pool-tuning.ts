import type { lookup } from 'node:dns';
import type { BackoffOptions } from '../kit/backoff.ts';
import type { LivenessOptions } from './liveness.ts';

/** Numbers that only tests change. Times in milliseconds. */
export interface PoolTuning extends LivenessOptions {
  /** From the lookup to the peer's SETTINGS. */
  readonly connectTimeoutMs: number;
  /** The pause after a connection that failed or answered nothing. */
  readonly reconnect: BackoffOptions;
  /** The id of a session's first stream: odd. */
  readonly firstStreamId: number;
  /** How often a request is sent again after the peer refused it unseen. */
  readonly maxRefusals: number;
  /** The most streams used of a session, whatever the peer allows. */
  readonly maxStreams: number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly random: () => number;
  readonly lookup?: typeof lookup;
}

export const defaultTuning: PoolTuning = {
  pingIdleMs: 30_000,
  pingSilenceMs: 5_000,
  pingTimeoutMs: 5_000,
  connectTimeoutMs: 10_000,
  reconnect: { firstMs: 500, maxMs: 30_000 },
  firstStreamId: 1,
  maxRefusals: 3,
  maxStreams: 4096,
  clock: () => performance.now(),
  random: Math.random,
};
