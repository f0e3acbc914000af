/** Slots of one millisecond: a place in a list is UNIX milliseconds × this + a number that is counted, so that it rises when clocks do not. */
export const SLOTS = 4096;

/** The next place in a list. @param last the place before it @param now UNIX milliseconds */
export const placeAfter = (last: number, now: number): number => Math.max(last + 1, now * SLOTS);

/** A place as cursors of earlier versions say it: by the clock alone. */
export const placeInCursor = (place: number): number => (place < EARLIEST ? Math.max(place, 0) * SLOTS : place);
/** No hub is of before this millisecond's place, and no clock in milliseconds comes so far. */
const EARLIEST = 1e15;
