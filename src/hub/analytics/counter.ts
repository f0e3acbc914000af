/**
 * What is counted, by name: `sent`, `failed BadDeviceToken` (a state with its reason), `opened`, `accepted`, `ms 83` (a bucket of times).
 */

/** States that are counted by their reasons. */
const WITH_REASON: ReadonlySet<string> = new Set(['failed', 'suppressed', 'cancelled']);
/** Of what was cancelled as an earlier hop had reached the person: to callers it is `superseded`, as what a later notification replaced. */
export const REACHED_BEFORE = 'reached';
/** In the place of reasons and types beyond those that have a name of their own. */
export const OTHER = 'other';

/** Letters, digits and what stands in words of providers: no text that could name a person. */
const PLAIN = /^[A-Za-z0-9_.:/-]{1,64}$/;

export function stateCounter(state: string, reason: string | null | undefined): string {
  if (!WITH_REASON.has(state)) return state;
  return `${state} ${reason && PLAIN.test(reason) ? reason : reason ? OTHER : ''}`;
}

/** A state with its reason, or a bucket of times. @returns undefined for a plain counter */
export function partsOf(counter: string): readonly [what: string, which: string] | undefined {
  const at = counter.indexOf(' ');
  return at < 0 ? undefined : [counter.slice(0, at), counter.slice(at + 1)];
}

/** Eight buckets for each doubling: what is read off them is within 5 % of what was measured. */
const STEPS = 8;

export const bucketOf = (ms: number): number => Math.max(0, Math.round(Math.log2(Math.max(1, ms)) * STEPS));

export const msOf = (bucket: number): number => 2 ** (bucket / STEPS);

export const timeCounter = (ms: number): string => `ms ${bucketOf(ms)}`;

/** @param share of 1: 0.95. @param buckets how many are in each. @returns milliseconds; undefined: there are none */
export function percentile(buckets: ReadonlyMap<number, number>, share: number): number | undefined {
  const all = [...buckets].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  const total = all.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of all) {
    seen += count;
    if (seen >= total * share) return Math.round(msOf(bucket));
  }
  return undefined;
}
