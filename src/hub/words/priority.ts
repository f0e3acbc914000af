import { parsed, type Reader } from '../../kit/json/readers.ts';

export const priorities = ['low', 'medium', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];

/** Words of other systems that mean the same. */
const ALIASES: ReadonlyMap<string, Priority> = new Map([
  ['immediate', 'critical'],
  ['normal', 'medium'],
]);

/** A priority, in any case; `immediate` is `critical` and `normal` is `medium`. */
export const priority: Reader<Priority> = parsed(
  (text) => {
    const word = text.toLowerCase();
    return priorities.find((known) => known === word) ?? ALIASES.get(word);
  },
  `one of ${priorities.join(', ')}`,
);
