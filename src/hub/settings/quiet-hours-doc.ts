import { checked, listOf, parsed, type Reader, type Shape, setOf, shape, wordOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { minutesOf } from '../../kit/time/wall-time.ts';
import { type Priority, priorities, priority } from '../words/priority.ts';
import { timeZone } from '../words/time-zone.ts';

export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof days)[number];

/** What becomes of a notification in quiet hours, the strictest last. */
export const quietActions = ['silent', 'hold', 'digest', 'drop'] as const;
export type QuietAction = (typeof quietActions)[number];

/** A part of days, by the clock on the wall. One that goes over midnight belongs to the days on which it begins. */
export interface QuietWindow {
  /** Absent: every day. In the order of the week. */
  readonly days?: readonly Day[];
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`, or `24:00`; the first minute that is no longer quiet. */
  readonly until: string;
}

/** When a person does not want to be disturbed. What is absent follows `hub.defaults`. */
export interface QuietHours {
  readonly timezone?: string;
  /** Empty: never. */
  readonly windows?: readonly QuietWindow[];
  /** Default `hold`. */
  readonly then?: QuietAction;
  /** Priorities that come through; default critical. */
  readonly allow?: readonly Priority[];
}

const MOST_WINDOWS = 50;

/** `HH:MM`. */
export const timeOfDay: Reader<string> = parsed(
  (text) => (minutesOf(text) === undefined ? undefined : text),
  'a time of day such as 22:00',
);

const endOfWindow: Reader<string> = parsed(
  (text) => (minutesOf(text, true) === undefined ? undefined : text),
  'a time of day such as 08:00, or 24:00',
);

const EQUAL = 'must not be equal to the start: write 00:00 and 24:00 for a whole day';

const window: Reader<QuietWindow> = checked(
  shape({ days: setOf(wordOf(days), 64), from: timeOfDay, until: endOfWindow }),
  ({ days: given = [], from, until }, at, faults) => {
    if (from === undefined) faults.push({ path: `${at}.from`, reason: 'is missing' });
    if (until === undefined) faults.push({ path: `${at}.until`, reason: 'is missing' });
    if (from === undefined || until === undefined) return undefined;
    if (from === until) faults.push({ path: `${at}.until`, reason: EQUAL });
    const some = given.length > 0 && given.length < days.length;
    return { ...(some ? { days: days.filter((day) => given.includes(day)) } : {}), from, until };
  },
);

const fields = {
  start: timeOfDay,
  end: endOfWindow,
  timezone: timeZone,
  windows: listOf(window, MOST_WINDOWS),
  then: wordOf(quietActions),
  allow: setOf(priority, priorities.length * 2),
};

type Given = Shape<typeof fields>;

/** Both forms: `{start, end}` for every day, and `{windows}`. What is kept is the second. */
export const quietHours: Reader<QuietHours> = checked(shape(fields), (given, at, faults) => {
  const { start, end, windows, ...rest } = given;
  const before = faults.length;
  const span = start === undefined && end === undefined ? undefined : everyDay(given, at, faults);
  if (span && windows) faults.push({ path: `${at}.windows`, reason: 'excludes start and end' });
  if (faults.length > before) return undefined;
  const all = span ? [span] : windows;
  return { ...rest, ...(all ? { windows: all } : {}) };
});

function everyDay({ start, end }: Given, at: string, faults: FaultyField[]): QuietWindow | undefined {
  if (start === undefined || end === undefined) {
    faults.push({ path: `${at}.${start === undefined ? 'start' : 'end'}`, reason: 'is missing' });
    return undefined;
  }
  if (start === end) faults.push({ path: `${at}.end`, reason: EQUAL });
  return { from: start, until: end };
}
