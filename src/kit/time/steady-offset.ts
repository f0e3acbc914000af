/** An offset from UTC, and the time in which the clock of a zone keeps it. All in UNIX milliseconds. */
export interface SteadyOffset {
  readonly offset: number;
  readonly from: number;
  /** The first instant of another offset. */
  readonly to: number;
}

const known = new Map<string, SteadyOffset>();
const MOST_KNOWN = 4096;

/**
 * How far a zone's clock is from UTC at an instant, and how long it stays so: away from its changes a wall time is then as much as an
 * instant. Asking the calendar takes a hundred times as long.
 * @param zone a name that `zoneName` gave
 */
export function steadyOffset(zone: string, at: number): SteadyOffset {
  const last = known.get(zone);
  if (last && at >= last.from && at < last.to) return last;
  const here = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  // "Previous" is strictly before: the change that is at this very instant is found from the next one.
  const next = here.getTimeZoneTransition('next');
  const previous = here.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  const steady = {
    offset: here.offsetNanoseconds / 1e6,
    from: previous?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    to: next?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
  };
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(zone, steady);
  return steady;
}
