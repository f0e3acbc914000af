/** Edits (insert, delete, replace, swap neighbours) that turn one word into another. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? j;
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const replace = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : replace;
      rows[i]![j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replace, swapped);
    }
  return at(a.length, b.length);
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/**
 * The known key that was probably meant: spelled nearly alike, or of the same name in another section.
 * Undefined when nothing is near.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((path) => {
      const whole = distance(unknown, path);
      return { path, edits: lastPart(path) === lastPart(unknown) ? Math.min(whole, 2) : whole };
    })
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.min(3, Math.floor(lastPart(unknown).length / 2)))
    ? best.path
    : undefined;
}
