import { isObject } from '../../kit/is-object.ts';
import { anyObject, flag, nameOf, type Reader, readBody, setOf, shape, textOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import type { JsonObject } from '../../push/push.ts';
import { readDeviceSettings } from '../settings/settings.ts';
import { id } from '../words/id.ts';
import { languageTag } from '../words/language-tag.ts';
import { timeZone } from '../words/time-zone.ts';
import type { DeviceDoc } from './device.ts';

/** What a body says, before the rules of the platform are asked. */
export interface GivenDevice {
  readonly doc: Omit<DeviceDoc, 'users'>;
  /** Undefined: it says nothing of whose the device is; empty: signed out. */
  readonly users: readonly string[] | undefined;
  readonly platform?: string | undefined;
  readonly kind?: string | undefined;
  readonly environment?: string | undefined;
  readonly token?: string | undefined;
  readonly subscription?: Readonly<Record<string, unknown>> | undefined;
}

const MOST_USERS = 8;
const MOST_TOPICS = 200;
const LONGEST_TEXT = 256;
/** Longer than a subscription may be. */
const LONGEST_TOKEN = 8192;
/** Bytes of JSON. */
const LARGEST_OBJECT = 16_384;

const small =
  <T extends object>(reader: Reader<T>): Reader<T> =>
  (value, at, faults) => {
    const read = reader(value, at, faults);
    if (read === undefined || Buffer.byteLength(JSON.stringify(read)) <= LARGEST_OBJECT) return read;
    faults.push({ path: at, reason: `must have at most ${LARGEST_OBJECT} bytes as JSON` });
    return undefined;
  };

const word = nameOf(64);
/** What Apple's own tools call it. */
const environment: Reader<string> = (value, at, faults) =>
  value === 'sandbox' ? 'development' : word(value, at, faults);

const fields = {
  user: id,
  users: setOf(id, MOST_USERS),
  platform: word,
  kind: word,
  environment,
  token: textOf(LONGEST_TOKEN, 1),
  subscription: anyObject,
  name: nameOf(LONGEST_TEXT),
  model: nameOf(LONGEST_TEXT),
  os_version: nameOf(LONGEST_TEXT),
  app_version: nameOf(LONGEST_TEXT),
  locale: languageTag,
  timezone: timeZone,
  capabilities: small(anyObject as Reader<JsonObject>),
  enabled: flag,
  settings: small(readDeviceSettings),
  topics: setOf(id, MOST_TOPICS),
  installation_hint: nameOf(LONGEST_TEXT),
};

/** What answers show beside it; it comes back when a client sends a document that it has read. */
const SHOWN = new Set([
  ...['id', 'token_mask', 'fingerprint', 'status', 'reason', 'at', 'suspect', 'registered_at', 'last_seen_at'],
  ...['created', 'moved', 'rotated', 'removed', 'unreadable'],
]);

const body = shape(fields, SHOWN);

/**
 * The body of `PUT /v1/devices/{device}`, `POST /v1/devices` and a row of an import.
 * @returns what it says, with its defaults, or everything that is wrong with it
 */
export function parseDevice(json: unknown): GivenDevice | readonly FaultyField[] {
  const read = readBody(body, json);
  if (Array.isArray(read)) return read;
  const {
    user,
    users,
    platform,
    kind,
    environment: place,
    token,
    subscription,
    capabilities = {},
    enabled = true,
    settings = {},
    topics = [],
    ...texts
  } = read as Exclude<typeof read, readonly FaultyField[]>;
  const faults: FaultyField[] = [];
  if (user !== undefined && users !== undefined)
    faults.push({ path: 'users', reason: 'must not be given together with user' });
  if (token !== undefined && subscription !== undefined)
    faults.push({ path: 'subscription', reason: 'must not be given together with token' });
  if (faults.length > 0) return faults;
  const doc = { ...texts, capabilities, enabled, settings, topics: topics.toSorted() };
  const isSignOut = isObject(json) && (json.user === null || json.users === null);
  const named = users ?? (user === undefined ? undefined : [user]);
  return { doc, users: named ?? (isSignOut ? [] : undefined), platform, kind, environment: place, token, subscription };
}
