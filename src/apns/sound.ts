import type { Json, JsonObject, Notification } from '../push/push.ts';
import { isJsonObject, isRawJSON } from '../push/raw-json.ts';
import { isEmpty, single } from './json-values.ts';

/**
 * A name, or Apple's dictionary for critical alerts. `name` and a `volume` above 0 make it one; a given object's keys override the
 * defaults. A volume of 0 makes none, or every client that writes zeroes would send critical alerts; where there is one it mutes it.
 */
export function apnsSound({ sound, name, volume }: Notification): Json | undefined {
  const given = isJsonObject(sound) ? soundObject(sound) : undefined;
  const beside: JsonObject = {};
  if (name) beside.name = name;
  if (volume !== undefined && volume > 0) beside.volume = single(volume);
  if (volume === 0 && (name || given)) beside.volume = 0;
  if (isEmpty(beside)) return given ? withoutZeroes(given) : typeof sound === 'string' ? sound : undefined;
  const whole = { critical: 1, name: 'default', volume: 1, ...given, ...beside };
  return { ...withoutZeroes(whole), volume: whole.volume };
}

/** The three keys in any case, as Gorush decodes them: one of the wrong type is ignored. */
function soundObject(sound: JsonObject): JsonObject {
  const critical = toNumber(member(sound, 'Critical'));
  const name = member(sound, 'Name');
  const volume = toNumber(member(sound, 'Volume'));
  return {
    ...(critical === undefined ? {} : { critical: Math.trunc(critical) }),
    ...(typeof name === 'string' ? { name } : {}),
    ...(volume === undefined ? {} : { volume: single(volume) }),
  };
}

function member(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const key = Object.keys(object).find((other) => other.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

function toNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

function withoutZeroes(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => Boolean(value)));
}
