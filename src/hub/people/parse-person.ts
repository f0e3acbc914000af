import type { HostRules } from '../../carrier/hosts.ts';
import { mailAddress } from '../../email/address.ts';
import { isObject } from '../../kit/is-object.ts';
import {
  anyObject,
  flag,
  nameOf,
  parsed,
  type Reader,
  readBody,
  setOf,
  shape,
  textOf,
} from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { instantMs } from '../../kit/time/instant.ts';
import type { JsonObject } from '../../push/push.ts';
import { slackTarget } from '../../slack/target.ts';
import { phoneNumber } from '../../sms/number.ts';
import { id } from '../words/id.ts';
import { languageTag } from '../words/language-tag.ts';
import { timeZone } from '../words/time-zone.ts';
import type { Consent, PersonDoc } from './person.ts';

const MOST_GROUPS = 1000;
const LONGEST_NAME = 256;
/** Bytes of JSON. */
const LARGEST_DATA = 65_536;
const API = 'api';

/** Which hosts webhooks may be at is asked when one is sent to. */
const anyHost: HostRules = {
  originOf: (place) => (String(place).startsWith('https://') ? 'https://' : undefined),
  partOf: () => undefined,
};
const slack: Reader<string> = parsed(
  (text) => ('failed' in slackTarget(text, anyHost) ? undefined : text),
  'a channel, the id of a person, or the https:// URL of an incoming webhook',
);

const data: Reader<JsonObject> = (value, at, faults) => {
  const read = anyObject(value, at, faults);
  if (read === undefined) return undefined;
  if (Buffer.byteLength(JSON.stringify(read)) <= LARGEST_DATA) return read as JsonObject;
  faults.push({ path: at, reason: `must have at most ${LARGEST_DATA} bytes as JSON` });
  return undefined;
};

/**
 * `true` is the short form of `{granted: true, at: now, source: "api"}`; said again it leaves what is known as it is.
 * @param now UNIX milliseconds
 */
const consentOf = (now: number, known: Consent | undefined): Reader<Consent> => {
  const whole = shape({
    granted: flag,
    at: parsed(instantMs, 'an ISO 8601 instant with Z or an offset'),
    source: nameOf(LONGEST_NAME),
  });
  return (value, at, faults) => {
    if (typeof value === 'boolean') return known?.granted === value ? known : { granted: value, at: now, source: API };
    if (!isObject(value)) {
      faults.push({ path: at, reason: 'must be true, false or {"granted": …, "at": …, "source": …}' });
      return undefined;
    }
    const read = whole(value, at, faults);
    if (read === undefined) return undefined;
    if (read.granted !== undefined) return { granted: read.granted, at: read.at ?? now, source: read.source ?? API };
    faults.push({ path: `${at}.granted`, reason: 'is missing' });
    return undefined;
  };
};

const bodyOf = (now: number, known: PersonDoc['consent']) => {
  return shape({
    name: textOf(LONGEST_NAME),
    email: parsed((text) => (mailAddress(text) ? text : undefined), 'a mail address'),
    phone: parsed(phoneNumber, 'a telephone number with its country code, such as +4915112345678'),
    slack,
    locale: languageTag,
    timezone: timeZone,
    roles: setOf(id, MOST_GROUPS),
    teams: setOf(id, MOST_GROUPS),
    data,
    consent: shape({
      email: consentOf(now, known.email),
      sms: consentOf(now, known.sms),
      slack: consentOf(now, known.slack),
    }),
  });
};

/** What answers show beside it; it comes back when a client sends a document that it has read. */
const SHOWN = ['id', 'addresses', 'opt_outs', 'created_at', 'updated_at'];

/**
 * The body of `PUT /v1/users/{user}`. What answers show in addition may come back with it and is left out.
 * @param now UNIX milliseconds
 * @param known what was consented to before
 * @returns the document with its defaults, or everything that is wrong with it
 */
export function parsePerson(
  json: unknown,
  now: number,
  known: PersonDoc['consent'] = {},
): PersonDoc | readonly FaultyField[] {
  const given = isObject(json)
    ? Object.fromEntries(Object.entries(json).filter(([name]) => !SHOWN.includes(name)))
    : json;
  const read = readBody(bodyOf(now, known), given);
  if (Array.isArray(read)) return read;
  const { roles = [], teams = [], data = {}, consent = {}, ...rest } = read as Partial<PersonDoc>;
  return { ...rest, roles: roles.toSorted(), teams: teams.toSorted(), data, consent };
}
