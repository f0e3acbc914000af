/** Something that is to happen once on each date, at a time of the clock on the wall. All instants are UNIX milliseconds. */
import { instantOf, wallTime, zonedAt } from './wall-time.ts';

/** Apia had no 30 December 2011: what begins that date is another. */
const exists = (date: Temporal.PlainDate, zone: string): boolean =>
  date.toZonedDateTime(zone).toPlainDate().equals(date);

/** The instant on a date. @param minutes since midnight, by the clock on the wall */
export const dailyOn = (date: Temporal.PlainDate, minutes: number, zone: string): number =>
  instantOf(wallTime(date, minutes), zone, 'first');

/** The next one after `now`: from the local rule each time, never the last one and 24 hours. */
export function nextDaily(minutes: number, zone: string, now: number): number {
  let date = zonedAt(now, zone).toPlainDate().subtract({ days: 1 });
  for (;;) {
    date = date.add({ days: 1 });
    const due = dailyOn(date, minutes, zone);
    if (due > now && exists(date, zone)) return due;
  }
}
