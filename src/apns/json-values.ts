import type { JsonObject } from '../push/push.ts';

export const isEmpty = (object: JsonObject | undefined): boolean =>
  object === undefined || Object.keys(object).length === 0;

/** Gorush holds these numbers in 32 bits and Go prints the shortest decimal that reads back as the same: 0.1 stays 0.1. */
export function single(value: number): number {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(rounded.toPrecision(digits));
    if (Math.fround(short) === rounded) return short;
  }
  return Number(rounded.toPrecision(9));
}
