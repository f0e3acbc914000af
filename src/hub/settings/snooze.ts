import { parseDuration } from '../../kit/duration.ts';
import { type Reader, readBody, shape, wordOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { instantMs } from '../../kit/time/instant.ts';
import type { Priority } from '../words/priority.ts';
import type { EffectiveQuietHours } from './quiet-hours.ts';

/** What becomes of what was held: it leaves, it leaves as one summary, or it stays in the inbox. */
export const snoozeEnds = ['release', 'digest', 'clear'] as const;
export type SnoozeEnd = (typeof snoozeEnds)[number];

/** A person does not want to be disturbed for a while. */
export interface Snooze {
  /** UNIX milliseconds. */
  readonly until: number;
  readonly on_end: SnoozeEnd;
}

const LONGEST_MS = 366 * 86_400_000;

/** @param now UNIX milliseconds */
const ending =
  (now: number): Reader<number> =>
  (value, at, faults) => {
    const duration = parseDuration(value);
    const until = duration === undefined ? instantMs(String(value)) : now + duration;
    if (until !== undefined && until > now && until <= now + LONGEST_MS) return until;
    faults.push({ path: at, reason: 'must be an instant, or a duration such as "1h", from now on and within a year' });
    return undefined;
  };

/** `{until, on_end?}` of `POST …/snooze`: `until` is an instant or a duration. @param now UNIX milliseconds */
export function parseSnooze(json: unknown, now: number): Snooze | readonly FaultyField[] {
  const read = readBody(shape({ until: ending(now), on_end: wordOf(snoozeEnds) }), json);
  if (Array.isArray(read)) return read;
  const { until, on_end = 'release' } = read as { until?: number; on_end?: SnoozeEnd };
  return until === undefined ? [{ path: 'until', reason: 'is missing' }] : { until, on_end };
}

/** What of a person's settings a snooze is about. */
interface Snoozing {
  readonly snooze?: Snooze;
  readonly quiet_hours: EffectiveQuietHours;
}

/**
 * The snooze that a notification has to respect now: priorities that come through quiet hours come through a snooze, too.
 * @param now UNIX milliseconds
 */
export const snoozeFor = (
  { snooze, quiet_hours: { allow } }: Snoozing,
  priority: Priority,
  now: number,
): Snooze | undefined => (snooze && snooze.until > now && !allow.includes(priority) ? snooze : undefined);
