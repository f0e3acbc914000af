import { isObject } from '../is-object.ts';

/**
 * JSON Merge Patch (RFC 7396): `null` takes a key away, objects are merged, all else is replaced. Neither argument is changed;
 * a key `__proto__` is a key like any other.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch))
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  return Object.fromEntries(merged);
}
