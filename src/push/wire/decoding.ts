import type { Json } from '../push.ts';
import { isRawJSON } from '../raw-json.ts';

/** One thing wrong with a request. Never holds a caller's text: tokens and messages do not belong into answers and logs. */
export interface FieldMistake {
  /** `notifications[0].badge`; `$` is the body itself. */
  path: string;
  /** `expected an integer, got a string`. */
  reason: string;
}

/** The state of one decoding. */
export interface Decoding {
  /** The text holds numbers that need care, so there may be `RawJson` objects in the tree (see parse-json.ts). */
  readonly careful: boolean;
  /** Paths are relative to the value being decoded; each container puts its own key in front. */
  readonly mistakes: FieldMistake[];
}

/**
 * Checks a JSON value (null only as an element of a list) against a Go type. Returns the very same value when nothing about it changes, so that a
 * clean request is not copied; `undefined` when there was a mistake or nothing is left of it.
 */
export interface Decode {
  (value: Json, decoding: Decoding): Json | undefined;
  /** What it takes, for the description of the API; what JSON Schema cannot say is left to the decoder. */
  readonly schema: JsonSchema;
}

/** A schema as OpenAPI 3.1 has them: JSON Schema 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export const decoder = (schema: JsonSchema, decode: (...given: Parameters<Decode>) => ReturnType<Decode>): Decode =>
  Object.assign(decode, { schema });

/** More would only make the answer long. */
const MAX_MISTAKES = 20;
const LONGEST_NUMBER = 12;
const LONGEST_KEY = 40;

export function mistake(decoding: Decoding, reason: string): undefined {
  if (decoding.mistakes.length < MAX_MISTAKES) decoding.mistakes.push({ path: '', reason });
}

/** Notes that `value` is not what it should be: `wanted` is a noun with its article. */
export const mismatch = (decoding: Decoding, wanted: string, value: Json): undefined =>
  mistake(decoding, `expected ${wanted}, got ${nameOf(value)}`);

/** Puts `key` in front of the paths of the mistakes found since there were `from`. */
export function locate(decoding: Decoding, from: number, key: string | number): void {
  for (let i = from; i < decoding.mistakes.length; i++) {
    const found = decoding.mistakes[i] as FieldMistake;
    const head = typeof key === 'number' ? `[${key}]` : key.slice(0, LONGEST_KEY);
    found.path = found.path === '' || found.path.startsWith('[') ? head + found.path : `${head}.${found.path}`;
  }
}

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (isRawJSON(value)) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Notes that a number was wanted. A number in its place is shown, as it cannot be a token or a message. */
export function notNumber(decoding: Decoding, wanted: string, value: Json): undefined {
  const digits = isRawJSON(value) ? value.rawJSON : typeof value === 'number' ? String(value) : '';
  if (digits === '' || digits.length > LONGEST_NUMBER) return mismatch(decoding, wanted, value);
  return mistake(decoding, `expected ${wanted}, got ${digits}`);
}
