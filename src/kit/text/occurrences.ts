/** Shorter ones are searched for by the engine: the worst text costs this much more than the best. */
const SHORT = 256;

/**
 * Where a part begins in a text, none of them within the one before. Takes time in proportion to both lengths (Knuth, Morris, Pratt):
 * `indexOf` takes their product where both repeat one piece, as a caller may have it.
 */
export function occurrences(text: string, part: string): number[] {
  if (part.length === 0 || part.length > text.length) return [];
  return part.length < SHORT ? found(text, part) : foundInTime(text, part);
}

function found(text: string, part: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) places.push(at);
  return places;
}

function foundInTime(text: string, part: string): number[] {
  const places: number[] = [];
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1] as number;
    if (part.charCodeAt(matched) === code) matched++;
    if (matched < part.length) continue;
    places.push(at + 1 - part.length);
    matched = 0;
  }
  return places;
}

/** Of each beginning of the part, how much of its end is a beginning again. */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  for (let at = 1, matched = 0; at < part.length; at++) {
    const code = part.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1] as number;
    if (part.charCodeAt(matched) === code) matched++;
    borders[at] = matched;
  }
  return borders;
}

/** Puts `instead` in the place of each of them. */
export function replaceAt(text: string, places: readonly number[], length: number, instead: string): string {
  let changed = '';
  let from = 0;
  for (const at of places) {
    changed += text.slice(from, at) + instead;
    from = at + length;
  }
  return changed + text.slice(from);
}
