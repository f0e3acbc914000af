import type { Json } from '../push.ts';
import { rawJSON } from '../raw-json.ts';

/** A fraction, an exponent, or digits that may be more than a double holds; also finds such text inside strings, harmlessly. */
const NUMBER_THAT_NEEDS_CARE = /[:,[]\s*-?(?:\d{16}|\d+[.eE])/;
/** The same, but it also ends like a number: a text such as "at 9, 18.00 Uhr" does not. */
const SUCH_A_NUMBER = /[:,[]\s*-?(?:\d{16}|\d+[.eE])[\d.eE+-]*\s*[,}\]]/;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** A surrogate pair, a lone surrogate, or any other escape (which is matched so that `\\ud800` is not taken for one). */
const ESCAPES = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}|\\./g;
const LONE_SURROGATE_LENGTH = 6;
/** Of arrays and objects within each other: encoding/json's limit. */
const MAX_DEPTH = 10_000;

const INTEGER = /^-?\d+$/;
export const isInteger = (source: string): boolean => INTEGER.test(source);

export interface Parsed {
  readonly value: Json;
  /** True when `value` may hold `RawJson` objects. */
  readonly careful: boolean;
}

/**
 * Parses JSON as Go's encoding/json reads it: lone surrogates become U+FFFD. Numbers as in `parseKeepingNumbers`. Throws
 * SyntaxError for bad JSON and RangeError for values nested deeper than 10,000.
 */
export function parseJson(text: string): Parsed {
  if (deeperThan(text, MAX_DEPTH)) throw new RangeError('nested too deeply');
  // Most texts hold no such escape, and `includes` finds that out ten times faster.
  const escaped = text.includes('\\u') && SURROGATE_ESCAPE.test(text);
  return parseKeepingNumbers(escaped ? text.replace(ESCAPES, replaceLoneSurrogate) : text);
}

/**
 * JSON.parse, but a number that JavaScript would lose something of is kept as `RawJson`: integers beyond 2^53, anything beyond a
 * double, and whole numbers not written as integers (`1.0`, `1e2`), which Go does not take for an int.
 */
export function parseKeepingNumbers(text: string): Parsed {
  if (!NUMBER_THAT_NEEDS_CARE.test(text) || (isContainer(text) && !SUCH_A_NUMBER.test(text)))
    return { value: JSON.parse(text) as Json, careful: false };
  return { value: JSON.parse(text, keepNumber as (key: string, value: Json) => Json) as Json, careful: true };
}

/** A number within an object or a list is followed by a comma or a bracket; one that is the whole text is not. */
const isContainer = (text: string): boolean => /^\s*[[{]/.test(text);

function keepNumber(_key: string, value: unknown, context: { source: string }): unknown {
  if (typeof value !== 'number') return value;
  if (Number.isFinite(value) && !Number.isInteger(value)) return value;
  return Number.isSafeInteger(value) && isInteger(context.source) ? value : rawJSON(context.source);
}

const replaceLoneSurrogate = (escaped: string): string =>
  escaped.length === LONE_SURROGATE_LENGTH ? '\\ufffd' : escaped;

/** JSON.parse itself has no limit, but what walks its result later has one. */
function deeperThan(text: string, limit: number): boolean {
  return text.length > 2 * limit && holdsMore(text, ['[', '{'], limit) && depthOf(text) > limit;
}

/** Whether these characters, inside strings or not, occur more than `limit` times. Cheap where they are few. */
export function holdsMore(text: string, chars: readonly string[], limit: number): boolean {
  let count = 0;
  for (const char of chars) {
    for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) {
      if (++count > limit) return true;
    }
  }
  return false;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth--;
  }
  return deepest;
}
