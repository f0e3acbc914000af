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

/** Windows that cover the whole week never end: what is held is asked again after so long. */
const LONGEST_MS = 14 * 86_400_000;

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
  const today = zonedAt(at, zone).toPlainDate();
  // Tomorrow has begun before where a clock is put back over midnight.
  const dates = [today.subtract({ days: 1 }), today, today.add({ days: 1 })];
  const ends = windows.flatMap((window) => dates.flatMap((date) => endOn(window, date, zone, at) ?? []));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

const isOn = ({ days: on }: QuietWindow, date: Temporal.PlainDate): boolean =>
  on === undefined || on.includes(days[date.dayOfWeek - 1] as Day);

/** The end of a window that begins on this date, if it holds the instant. */
function endOn(window: QuietWindow, date: Temporal.PlainDate, zone: string, at: number): number | undefined {
  if (!isOn(window, date)) return undefined;
  const from = minutesOf(window.from) as number;
  if (instantOf(wallTime(date, from), zone, 'first') > at) return undefined;
  const until = minutesOf(window.until, true) as number;
  const end = instantOf(wallTime(date, until > from ? until : until + 1440), zone, 'last');
  return end > at ? end : undefined;
}
