import { ConfigError } from '../kit/errors.ts';
import { NumberText } from './coerce.ts';
import type { KeyPlace } from './file/key-places.ts';
import { itemWords, type Leaf, recordShape } from './leaf.ts';
import { withoutUserInfo } from './without-user-info.ts';

/** One thing that is wrong with the configuration. */
export interface Mistake {
  /** The key, or what else is to blame: `-c`, a file. */
  readonly key: string;
  /** What is wrong and what would be right; Gorush's own sentence where it has one. */
  readonly text: string;
}

/** Our sentence, and what a person finds who searches for Gorush's. */
export const withGorush = (sentence: string, gorush: string): string => `${sentence} (Gorush: ${gorush})`;

/** ` [config.yml:12:3]`: editors and terminals make a link of it. */
export const placeText = (file: string, { line, column }: KeyPlace): string => ` [${file}:${line}:${column}]`;

/** All mistakes as one error, a line each; `notes` are lines that may explain one of them. */
export function configError(mistakes: readonly Mistake[], notes: readonly string[] = []): ConfigError {
  const [first, ...others] = mistakes;
  if (first && others.length === 0 && notes.length === 0) return new ConfigError(first.key, first.text);
  const lines = [...mistakes.map(({ key, text }) => `${key}: ${text}`), ...notes];
  const head = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new ConfigError('', [`${head} in the configuration:`, ...lines].join('\n- '));
}

const KINDS = {
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  array: 'a list of texts',
};

/** What a key wants: `a whole number, 0 or more`. */
export function wanted(leaf: Leaf): string {
  if (leaf.wanted) return leaf.wanted;
  if (leaf.enum) return `one of ${leaf.enum.filter((word) => word !== '').join(', ')}`;
  const words = itemWords(leaf);
  if (words) return `a list of ${words.join(', ')}`;
  const shape = recordShape(leaf);
  if (shape) return `a list of records with ${Object.keys(shape.properties).join(', ')}`;
  const unit = leaf.unit === 'bytes' ? ' of bytes, or one with a unit like 10MiB' : leaf.unit ? ` (${leaf.unit})` : '';
  const least = leaf.minimum === undefined ? '' : `, ${leaf.minimum} or more`;
  const most = leaf.maximum === undefined ? '' : `, at most ${leaf.maximum}`;
  return KINDS[leaf.type as keyof typeof KINDS] + unit + least + most;
}

/** A value for an error or a log line: as it is when it is not a secret, else only that there is one. */
export function shownValue(leaf: Leaf, value: unknown): string {
  if (!leaf.public) return 'something else (not shown)';
  if (value instanceof NumberText) return value.source;
  return typeof value === 'string' ? `"${withoutUserInfo(value)}"` : JSON.stringify(value);
}
