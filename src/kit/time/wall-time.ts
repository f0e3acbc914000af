/**
 * Wall time: what clocks on a wall show in an IANA zone, and which instant that is. Temporal does it, never arithmetic on UTC: days
 * have 23, 24 or 25 hours, or 23½, and Apia had no 30 December 2011 at all.
 */

const OFFSET = /^[+-]/;
/** Zones that were asked about, by the text that named them; there are some 600, in upper and lower case. */
const known = new Map<string, string | undefined>();
const MOST_KNOWN = 4096;

/** The longest name of the database has 32. */
const LONGEST_NAME = 64;

/** The IANA name of a zone in its usual case, `Europe/Berlin`; undefined when there is no such zone. An offset is no zone. */
export function zoneName(text: string): string | undefined {
  // What was asked about is kept: a text of any length would be kept with it.
  if (text.length > LONGEST_NAME) return undefined;
  if (known.has(text)) return known.get(text);
  const name = askedName(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, name);
  return name;
}

function askedName(text: string): string | undefined {
  if (OFFSET.test(text)) return undefined;
  try {
    return new Temporal.ZonedDateTime(0n, text).timeZoneId;
  } catch {
    return undefined;
  }
}

/** @param ms UNIX milliseconds @param zone a name that `zoneName` gave */
export const zonedAt = (ms: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);

/**
 * The instant of a wall time. One that does not exist, because the clock was put forward over it, is the first instant after the
 * gap; one that exists twice is the `first` or the `last` of the two.
 * @returns UNIX milliseconds
 */
export function instantOf(wall: Temporal.PlainDateTime, zone: string, twice: 'first' | 'last'): number {
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (!earlier.toPlainDateTime().equals(wall)) return afterGap(earlier);
  const instant = twice === 'first' ? earlier : wall.toZonedDateTime(zone, { disambiguation: 'later' });
  return instant.epochMilliseconds;
}

/** `earlier` is what the wall time would be by the clock before the gap was jumped over. */
const afterGap = (earlier: Temporal.ZonedDateTime): number =>
  (earlier.getTimeZoneTransition('next') ?? earlier).epochMilliseconds;

const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const DAY_MINUTES = 1440;

/** Minutes since midnight of `HH:MM`; `24:00` is the end of a day, and only with `endOfDay`. */
export function minutesOf(text: string, endOfDay = false): number | undefined {
  if (endOfDay && text === '24:00') return DAY_MINUTES;
  return TIME_OF_DAY.test(text) ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3)) : undefined;
}

/** So many minutes after the midnight that a date begins with, by the clock on the wall. */
export function wallTime(date: Temporal.PlainDate, minutes: number): Temporal.PlainDateTime {
  const day = minutes >= DAY_MINUTES ? date.add({ days: Math.floor(minutes / DAY_MINUTES) }) : date;
  const rest = minutes % DAY_MINUTES;
  return day.toPlainDateTime({ hour: Math.floor(rest / 60), minute: rest % 60 });
}
