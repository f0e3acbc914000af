import type { FlagValues } from '../flag.ts';

/** Words up to the first flag. */
export const untilFlag = (words: readonly string[]): number => {
  const end = words.findIndex((word) => word.startsWith('-') && word !== '-');
  return end < 0 ? words.length : end;
};

export const exitCode = (isGood: boolean): number => (isGood ? 0 : 1);

/** A mistake in words that a command does not know, for the warnings. @param used how many of `words` it has used */
export const notRead = (words: readonly string[], used: number, length: number): readonly string[] => {
  const more = words.length - used;
  return more > 0 ? [`argument ${length - more + 1} was not read`] : [];
};

/** What `--limit` says. @returns undefined when that is no number */
export function limitOf(values: FlagValues, byDefault: number): number | undefined {
  const text = values.get('limit');
  if (text === undefined) return byDefault;
  const limit = Number(text);
  return Number.isSafeInteger(limit) && limit > 0 ? limit : undefined;
}
