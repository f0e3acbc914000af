const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MS_PER_SECOND = UNITS.s;

/** `1h30m`: whole numbers or decimal fractions, each with its unit, the larger units first. */
const TEXT =
  /^(?:(\d{1,12}(?:\.\d{1,9})?)d)?(?:(\d{1,12}(?:\.\d{1,9})?)h)?(?:(\d{1,12}(?:\.\d{1,9})?)m)?(?:(\d{1,12}(?:\.\d{1,9})?)s)?(?:(\d{1,12}(?:\.\d{1,9})?)ms)?$/;
const BARE = /^\d{1,12}(?:\.\d{1,9})?$/;
const ORDER = ['d', 'h', 'm', 's', 'ms'] as const;

/** A hundred years: what is longer is a slip, and would leave the range of dates. */
const LONGEST_MS = 36_525 * UNITS.d;

/**
 * A duration as settings and bodies write it: a number of seconds (fractions allowed), or a text of `ms s m h d` such as `"5s"`,
 * `"1h30m"`, `"1.5h"`; a text without a unit is seconds, too. Not negative, at most 100 years.
 * @returns whole milliseconds; undefined for anything else
 */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? ofText(value) : typeof value === 'number' ? value * MS_PER_SECOND : Number.NaN;
  return ms >= 0 && ms <= LONGEST_MS ? Math.round(ms) : undefined;
}

function ofText(text: string): number {
  if (BARE.test(text)) return Number(text) * MS_PER_SECOND;
  const parts = TEXT.exec(text)?.slice(1);
  if (!parts?.some((part) => part !== undefined)) return Number.NaN;
  return ORDER.reduce((sum, unit, i) => sum + Number(parts[i] ?? 0) * UNITS[unit], 0);
}
