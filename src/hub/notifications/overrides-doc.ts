import { anyObject, checked, type Reader, shape } from '../../kit/json/readers.ts';
import { unknownFields } from '../../kit/json/unknown-fields.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { builtIn } from '../../providers/registry.ts';
import type { Json, JsonObject } from '../../push/push.ts';
import type { Decoding } from '../../push/wire/decoding.ts';

/** Platforms whose overrides are fields of a notification of `/api/push`, and those that have an object of their own there. */
export const flat = ['ios', 'android', 'huawei'] as const;
export const nested = ['web', 'expo', 'ntfy', 'email', 'sms', 'slack'] as const;
export type OverridePlatform = (typeof flat)[number] | (typeof nested)[number];

/** By platform: fields in the words of `/api/push`, laid over what the hub makes. */
export type OverridesDoc = Readonly<Partial<Record<OverridePlatform, JsonObject>>>;

/** Names that the hub answers for: whose push it is, and whom it goes to. */
const OURS = new Set(['tokens', 'to', 'platform', 'app', 'notif_id', 'retry', 'condition']);

/** Fields of the notification itself that platforms with an object of their own take beside it. */
export const BESIDE: readonly string[] = [
  'message',
  'url',
  'click_action',
  'collapse_id',
  'expiration',
  'interruption_level',
];

const readsOf = (platform: string): readonly string[] =>
  (builtIn.ofPlatform(platform)?.requests.reads ?? []).filter((name) => !OURS.has(name));

/** The mistakes of the decoder of `/api/push` as faults of this body. */
function decoded(
  decode: (decoding: Decoding) => Json | undefined,
  at: string,
  faults: FaultyField[],
): JsonObject | undefined {
  const decoding: Decoding = { careful: false, mistakes: [] };
  const value = decode(decoding);
  faults.push(...decoding.mistakes.map(({ path, reason }) => ({ path: path === '' ? at : `${at}.${path}`, reason })));
  return decoding.mistakes.length > 0 ? undefined : ((value ?? {}) as JsonObject);
}

/** Fields of a notification, without those that its decoder writes into what it is given. */
function notificationFields(given: JsonObject, at: string, faults: FaultyField[]): JsonObject | undefined {
  const read = decoded((decoding) => builtIn.decoder.notification({ ...given }, decoding), at, faults);
  return read && Object.fromEntries(Object.entries(read).filter(([name]) => Object.hasOwn(given, name)));
}

/** Fields of a notification: those that the platform reads, as the decoder of `/api/push` takes them. */
const flatOverride = (platform: string): Reader<JsonObject> => {
  const reads = readsOf(platform);
  return checked(anyObject, (given, at, faults) => {
    const unknown = unknownFields(given, reads, at);
    faults.push(...unknown);
    return unknown.length > 0 ? undefined : notificationFields(given as JsonObject, at, faults);
  });
};

/** The provider's own object; a decoder that drops a field does not know it. */
const nestedOverride = (platform: string): Reader<JsonObject> => {
  const row = builtIn.ofPlatform(platform);
  const field = row?.requests.fields?.[platform];
  const beside = new Set(readsOf(platform).filter((name) => BESIDE.includes(name)));
  return checked(anyObject, (given, at, faults) => {
    const [own, top] = [false, true].map((isTop) =>
      Object.fromEntries(Object.entries(given).filter(([name]) => beside.has(name) === isTop)),
    ) as [JsonObject, JsonObject];
    const ownRead = decoded((decoding) => field?.decode(own, decoding), at, faults);
    const topRead = notificationFields(top, at, faults);
    if (!ownRead || !topRead) return undefined;
    const unknown = unknownFields(own, Object.keys(ownRead), at).filter(({ path }) => own[lastOf(path)] !== null);
    faults.push(...unknown);
    return unknown.length > 0 ? undefined : { ...topRead, ...ownRead };
  });
};

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

const readers = Object.fromEntries([
  ...flat.map((platform) => [platform, flatOverride(platform)]),
  ...nested.map((platform) => [platform, nestedOverride(platform)]),
]) as Record<OverridePlatform, Reader<JsonObject>>;

export const overrides: Reader<OverridesDoc> = shape(readers);
