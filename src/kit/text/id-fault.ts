const MOST_CODE_POINTS = 256;
/** A code point may take two characters. */
const MOST_CHARACTERS = MOST_CODE_POINTS * 2;

/** Most texts have no more characters than they may have code points. */
const isLonger = (text: string): boolean => text.length > MOST_CODE_POINTS && [...text].length > MOST_CODE_POINTS;

/**
 * Why a value is no id: 1–256 code points, any Unicode but controls (and halves of surrogate pairs, which have no UTF-8). `.` and
 * `..` are refused because URL libraries resolve them (RFC 3986 section 5.2.4). Ids are compared as they are: case counts, blanks too.
 * @returns undefined for an id
 */
export function idFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a text';
  if (value === '' || value.length > MOST_CHARACTERS || isLonger(value))
    return `must have 1 to ${MOST_CODE_POINTS} characters`;
  if (value === '.' || value === '..') return 'must not be . or ..';
  return /[\p{Cc}\p{Cs}]/u.test(value) ? 'must have no control characters' : undefined;
}
