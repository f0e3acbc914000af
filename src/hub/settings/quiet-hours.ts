import { steadyOffset } from '../../kit/time/steady-offset.ts';
import { instantOf, minutesOf, wallTime } from '../../kit/time/wall-time.ts';
import type { Priority } from '../words/priority.ts';
import { type Day, days, type QuietAction, type QuietWindow } from './quiet-hours-doc.ts';

/** Quiet hours with everything filled in. */
export interface EffectiveQuietHours {
  /** The zone that the settings name; absent: the next in the order of `chooseZone`. */
  readonly timezone?: string;
  readonly windows: readonly QuietWindow[];
  readonly then: QuietAction;
  readonly allow: readonly Priority[];
}

export interface QuietNow {
  readonly inside: boolean;
  /** UNIX ms at which it is over, past all windows that follow without a pause; absent outside. */
  readonly until?: number;
  readonly then: QuietAction;
  readonly allow: readonly Priority[];
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Windows that cover the whole week never end: what is held is asked again after so long. */
const LONGEST_MS = 14 * DAY_MS;

/**
 * Whether an instant lies in quiet hours, by the clock on the wall in `zone`. A window holds its start and not its end; it begins at
 * the first of two equal wall times and ends at the last, and a wall time that does not exist is the first instant after the gap.
 * @param at UNIX milliseconds
 */
export function quietHoursAt(quiet: EffectiveQuietHours, zone: string, at: number): QuietNow {
  const { windows, then, allow } = quiet;
  const until = windows.length === 0 ? at : quietUntil(windows, zone, at);
  return { inside: until > at, then, allow, ...(until > at ? { until } : {}) };
}

/** A date after another, each window looked at once: `at` itself where none holds it. */
function quietUntil(windows: readonly QuietWindow[], zone: string, at: number): number {
  const yesterday = Math.floor((at + steadyOffset(zone, at).offset) / DAY_MS) - 1;
  let until = at;
  for (let days = 0; until - at <= LONGEST_MS; days++) {
    const date = yesterday + days;
    const clock = clockAround(zone, at + (days - 1) * DAY_MS);
    // A date may have begun before, where a clock was put back over midnight.
    if (clock.first(date, 0) > until) break;
    for (const [from, end] of spansOn(windows, date, clock)) if (from <= until && end > until) until = end;
  }
  return until;
}

/** The instants of a wall time: so many minutes after the midnight of a date, which is days from 1 January 1970 on. */
interface WallClock {
  first(date: number, minutes: number): number;
  last(date: number, minutes: number): number;
}

// Made when it is asked for: where there is no Temporal, in Node 24, what imports this file has to load all the same.
const dateAfter = (days: number): Temporal.PlainDate => new Temporal.PlainDate(1970, 1, 1).add({ days });

/** For the date of an instant. Where the clock does not change for two days around it all days have 24 hours. */
function clockAround(zone: string, at: number): WallClock {
  const { offset, from, to } = steadyOffset(zone, at);
  const steady = (date: number, minutes: number): number => date * DAY_MS + minutes * MINUTE_MS - offset;
  if (at - 2 * DAY_MS >= from && at + 2 * DAY_MS < to) return { first: steady, last: steady };
  const wall = (date: number, minutes: number) => wallTime(dateAfter(date), minutes);
  return {
    first: (date, minutes) => instantOf(wall(date, minutes), zone, 'first'),
    last: (date, minutes) => instantOf(wall(date, minutes), zone, 'last'),
  };
}

/** Days from Monday, 29 December 1969, on. */
const FIRST_MONDAY = 3;

/** The windows that begin on a date, the first first. */
const spansOn = (
  windows: readonly QuietWindow[],
  date: number,
  clock: WallClock,
): readonly (readonly [from: number, end: number])[] =>
  windows
    .filter(({ days: on }) => on === undefined || on.includes(days[(date + FIRST_MONDAY) % days.length] as Day))
    .map((window) => {
      const [from, until] = minutesOfWindow(window);
      return [clock.first(date, from), clock.last(date, until)] as const;
    })
    .sort(([a], [b]) => a - b);

/** From the midnight that the window's day begins with; the end of one over midnight is in the next day. */
function minutesOfWindow(window: QuietWindow): readonly [from: number, until: number] {
  const from = minutesOf(window.from) as number;
  const until = minutesOf(window.until, true) as number;
  return [from, until > from ? until : until + DAY_MS / MINUTE_MS];
}
