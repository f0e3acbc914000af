import { isObject } from '../is-object.ts';
import { type FaultyField, MOST_FAULTS } from '../refusal.ts';
import { unknownFields } from './unknown-fields.ts';

/**
 * Readers of JSON bodies: each takes a value and where it stands (`plan[0].wait`), and returns what it means, or undefined with a
 * fault added to the list. They are put together to one reader for a whole body, so that the faults of a body are found together, up
 * to MOST_FAULTS: lists and maps with more are not read to their end.
 * What a fault says never repeats the value.
 */
export type Reader<T> = (value: unknown, at: string, faults: FaultyField[]) => T | undefined;

type Meaning<Read> = Read extends Reader<infer T> ? T : never;

/** What `shape` reads: every field may be absent. */
export type Shape<Fields> = { readonly [Name in keyof Fields]?: Meaning<Fields[Name]> };

const fault = (faults: FaultyField[], path: string, reason: string): undefined => {
  faults.push({ path, reason });
  return undefined;
};

/** `to.users` of `users` in `to`. */
export const pathOf = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);

/** Whether a text has at most so many code points, which the API counts as characters; it has no more of them than of its own. */
function isWithin(text: string, most: number): boolean {
  if (text.length <= most) return true;
  let length = 0;
  for (const _ of text) length++;
  return length <= most;
}

const CONTROL = /\p{Cc}|\p{Cs}/u;

/** A text that `parse` understands. @param wanted completes "must be …" */
export const parsed =
  <T>(parse: (text: string) => T | undefined, wanted: string): Reader<T> =>
  (value, at, faults) =>
    (typeof value === 'string' ? parse(value) : undefined) ?? fault(faults, at, `must be ${wanted}`);

/** A text of `least` to `most` characters, with line breaks and whatever else there is. */
export const textOf = (most: number, least = 0): Reader<string> =>
  parsed(
    (text) => (text.length >= least && text.length <= 2 * most && isWithin(text, most) ? text : undefined),
    least > 0 ? `a text of ${least} to ${most} characters` : `a text of at most ${most} characters`,
  );

/** A name or an id: 1 to `most` characters without control characters. */
export const nameOf = (most: number): Reader<string> =>
  parsed(
    (text) =>
      text !== '' && text.length <= 2 * most && !CONTROL.test(text) && isWithin(text, most) ? text : undefined,
    `1 to ${most} characters, no control characters`,
  );

/** One of the words, in any case. */
export const wordOf = <const Word extends string>(words: readonly Word[]): Reader<Word> =>
  parsed((text) => words.find((word) => word === text.toLowerCase()), `one of ${words.join(', ')}`);

export const flag: Reader<boolean> = (value, at, faults) =>
  typeof value === 'boolean' ? value : fault(faults, at, 'must be true or false');

/** Any object of JSON. */
export const anyObject: Reader<Readonly<Record<string, unknown>>> = (value, at, faults) =>
  isObject(value) ? value : fault(faults, at, 'must be an object');

export const listOf =
  <T>(item: Reader<T>, most: number): Reader<readonly T[]> =>
  (value, at, faults) => {
    if (!Array.isArray(value)) return fault(faults, at, 'must be a list');
    if (value.length > most) return fault(faults, at, `must have at most ${most} entries, has ${value.length}`);
    const all: T[] = [];
    for (const [index, each] of value.entries()) {
      const read = item(each, `${at}[${index}]`, faults);
      if (read !== undefined) all.push(read);
      if (faults.length >= MOST_FAULTS) break;
    }
    return all.length === value.length ? all : undefined;
  };

/** As a list, each value once; the first place counts. */
export const setOf = <T>(item: Reader<T>, most: number): Reader<readonly T[]> => {
  const list = listOf(item, most);
  return (value, at, faults) => {
    const read = list(value, at, faults);
    return read && [...new Set(read)];
  };
};

/** An object whose names are the caller's: `name` says what is wrong with one, undefined: nothing. */
export const mapOf =
  <T>(
    entry: Reader<T>,
    most: number,
    name: (name: string) => string | undefined,
  ): Reader<Readonly<Record<string, T>>> =>
  (value, at, faults) => {
    if (!isObject(value)) return fault(faults, at, 'must be an object');
    const names = Object.keys(value);
    if (names.length > most) return fault(faults, at, `must have at most ${most} entries, has ${names.length}`);
    const bad = names.map(name).find((reason) => reason !== undefined);
    if (bad !== undefined) return fault(faults, at, bad);
    const all: [string, T][] = [];
    for (const each of names) {
      const read = entry(value[each], pathOf(at, each), faults);
      if (read !== undefined) all.push([each, read]);
      if (faults.length >= MOST_FAULTS) break;
    }
    return all.length === names.length ? (Object.fromEntries(all) as Record<string, T>) : undefined;
  };

const NONE: ReadonlySet<string> = new Set();

/**
 * An object with these fields and no others; one that is null counts as absent. Undefined when any of them is wrong.
 * @param ignored names that may be there as well, and mean nothing
 */
export const shape = <const Fields extends Readonly<Record<string, Reader<unknown>>>>(
  fields: Fields,
  ignored: ReadonlySet<string> = NONE,
): Reader<Shape<Fields>> => {
  const readers = Object.entries(fields);
  const names = new Set(Object.keys(fields));
  const isKnown = (name: string): boolean => names.has(name) || ignored.has(name);
  return (value, at, faults) => {
    if (!isObject(value)) return fault(faults, at, 'must be an object');
    const before = faults.length;
    if (!Object.keys(value).every(isKnown)) {
      const others = Object.entries(value).filter(([name]) => !ignored.has(name));
      faults.push(...unknownFields(Object.fromEntries(others), names, at));
    }
    const read: Record<string, unknown> = {};
    for (const [name, reader] of readers) {
      const field = value[name];
      if (field === undefined || field === null || !Object.hasOwn(value, name)) continue;
      const meant = reader(field, pathOf(at, name), faults);
      if (meant !== undefined) read[name] = meant;
    }
    return faults.length > before ? undefined : (read as Shape<Fields>);
  };
};

/** Reads with `first`, then with `next`, which gets what the first made of it. */
export const checked =
  <T, Made>(first: Reader<T>, next: (value: T, at: string, faults: FaultyField[]) => Made | undefined): Reader<Made> =>
  (value, at, faults) => {
    const read = first(value, at, faults);
    return read === undefined ? undefined : next(read, at, faults);
  };

/** A whole body: what it means, or everything that is wrong with it. (No body means a list.) */
export function readBody<T extends object>(reader: Reader<T>, body: unknown): T | readonly FaultyField[] {
  const faults: FaultyField[] = [];
  const read = reader(body, '', faults);
  return faults.length > 0 || read === undefined ? faults : read;
}

/** Whether `readBody` found faults. */
export const isFaulty = (read: object): read is readonly FaultyField[] => Array.isArray(read);
