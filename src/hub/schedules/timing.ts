/**
 * When a schedule is due. Pure; all instants are UNIX milliseconds. What croner finds are times of the clock on the wall, and which
 * instants these are is said as everywhere here: one that does not exist is the first instant after the gap, one that exists twice the
 * first of the two. So each local time is there once, and none is left out.
 */
import { Cron } from 'croner';
import { instantOf, zonedAt } from '../../kit/time/wall-time.ts';
import type { TimingDoc } from './schedule.ts';

export interface ScheduleTiming extends TimingDoc {
  readonly anchor: number;
}

const known = new Map<string, Cron>();
/** Each holds ten thousand years. */
const MOST_KNOWN = 100;

/** Of the wall: its times stand as if they were of UTC. @throws what croner does not understand */
function wallCron(pattern: string): Cron {
  const found = known.get(pattern);
  if (found) return found;
  const made = new Cron(pattern, { timezone: 'UTC', paused: true });
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(pattern, made);
  return made;
}

/** Why a pattern cannot be used; undefined: it can. */
export function cronFault(pattern: string): string | undefined {
  const fields = pattern.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) return 'must have five fields, or six with seconds first';
  try {
    return wallCron(pattern).nextRun(new Date(Date.UTC(2020, 0, 1))) ? undefined : 'names no time that ever comes';
  } catch {
    return 'must be a cron pattern such as 0 9 * * 1-5';
  }
}

/** The time on the wall, as if it were of UTC. */
const wallAt = (at: number, zone: string): number =>
  zonedAt(at, zone).toPlainDateTime().toZonedDateTime('UTC').epochMilliseconds;

const instantOfWall = (wall: Date, zone: string): number =>
  instantOf(zonedAt(wall.getTime(), 'UTC').toPlainDateTime(), zone, 'first');

function nextCron(pattern: string, zone: string, after: number): number | undefined {
  const cron = wallCron(pattern);
  let wall = new Date(wallAt(after, zone));
  for (;;) {
    const next = cron.nextRun(wall);
    if (!next) return undefined;
    const at = instantOfWall(next, zone);
    // In the hour that comes twice, or behind a gap, it may have been already.
    if (at > after) return at;
    wall = next;
  }
}

const SECOND_MS = 1000;

function lastCron(pattern: string, zone: string, now: number): number | undefined {
  // Those before the next full second.
  const until = Math.floor(wallAt(now, zone) / SECOND_MS) * SECOND_MS + SECOND_MS;
  const [last] = wallCron(pattern).previousRuns(1, new Date(until));
  return last && instantOfWall(last, zone);
}

/** The first time after an instant; undefined: there is none any more. */
export function nextTime({ cron, every, at, timezone, anchor }: ScheduleTiming, after: number): number | undefined {
  if (cron !== undefined) return nextCron(cron, timezone, after);
  if (at !== undefined) return Date.parse(at) > after ? Date.parse(at) : undefined;
  const span = (every as number) * 1000;
  return anchor + Math.max(1, Math.floor((after - anchor) / span) + 1) * span;
}

/** The last time up to an instant, of those that count; undefined: there was none. */
export function lastTime({ cron, every, at, timezone, anchor }: ScheduleTiming, now: number): number | undefined {
  if (at !== undefined) return Date.parse(at) <= now ? Date.parse(at) : undefined;
  const span = (every ?? 0) * 1000;
  const last = cron === undefined ? anchor + Math.floor((now - anchor) / span) * span : lastCron(cron, timezone, now);
  return last !== undefined && last > anchor && last <= now ? last : undefined;
}

/** The next times, as answers show them. */
export function nextTimes(timing: ScheduleTiming, from: number, count: number): number[] {
  const times = [from];
  while (times.length < count) {
    const next = nextTime(timing, times.at(-1) as number);
    if (next === undefined) break;
    times.push(next);
  }
  return times;
}
