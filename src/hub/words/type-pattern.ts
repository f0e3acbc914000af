/** Why a text is no pattern of types; undefined: it is one. */
export const patternFault = (pattern: string): string | undefined =>
  pattern === '' || pattern.length > 128 || /[\p{Cc}\s]/u.test(pattern)
    ? 'a pattern has 1 to 128 characters without white space'
    : undefined;

/** Whether a pattern, in which `*` stands for any text, covers a type of notification. `incident.*` covers `incident.created`. */
export function covers(pattern: string, type: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return pattern === type;
  const last = rest.pop() ?? '';
  if (!type.startsWith(first) || !type.endsWith(last) || type.length < first.length + last.length) return false;
  let from = first.length;
  const end = type.length - last.length;
  for (const part of rest) {
    const at = type.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** The length of what stands before the first `*`; a pattern without one is longer than any other that covers the same type. */
const literal = (pattern: string): number => {
  const star = pattern.indexOf('*');
  return star < 0 ? Number.POSITIVE_INFINITY : star;
};

const closer = (a: string, b: string): number => literal(b) - literal(a) || b.length - a.length || (a < b ? -1 : 1);

/** What is said of a type: by the pattern with the longest literal beginning that covers it, `*` last. Undefined: by none. */
export function closest<T>(
  byPattern: Readonly<Record<string, T>> | undefined,
  type: string,
): readonly [string, T] | undefined {
  if (!byPattern) return undefined;
  const pattern = Object.keys(byPattern)
    .filter((each) => covers(each, type))
    .sort(closer)[0];
  return pattern === undefined ? undefined : [pattern, byPattern[pattern] as T];
}
