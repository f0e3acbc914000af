import { editDistance } from '../../kit/text/edit-distance.ts';

/** Longer ones are no misspelled keys, and what they cost grows with their length, for each key that there is. */
const LONGEST = 200;

const lastPart = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/**
 * The known key that was probably meant: spelled nearly alike, or of the same name in another section.
 * Undefined when nothing is near.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  if (unknown.length > LONGEST) return undefined;
  const ranked = known
    .map((path) => {
      const whole = editDistance(unknown, path);
      return { path, edits: lastPart(path) === lastPart(unknown) ? Math.min(whole, 2) : whole };
    })
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.min(3, Math.floor(lastPart(unknown).length / 2)))
    ? best.path
    : undefined;
}
