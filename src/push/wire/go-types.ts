/** Decoders for the Go types that a push request is made of, as strict as encoding/json: nothing is converted. */
import type { Json, JsonObject } from '../push.ts';
import type { RawJson } from '../raw-json.ts';
import { isJsonObject, isRawJSON } from '../raw-json.ts';
import type { Decode, Decoding } from './decoding.ts';
import { decoder, locate, mismatch, mistake, notNumber } from './decoding.ts';
import { nullable } from './nullable.ts';
import { isInteger } from './parse-json.ts';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
/** The largest double below 2^63: what a 64-bit integer near the limit becomes, so that it is still one when read again. */
const LARGEST_INT = 2 ** 63 - 1024;

export const string = decoder({ type: 'string' }, (value, decoding) =>
  typeof value === 'string' ? value : mismatch(decoding, 'a string', value),
);

export const boolean = decoder({ type: 'boolean' }, (value, decoding) =>
  typeof value === 'boolean' ? value : mismatch(decoding, 'true or false', value),
);

const INT64 = { type: 'integer', format: 'int64', minimum: -LARGEST_INT, maximum: LARGEST_INT };

/** `int` and `int64`: 64 bits, and written as an integer: `1.0` is not one. */
export const integer = decoder(INT64, (value, decoding) => {
  if (Number.isInteger(value)) return value;
  const digits = isRawJSON(value) ? value.rawJSON : '';
  if (!isInteger(digits)) return notNumber(decoding, 'an integer', value);
  const exact = BigInt(digits);
  if (exact > MAX_INT64 || exact < MIN_INT64) return mistake(decoding, 'the integer is out of range');
  return Math.max(-LARGEST_INT, Math.min(LARGEST_INT, Number(exact)));
});

/** `float64`. */
export const float = decoder({ type: 'number' }, (value, decoding) => {
  if (typeof value === 'number') return value;
  if (!isRawJSON(value)) return mismatch(decoding, 'a number', value);
  const number = Number(value.rawJSON);
  return Number.isFinite(number) ? number : mistake(decoding, 'the number is out of range');
});

/** `float32`: rounded to one, and as short as Go would write it. */
export const float32 = decoder({ type: 'number', format: 'float' }, (value, decoding) => {
  const number = float(value, decoding) as number | undefined;
  if (number === undefined) return undefined;
  const rounded = Math.fround(number);
  if (!Number.isFinite(rounded)) return mistake(decoding, 'the number is out of range');
  if (rounded === 0) return 0;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(rounded.toPrecision(digits));
    if (Math.fround(short) === rounded) return short;
  }
  return Number(rounded.toPrecision(9));
});

/** `any`: whatever JSON there is; only numbers beyond a double are refused. */
export const anything = decoder({}, (value, decoding) => (decoding.careful ? settleNumbers(value, decoding) : value));

/** `map[string]any`. */
export const object = decoder({ type: 'object' }, (value, decoding) =>
  isJsonObject(value) ? anything(value, decoding) : mismatch(decoding, 'an object', value),
);

/** `[]T`. A null element becomes `zero`; without one `item` sees it. */
export function list(item: Decode, zero?: Json): Decode {
  const items = zero === undefined ? item.schema : nullable(item.schema);
  return decoder({ type: 'array', items }, (value, decoding) => {
    if (!Array.isArray(value)) return mismatch(decoding, 'an array', value);
    let copy: Json[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const element = value[i] as Json;
      const before = decoding.mistakes.length;
      const decoded = element === null && zero !== undefined ? zero : item(element, decoding);
      if (decoding.mistakes.length > before) locate(decoding, before, i);
      if (decoded === element) continue;
      copy ??= value.slice();
      copy[i] = decoded ?? null;
    }
    return copy ?? value;
  });
}

const STRINGS = { type: 'object', additionalProperties: nullable({ type: 'string' }) };

/** `map[string]string`. A null value is an empty string. */
export const stringMap = decoder(STRINGS, (value, decoding) => {
  if (!isJsonObject(value)) return mismatch(decoding, 'an object', value);
  let copy: JsonObject | undefined;
  for (const key in value) {
    const element = value[key] as Json;
    if (typeof element === 'string') continue;
    const before = decoding.mistakes.length;
    const decoded = element === null ? '' : string(element, decoding);
    locate(decoding, before, key);
    // A spread keeps an own `__proto__` a plain key, and assigning to one that exists does so too.
    copy ??= { ...value };
    copy[key] = decoded;
  }
  return copy ?? value;
});

/** The decoder for fields that Gorush does not read: a value of the wrong type is ignored, as Gorush ignores it. */
export const lenient = (decode: Decode): Decode =>
  decoder(decode.schema, (value, { careful }) => {
    const mistakes: Decoding['mistakes'] = [];
    const decoded = decode(value, { careful, mistakes });
    return mistakes.length === 0 ? decoded : undefined;
  });

/** Leaves only integers as `RawJson`, in place. Keeps its own stack: values may be nested 10,000 deep. */
function settleNumbers(root: Json, decoding: Decoding): Json | undefined {
  const holder: JsonObject = { root };
  const open: (JsonObject | Json[])[] = [holder];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const container = node as JsonObject;
    for (const key of Object.keys(container)) {
      const value = container[key] as Json;
      if (isRawJSON(value)) container[key] = settled(value, decoding);
      else if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
  return holder.root;
}

function settled(raw: RawJson, decoding: Decoding): Json | undefined {
  const number = Number(raw.rawJSON);
  if (!Number.isFinite(number)) return mistake(decoding, 'holds a number out of range');
  return isInteger(raw.rawJSON) ? (raw as unknown as Json) : number;
}
