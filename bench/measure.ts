import type { RelayProcess } from './relay-process.ts';

/** One run of one contestant. What does not apply is absent. */
export interface Sample {
  /** Pushes or requests. */
  readonly perSecond?: number;
  /** User and system time of the process tree for each push, microseconds. */
  readonly cpuUs?: number;
  /** Milliseconds. */
  readonly p50?: number;
  readonly p99?: number;
  /** Megabytes resident at most; in the scenario `start`, when idle. */
  readonly peakMb?: number;
  readonly startMs?: number;
  /** KiB that the process grew by for each open stream. */
  readonly kibEach?: number;
  /** Megabytes that the process grew by at most. */
  readonly grownMb?: number;
  /** Milliseconds from the request to the first push at the provider. */
  readonly firstMs?: number;
  /** Pushes taken, and those that the server itself tells as delivered. */
  readonly expected?: number;
  readonly arrived?: number;
}

/** Posts a load and tells how many pushes the server has taken. */
export type Post = () => Promise<number>;

/** Rarely enough that looking costs the server next to nothing. */
const LOOK_MS = 25;
/** What is done after the last push was counted (queue file, garbage) belongs to its cost. */
export const SETTLE_MS = 150;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `count` more pushes are delivered or failed, or until `until` (monotonic milliseconds). */
export async function untilDone(relay: RelayProcess, from: number, count: number, until: number): Promise<number> {
  for (;;) {
    const { delivered, failed } = await relay.counts();
    if (delivered + failed - from >= count || performance.now() > until) return delivered;
    await sleep(LOOK_MS);
  }
}

/**
 * Warms up, then measures from the first byte posted to the last push counted. Gives up `limitMs` after the last was posted: then the
 * sample says what arrived, which is asked once more when `after` is over.
 * @param after waits for what the server has to do behind the pushes: it counts as CPU, and not as time
 */
export async function measure(
  relay: RelayProcess,
  warmUp: Post,
  post: Post,
  limitMs: number,
  after?: () => Promise<void>,
): Promise<Sample> {
  const warm = await warmUp();
  await untilDone(relay, 0, warm, performance.now() + limitMs);
  await after?.();
  await sleep(SETTLE_MS);
  const before = await relay.counts();
  const cpu = relay.cpuUs();
  const begun = performance.now();
  const expected = await post();
  await untilDone(relay, before.delivered + before.failed, expected, performance.now() + limitMs);
  const seconds = (performance.now() - begun) / 1000;
  await after?.();
  await sleep(SETTLE_MS);
  const arrived = (await relay.counts()).delivered - before.delivered;
  return {
    perSecond: arrived / seconds,
    cpuUs: (relay.cpuUs() - cpu) / Math.max(1, arrived),
    peakMb: relay.memory().peak,
    expected,
    arrived,
  };
}

/** The value that a share of `values` does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const percentiles = (values: readonly number[]): Pick<Sample, 'p50' | 'p99'> =>
  values.length === 0 ? {} : { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
