import type { Priority } from '../words/priority.ts';
import { chooseZone, type OtherZones, type PersonZone } from '../words/time-zone.ts';
import { quietHoursAt } from './quiet-hours.ts';
import { type QuietAction, quietActions } from './quiet-hours-doc.ts';
import type { Rules } from './rules.ts';

/** Quiet hours that are on. */
export interface Quiet extends PersonZone {
  /** UNIX ms at which all of them that are on now are over. */
  readonly until: number;
  /** The strictest of what they say. */
  readonly then: QuietAction;
  /** Whose they are: of those that end last. */
  readonly of: Rules['of'];
}

/** The zone of a person's quiet hours, and where it is from. */
export const zoneOfRules = (rules: Rules, others: OtherZones): PersonZone =>
  chooseZone({ ...others, settings: rules.quiet_hours.timezone });

/**
 * The quiet hours that a notification of this priority has to respect now, over all rules that hold for it; undefined: none.
 * @param now UNIX milliseconds
 */
export function quietFor(
  all: readonly Rules[],
  priority: Priority,
  others: OtherZones,
  now: number,
): Quiet | undefined {
  let quiet: Quiet | undefined;
  for (const rules of all) {
    if (rules.quiet_hours.windows.length === 0 || rules.quiet_hours.allow.includes(priority)) continue;
    const zone = zoneOfRules(rules, others);
    const { until, then } = quietHoursAt(rules.quiet_hours, zone.timezone, now);
    if (until === undefined) continue;
    const last = !quiet || until > quiet.until ? { ...zone, until, of: rules.of } : quiet;
    quiet = { ...last, then: quiet ? stricter(quiet.then, then) : then };
  }
  return quiet;
}

const stricter = (a: QuietAction, b: QuietAction): QuietAction =>
  quietActions.indexOf(a) > quietActions.indexOf(b) ? a : b;
