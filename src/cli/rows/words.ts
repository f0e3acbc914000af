import type { FlagValues } from '../flag.ts';

export const exitCode = (isGood: boolean): number => (isGood ? 0 : 1);

/** What `--limit` says. @returns undefined when that is no number */
export function limitOf(values: FlagValues, byDefault: number): number | undefined {
  const text = values.get('limit');
  if (text === undefined) return byDefault;
  const limit = Number(text);
  return Number.isSafeInteger(limit) && limit > 0 ? limit : undefined;
}
