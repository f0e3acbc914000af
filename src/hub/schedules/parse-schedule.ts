import {
  anyObject,
  checked,
  flag,
  isFaulty,
  nameOf,
  type Reader,
  readBody,
  shape,
  wordOf,
} from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { moment, momentIn } from '../../kit/time/moment.ts';
import { parseNotification } from '../notifications/notification-doc.ts';
import { seconds } from '../words/seconds.ts';
import { timeZone } from '../words/time-zone.ts';
import { catchUps, type ScheduleDoc } from './schedule.ts';
import { cronFault } from './timing.ts';

/** What a body says; `enabled` may be left out. */
export type GivenSchedule = Omit<ScheduleDoc, 'enabled'> & { readonly enabled?: boolean };

const cron: Reader<string> = checked(nameOf(256), (pattern, at, faults) => {
  const reason = cronFault(pattern);
  if (reason === undefined) return pattern;
  faults.push({ path: at, reason });
  return undefined;
});

/** Ten years: what is longer is a slip. */
const LONGEST = 10 * 366 * 86_400;

const every: Reader<number> = checked(seconds, (given, at, faults) => {
  if (given >= 1 && given <= LONGEST) return given;
  faults.push({ path: at, reason: 'must be a second or more, and ten years at most' });
  return undefined;
});

const fields = {
  cron,
  every,
  at: moment,
  timezone: timeZone,
  notification: anyObject,
  enabled: flag,
  catch_up: wordOf(catchUps),
};

const WAYS = ['cron', 'every', 'at'] as const;

/** What each time has by itself. */
const OWN = {
  id: 'must be left out: each time has a notification of its own',
  send_at: 'must be left out: the schedule says when',
  timezone: 'must be left out: the schedule says when',
} as const;

function readNotification(json: object, path: string, recurs: boolean, zone: string, faults: FaultyField[]) {
  const given = json as Readonly<Record<string, unknown>>;
  for (const [name, reason] of Object.entries(OWN))
    if ((given[name] ?? null) !== null) faults.push({ path: `${path}.${name}`, reason });
  if (recurs && (given.expires_at ?? null) !== null)
    faults.push({ path: `${path}.expires_at`, reason: 'is one instant, and the schedule has many' });
  const doc = parseNotification(json, { timezone: zone });
  if (!isFaulty(doc)) return doc;
  const told = new Set(faults.map((fault) => fault.path));
  const more = doc.map((fault) => ({ ...fault, path: `${path}.${fault.path}` }));
  faults.push(...more.filter((fault) => !told.has(fault.path)));
  return undefined;
}

/** @param hubZone by whose clock, where nothing is said of it */
const scheduleIn = (hubZone: string): Reader<GivenSchedule> =>
  checked(
    shape(fields),
    ({ at, timezone = hubZone, notification, enabled, catch_up = 'latest', ...rest }, path, faults) => {
      const ways = WAYS.filter((way) => (way === 'at' ? at : rest[way]) !== undefined);
      if (ways.length !== 1) faults.push({ path: ways[1] ?? 'cron', reason: 'give one of cron, every and at' });
      const place = path === '' ? 'notification' : `${path}.notification`;
      if (!notification) faults.push({ path: place, reason: 'is missing' });
      const doc = notification && readNotification(notification, place, at === undefined, timezone, faults);
      if (!doc || faults.length > 0) return undefined;
      return {
        ...{ ...rest, timezone, notification: doc, catch_up },
        ...(at === undefined ? {} : { at: momentIn(at, timezone) }),
        ...(enabled === undefined ? {} : { enabled }),
      };
    },
  );

/** The body of `PUT /v1/schedules/{id}`, or everything that is wrong with it. */
export const parseSchedule = (json: unknown, hubZone: string): GivenSchedule | readonly FaultyField[] =>
  readBody(scheduleIn(hubZone), json);
