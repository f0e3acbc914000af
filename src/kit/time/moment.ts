/** What a body says with a wall time, whose zone is given apart, or with an instant. */
import { parsed, type Reader } from '../json/readers.ts';
import { instantMs, isoInstant } from './instant.ts';
import { instantOf } from './wall-time.ts';

/** For the one who gave something else, or a day that no calendar has. */
export const MOMENT = 'a day and a time that there are, such as 2026-12-01T09:00:00, or the same with Z or an offset';

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/;

function localOf(text: string): Temporal.PlainDateTime | undefined {
  try {
    return LOCAL.test(text) ? Temporal.PlainDateTime.from(text) : undefined;
  } catch {
    return undefined;
  }
}

/** A wall time of minutes or seconds, or an instant, as it is written. */
export const moment: Reader<string> = parsed(
  (text) => (localOf(text) || instantMs(text) !== undefined ? text : undefined),
  MOMENT,
);

/** The instant, ISO 8601, of a text that `moment` took. @param zone of a wall time: a name that `zoneName` gave */
export function momentIn(text: string, zone: string): string {
  const local = localOf(text);
  return isoInstant(local ? instantOf(local, zone, 'first') : (instantMs(text) as number));
}
