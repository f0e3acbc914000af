import { editDistance } from './text/edit-distance.ts';

/** Longer words are compared with nothing: what a caller sends must not cost more than it takes to read. */
const LONGEST = 64;
const MOST_EDITS = 3;

/** How many edits a word of this length may be away: one of two letters is another word, not a misspelled one. */
const allowed = (length: number): number => Math.max(1, Math.min(MOST_EDITS, Math.floor(length / 2)));

const comparable = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/** The known word that was probably meant, of those spelled nearly alike the nearest; undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > LONGEST) return undefined;
  const meant = comparable(word);
  let best: { readonly word: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    const most = best ? best.edits - 1 : allowed(word.length);
    if (Math.abs(candidate.length - word.length) > most + MOST_EDITS || candidate.length > LONGEST) continue;
    const edits = editDistance(meant, comparable(candidate));
    if (edits <= most) best = { word: candidate, edits };
  }
  return best?.word;
}
