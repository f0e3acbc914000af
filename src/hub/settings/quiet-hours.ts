import { steadyOffset } from '../../kit/time/steady-offset.ts';
import { instantOf, minutesOf, wallTime, zonedAt } from '../../kit/time/wall-time.ts';
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
  let until: number | undefined;
  for (let end = lastEnd(windows, zone, at); end !== undefined; end = lastEnd(windows, zone, end)) {
    until = end;
    if (end - at > LONGEST_MS) break;
  }
  return { inside: until !== undefined, then, allow, ...(until === undefined ? {} : { until }) };
}

/** When the last of the windows that hold this instant ends; undefined: none holds it. */
function lastEnd(windows: readonly QuietWindow[], zone: string, at: number): number | undefined {
  if (windows.length === 0) return undefined;
  const steady = steadyOffset(zone, at);
  const isSteady = at - 2 * DAY_MS >= steady.from && at + 2 * DAY_MS < steady.to;
  return isSteady ? byOffset(windows, steady.offset, at) : byCalendar(windows, zone, at);
}

const latest = (ends: readonly number[]): number | undefined => (ends.length === 0 ? undefined : Math.max(...ends));

/** Days from Monday, 29 December 1969, on. */
const FIRST_MONDAY = 3;

/** Where the clock does not change for two days around the instant: all days have 24 hours. */
function byOffset(windows: readonly QuietWindow[], offset: number, at: number): number | undefined {
  const wall = at + offset;
  const today = Math.floor(wall / DAY_MS);
  const endOn = (window: QuietWindow, date: number): readonly number[] => {
    if (!isOn(window, days[(date + FIRST_MONDAY) % days.length] as Day)) return [];
    const [from, until] = minutesOfWindow(window);
    const isInside = date * DAY_MS + from * MINUTE_MS <= wall && wall < date * DAY_MS + until * MINUTE_MS;
    return isInside ? [date * DAY_MS + until * MINUTE_MS - offset] : [];
  };
  return latest(windows.flatMap((window) => [...endOn(window, today - 1), ...endOn(window, today)]));
}

/** Near a change of the clock. */
function byCalendar(windows: readonly QuietWindow[], zone: string, at: number): number | undefined {
  const today = zonedAt(at, zone).toPlainDate();
  // Tomorrow has begun before where a clock is put back over midnight.
  const dates = [today.subtract({ days: 1 }), today, today.add({ days: 1 })];
  return latest(windows.flatMap((window) => dates.flatMap((date) => endOnDate(window, date, zone, at) ?? [])));
}

const isOn = ({ days: on }: QuietWindow, day: Day): boolean => on === undefined || on.includes(day);

/** From the midnight that the window's day begins with; the end of one over midnight is in the next day. */
function minutesOfWindow(window: QuietWindow): readonly [from: number, until: number] {
  const from = minutesOf(window.from) as number;
  const until = minutesOf(window.until, true) as number;
  return [from, until > from ? until : until + DAY_MS / MINUTE_MS];
}

/** The end of a window that begins on this date, if it holds the instant. */
function endOnDate(window: QuietWindow, date: Temporal.PlainDate, zone: string, at: number): number | undefined {
  if (!isOn(window, days[date.dayOfWeek - 1] as Day)) return undefined;
  const [from, until] = minutesOfWindow(window);
  if (instantOf(wallTime(date, from), zone, 'first') > at) return undefined;
  const end = instantOf(wallTime(date, until), zone, 'last');
  return end > at ? end : undefined;
}
