import { isObject } from '../../kit/is-object.ts';
import {
  checked,
  flag,
  mapOf,
  nameOf,
  parsed,
  type Reader,
  readBody,
  setOf,
  shape,
  wordOf,
} from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { type Channel, channels } from '../words/channel.ts';
import { languageTag } from '../words/language-tag.ts';
import { severityRank } from '../words/severity.ts';
import { patternFault } from '../words/type-pattern.ts';
import { type QuietHours, quietHours, timeOfDay } from './quiet-hours-doc.ts';

/** On, off, or off whatever a sender says: `false` yields to a critical notification, `never` to nothing. */
export type ChannelSwitch = boolean | 'never';
/** On, off, or on for some channels; an empty list means all. */
export type TypeSwitch = boolean | { readonly channels?: readonly Channel[] };

export const digestModes = ['off', 'hourly', 'daily'] as const;
export type DigestMode = (typeof digestModes)[number];

export interface DigestSettings {
  readonly mode?: DigestMode;
  /** Local time of a daily digest, `HH:MM`; default 09:00. */
  readonly at?: string;
}

/** What a device may say for itself. It is asked in addition to the person's settings: it can forbid more, and allow nothing. */
export interface DeviceSettings {
  readonly enabled?: boolean;
  /** Empty: all. The same in any case, and `critical` is SEV-1. */
  readonly severities?: readonly string[];
  readonly statuses?: readonly string[];
  readonly min_severity?: string;
  /** By pattern, `incident.*`; the longest literal beginning decides. */
  readonly types?: Readonly<Record<string, TypeSwitch>>;
  readonly channels?: Readonly<Partial<Record<Channel, ChannelSwitch>>>;
  readonly quiet_hours?: QuietHours;
  readonly digest?: DigestSettings;
  readonly locale?: string;
}

/**
 * What a person wants to hear, when, and by which way: the normalised document, with `quiet_hours` in the form with windows. What is
 * absent follows `hub.defaults`.
 */
export interface SettingsDoc extends DeviceSettings {
  /** By device id. */
  readonly devices?: Readonly<Record<string, DeviceSettings>>;
}

const MOST = 200;

const channelNames: readonly string[] = channels;

const channelSwitch: Reader<ChannelSwitch> = (value, at, faults) => {
  if (typeof value === 'boolean' || value === 'never') return value;
  faults.push({ path: at, reason: 'must be true, false or "never"' });
  return undefined;
};

const typeSwitch: Reader<TypeSwitch> = (value, at, faults) => {
  if (typeof value === 'boolean') return value;
  if (isObject(value)) return shape({ channels: setOf(wordOf(channels), channels.length * 2) })(value, at, faults);
  faults.push({ path: at, reason: 'must be true, false or {"channels": [...]}' });
  return undefined;
};

const digest: Reader<DigestSettings> = checked(
  shape({ mode: wordOf(digestModes), at: timeOfDay }),
  (given, at, faults) => {
    if (given.at === undefined || given.mode === undefined || given.mode === 'daily') return given;
    faults.push({ path: `${at}.at`, reason: `is for the mode daily, and the mode is ${given.mode}` });
    return undefined;
  },
);

const deviceFields = {
  enabled: flag,
  severities: setOf(nameOf(64), MOST),
  statuses: setOf(nameOf(64), MOST),
  min_severity: parsed(
    (text) => (severityRank(text) === undefined ? undefined : text),
    'SEV-1 to SEV-5, or one of critical, high, medium, low, info',
  ),
  types: mapOf(typeSwitch, MOST, patternFault),
  channels: shape(
    Object.fromEntries(channelNames.map((name) => [name, channelSwitch])) as Record<Channel, Reader<ChannelSwitch>>,
  ),
  quiet_hours: quietHours,
  digest,
  locale: languageTag,
};

/** The settings of one device. */
export const deviceSettings: Reader<DeviceSettings> = shape(deviceFields);

const deviceId = (id: string): string | undefined =>
  id === '' || id.length > 512 || /\p{Cc}/u.test(id)
    ? 'an id has 1 to 256 characters without control characters'
    : undefined;

const settingsDoc: Reader<SettingsDoc> = shape({ ...deviceFields, devices: mapOf(deviceSettings, MOST, deviceId) });

/** What answers show beside the settings. It comes back when a client sends a document that it has read. */
const SHOWN = ['timezone', 'timezone_source', 'snoozed_until', 'snooze_on_end'];

const ZONE = 'is not a setting by itself: set quiet_hours.timezone here, or the timezone of the person';

/**
 * Reads and normalises a settings document. `timezone`, `timezone_source` and `snoozed_until` of an answer may come back with it and
 * are left out; a `timezone` alone is a fault, for it would change nothing.
 * @returns the document, or everything that is wrong with it
 */
export function parseSettings(json: unknown): SettingsDoc | readonly FaultyField[] {
  if (!isObject(json)) return readBody(settingsDoc, json);
  if ('timezone' in json && !('timezone_source' in json)) return [{ path: 'timezone', reason: ZONE }];
  const given = Object.fromEntries(Object.entries(json).filter(([name]) => !SHOWN.includes(name)));
  return readBody(settingsDoc, given);
}
