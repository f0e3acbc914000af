import type { Json, JsonObject } from '../push/push.ts';
import { isJsonObject } from '../push/raw-json.ts';

/** The value if it is a JSON object, else undefined. A number kept as its digits is not one. */
export const asObject = (value: Json | undefined): JsonObject | undefined => (isJsonObject(value) ? value : undefined);

/** The value if it is a text, else the empty one. */
export const asText = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

const isZero = (value: Json | undefined): boolean => !value || (Array.isArray(value) && value.length === 0);

/**
 * The object without what Go's `omitempty` leaves out: empty texts and lists, false, 0 and null; but for the keys of `keep`,
 * which are pointers there. Empty objects stay.
 */
export const omitEmpty = (object: JsonObject, ...keep: readonly string[]): JsonObject =>
  Object.fromEntries(
    Object.entries(object).filter(([key, value]) => !isZero(value) || (keep.includes(key) && value != null)),
  );

/** A `map[string]string`: left out when it has no entries. */
export const omitEmptyMap = (value: Json | undefined): JsonObject | undefined => {
  const map = asObject(value);
  return map && Object.keys(map).length > 0 ? map : undefined;
};
