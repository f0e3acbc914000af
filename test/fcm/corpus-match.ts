import { isRawJSON } from '../../src/push/raw-json.ts';

const isNumeric = (value: unknown): boolean => typeof value === 'number' || isRawJSON(value);
const digits = (value: unknown): string => (isRawJSON(value) ? value.rawJSON : String(value));

/** Whether `actual` is what the corpus expects, by the rules of its README: numbers by value, wildcards as objects with a `$` key. */
export function matches(expected: unknown, actual: unknown, parse: (text: string) => unknown): boolean {
  if (isNumeric(expected)) {
    return (
      isNumeric(actual) && (digits(expected) === digits(actual) || Number(digits(expected)) === Number(digits(actual)))
    );
  }
  if (typeof expected !== 'object' || expected === null) return expected === actual;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((each, index) => matches(each, actual[index], parse))
    );
  }
  const wanted = expected as Record<string, unknown>;
  if ('$num' in wanted) return digits(actual) === wanted.$num;
  if ('$re' in wanted) return typeof actual === 'string' && new RegExp(wanted.$re as string).test(actual);
  if ('$oneOf' in wanted) return (wanted.$oneOf as unknown[]).some((each) => matches(each, actual, parse));
  if ('$json' in wanted) return typeof actual === 'string' && matches(wanted.$json, parse(actual), parse);
  if (typeof actual !== 'object' || actual === null || isRawJSON(actual)) return false;
  const keys = Object.keys(wanted);
  return (
    Object.keys(actual).length === keys.length &&
    keys.every(
      (key) => Object.hasOwn(actual, key) && matches(wanted[key], (actual as Record<string, unknown>)[key], parse),
    )
  );
}
