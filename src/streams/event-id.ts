/**
 * Ids of events: `<epoch>.<offset>`, fixed in width, so that they sort as text. An epoch is the life of one person's stream in one
 * store: its time, then a part that is the person's, so that the id of another person's stream is known for foreign. Within an epoch
 * the offsets of a person are 1, 2, 3 …; 0 is the place before the first. A stream that was lost or erased begins with a later epoch.
 */
import { hash } from 'node:crypto';

const TIME_WIDTH = 9;
const PERSON_WIDTH = 6;
const OFFSET_WIDTH = 16;
const FORM = /^[0-9a-z]{1,20}\.[0-9]{16}$/;

/** Why a reader cannot simply go on from an id. */
export type ResetReason = 'malformed' | 'unknown_epoch' | 'foreign' | 'future' | 'trimmed';

/** What of a person's stream there is, as ids of one epoch. Neither need be the id of an event. */
export interface StreamBounds {
  /** The last that is kept no longer; offset 0: nothing was ever removed. */
  readonly floor: string;
  /** The last that was given out; the same as `floor`: nothing is kept. */
  readonly head: string;
}

/** Where reading begins. */
export interface ReadingFrom {
  /** The id after which events come. */
  readonly after: string;
  /** Undefined: the reader goes on from where it was. */
  readonly reset?: ResetReason | undefined;
}

export const eventId = (epoch: string, offset: number): string =>
  `${epoch}.${String(offset).padStart(OFFSET_WIDTH, '0')}`;

export const boundsOf = (epoch: string, floor: number, head: number): StreamBounds => ({
  floor: eventId(epoch, floor),
  head: eventId(epoch, head),
});

/** @param madeAt UNIX milliseconds: of two epochs the later one sorts later */
export function epochOf(madeAt: number, user: string): string {
  const time = madeAt.toString(36).padStart(TIME_WIDTH, '0');
  const own = Number.parseInt(hash('sha256', `${time}.${user}`, 'hex').slice(0, 8), 16) % 36 ** PERSON_WIDTH;
  return `${time}${own.toString(36).padStart(PERSON_WIDTH, '0')}`;
}

/** Whether a text has the form of an id. */
export const isEventId = (text: string): boolean => FORM.test(text);

export const epochIn = (id: string): string => id.slice(0, -1 - OFFSET_WIDTH);
export const offsetIn = (id: string): number => Number(id.slice(-OFFSET_WIDTH));

/** Whether nothing is between two ids of one person. */
export const isNextId = (id: string, before: string): boolean =>
  epochIn(id) === epochIn(before) && offsetIn(id) === offsetIn(before) + 1;

const timeIn = (id: string): string => id.slice(0, TIME_WIDTH);

function resetReason(id: string, { floor, head }: StreamBounds): ResetReason | undefined {
  if (!isEventId(id)) return 'malformed';
  if (epochIn(id) !== epochIn(head)) return timeIn(id) === timeIn(head) ? 'foreign' : 'unknown_epoch';
  if (id > head) return 'future';
  return id < floor ? 'trimmed' : undefined;
}

/** @param after an id that a reader brings; empty: all that is kept */
export function readingFrom(after: string, bounds: StreamBounds): ReadingFrom {
  if (after === '') return { after: bounds.floor };
  const reset = resetReason(after, bounds);
  return reset ? { after: bounds.floor, reset } : { after };
}
