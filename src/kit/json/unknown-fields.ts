import { nearest } from '../nearest.ts';
import { type FaultyField, MOST_FAULTS } from '../refusal.ts';

/** Names of fields are repeated in answers so far. */
const LONGEST_NAME = 64;

/** A name of a caller's field as a part of a path: no longer than that, and without controls. */
const shown = (name: string): string => name.slice(0, LONGEST_NAME).replaceAll(/[\p{Cc}\p{Cs}]/gu, '\u{fffd}');

/**
 * The first fields of an object that are not known, each with the known one that was probably meant.
 * @param at where the object is: `to`, `plan[0]`; empty: the body itself
 * @param what it calls them
 */
export function unknownFields(object: object, known: Iterable<string>, at = '', what = 'field'): FaultyField[] {
  const names = new Set(known);
  return Object.keys(object)
    .filter((name) => !names.has(name))
    .slice(0, MOST_FAULTS)
    .map((name) => {
      const meant = nearest(name, names);
      const path = at === '' ? shown(name) : `${at}.${shown(name)}`;
      return { path, reason: `unknown ${what}${meant === undefined ? '' : `; did you mean "${meant}"?`}` };
    });
}
