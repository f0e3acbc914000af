import { parsed, type Reader } from '../../kit/json/readers.ts';
import { zoneName } from '../../kit/time/wall-time.ts';

export const timeZone: Reader<string> = parsed(zoneName, 'a time zone of the IANA database such as Europe/Berlin');

/** Where a zone can come from, in the order in which they are asked. `hub` is `hub.timezone`. */
export const zoneSources = ['settings', 'device', 'user', 'hub'] as const;
export type ZoneSource = (typeof zoneSources)[number];

/** Zones that quiet hours without one of their own are in: of the device, the person, the hub. */
export type OtherZones = Readonly<Partial<Record<Exclude<ZoneSource, 'settings'>, string | undefined>>>;

/** The zone that a person's clock is in. Answers name both. */
export interface PersonZone {
  readonly timezone: string;
  readonly timezone_source: ZoneSource;
}

/**
 * The first zone that is known, in the order settings, device, user, `hub.timezone`; else UTC.
 * @param given by source; `device` is the one that a push goes to, for everything else the one seen last
 */
export function chooseZone(given: Readonly<Partial<Record<ZoneSource, string | undefined>>>): PersonZone {
  for (const source of zoneSources) {
    const zone = given[source];
    const name = zone ? zoneName(zone) : undefined;
    if (name !== undefined) return { timezone: name, timezone_source: source };
  }
  return { timezone: 'UTC', timezone_source: 'hub' };
}
