const WORDS: ReadonlyMap<string, number> = new Map([
  ...['critical', 'high', 'medium', 'low', 'info'].flatMap((word, index): [string, number][] => [
    [word, index + 1],
    [`sev-${index + 1}`, index + 1],
    [`sev${index + 1}`, index + 1],
  ]),
  // What PagerDuty has between critical and info.
  ['error', 2],
  ['warning', 3],
]);

/** 1 for the worst, `SEV-1` and `critical`, to 5, `SEV-5` and `info`; in any case. Undefined for words that have no rank. */
export const severityRank = (word: string): number | undefined => WORDS.get(word.toLowerCase());

/** The same word in any case, or of the same rank. */
export function sameSeverity(a: string, b: string): boolean {
  const rank = severityRank(a);
  return rank === undefined ? a.toLowerCase() === b.toLowerCase() : rank === severityRank(b);
}

/** Whether a severity is at least as bad as the least that is wanted. A word without rank is not compared, and passes. */
export function atLeast(severity: string, least: string): boolean {
  const rank = severityRank(severity);
  return rank === undefined || rank <= (severityRank(least) ?? Number.POSITIVE_INFINITY);
}
