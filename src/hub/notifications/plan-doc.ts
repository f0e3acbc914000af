import { checked, listOf, type Reader, shape, wordOf } from '../../kit/json/readers.ts';
import { type Channel, channels } from '../words/channel.ts';
import { seconds } from '../words/seconds.ts';

/** Named plans. */
export const modes = ['realtime_only', 'push_only', 'hybrid', 'redundant'] as const;
export type Mode = (typeof modes)[number];

/** What makes the steps behind one unnecessary. Each implies those before it. */
export const reached = ['delivered', 'acked', 'seen', 'read', 'acted'] as const;
export type Reached = (typeof reached)[number];

/** A step of a sender's own plan. */
export interface StepDoc {
  readonly channel: Channel;
  /** The steps behind it are not taken once this is so. `failed`: they are taken only if this one has failed. */
  readonly until?: Reached | 'failed';
  /** How long the next step waits for it, in seconds. Absent: until this one has failed for good. */
  readonly wait?: number;
}

const MOST_STEPS = 20;

const step: Reader<StepDoc> = checked(
  shape({ channel: wordOf(channels), until: wordOf([...reached, 'failed'] as const), wait: seconds }),
  ({ channel, until, wait }, at, faults) => {
    if (channel === undefined) faults.push({ path: `${at}.channel`, reason: 'is missing' });
    if (until === 'failed' && wait !== undefined)
      faults.push({ path: `${at}.wait`, reason: 'is not waited for with until failed' });
    if (until !== undefined && until !== 'failed' && wait === undefined)
      faults.push({ path: `${at}.wait`, reason: 'is missing: how long to wait until then' });
    if (channel === undefined) return undefined;
    return { channel, ...(until === undefined ? {} : { until }), ...(wait === undefined ? {} : { wait }) };
  },
);

export const steps: Reader<readonly StepDoc[]> = listOf(step, MOST_STEPS);
