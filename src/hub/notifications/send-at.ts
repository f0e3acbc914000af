import type { FaultyField } from '../../kit/refusal.ts';
import { instantMs, isoInstant } from '../../kit/time/instant.ts';
import { MOMENT } from '../../kit/time/moment.ts';
import { instantOf, zoneName } from '../../kit/time/wall-time.ts';

/** When a notification leaves. Without an offset it is a time of the clock on the wall, in a zone or in that of each person. */
export interface SendAt {
  /** An instant with `Z`; with the zone `user` a local time. */
  readonly send_at?: string;
  readonly timezone?: 'user';
}

interface Given {
  readonly send_at?: string;
  readonly timezone?: string;
}

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?$/;

function localTime(text: string): Temporal.PlainDateTime | undefined {
  if (!LOCAL.test(text)) return undefined;
  try {
    return Temporal.PlainDateTime.from(text);
  } catch {
    return undefined;
  }
}

/** @param hubZone where a local time without a zone is: `hub.timezone` */
export function readSendAt({ send_at: at, timezone }: Given, hubZone: string, faults: FaultyField[]): SendAt {
  if (at === undefined) {
    if (timezone !== undefined) faults.push({ path: 'timezone', reason: 'is for send_at, which is missing' });
    return {};
  }
  const local = localTime(at);
  if (local) return inZone(local, timezone ?? hubZone, faults);
  const instant = instantMs(at);
  if (instant === undefined) faults.push({ path: 'send_at', reason: `must be ${MOMENT}` });
  else if (timezone !== undefined) faults.push({ path: 'timezone', reason: 'excludes Z and offsets in send_at' });
  return instant === undefined ? {} : { send_at: isoInstant(instant) };
}

function inZone(local: Temporal.PlainDateTime, timezone: string, faults: FaultyField[]): SendAt {
  if (timezone === 'user') return { send_at: local.toString(), timezone };
  const zone = zoneName(timezone);
  if (zone !== undefined) return { send_at: isoInstant(instantOf(local, zone, 'first')) };
  faults.push({ path: 'timezone', reason: 'must be a time zone of the IANA database such as Europe/Berlin, or user' });
  return {};
}

/** UNIX ms at which it leaves for a person whose clock is in `zone`; undefined: at once. */
export function sendAtFor({ send_at: at, timezone }: SendAt, zone: string): number | undefined {
  if (at === undefined) return undefined;
  return timezone === 'user' ? instantOf(Temporal.PlainDateTime.from(at), zone, 'first') : Date.parse(at);
}
