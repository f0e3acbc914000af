import { nextDaily } from '../../kit/time/daily.ts';
import { minutesOf, zonedAt } from '../../kit/time/wall-time.ts';
import type { DigestMode } from './settings-doc.ts';

const HOUR_MS = 3_600_000;

/**
 * When the next digest of a person leaves: at the next full hour of the clock on the wall, or once on each date at `at`. It is
 * computed from the local rule each time, never as the last one and 24 hours.
 * @param at `HH:MM`, of a daily one
 * @param now UNIX milliseconds; the answer is later
 */
export function nextDigest(mode: Exclude<DigestMode, 'off'>, at: string, zone: string, now: number): number {
  const here = zonedAt(now, zone);
  if (mode === 'hourly') return now + HOUR_MS - ((here.minute * 60 + here.second) * 1000 + here.millisecond);
  return nextDaily(minutesOf(at) as number, zone, now);
}
