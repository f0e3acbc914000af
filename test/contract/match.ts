import { isFields, type Tree } from './corpus-case.ts';
import { parseLossless } from './lossless-json.ts';

/** `exact`: objects have equal keys. `subset`: what was seen may have more. */
export type Mode = 'exact' | 'subset';

/** A difference, one line. */
export type Difference = string;

const MOST = 300;
export const show = (value: Tree): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
};
const differ = (at: string, wanted: string, seen: Tree): Difference[] => [
  `${at}: expected ${wanted}, got ${show(seen)}`,
];

const isText = (seen: Tree) => typeof seen === 'string' && seen.length > 0;
/** Texts that stand for any value of a kind. `<any>` is no such text: it also allows absence. */
const kinds: Readonly<Record<string, (seen: Tree) => boolean>> = {
  '<nonempty>': isText,
  '<version>': isText,
  '<string>': (seen) => typeof seen === 'string',
  '<int>': (seen) => Number.isInteger(seen) || seen === '<int>',
  '<number>': (seen) => typeof seen === 'number',
};

function matchText(wanted: string, seen: Tree, at: string): Difference[] {
  const fits = Object.hasOwn(kinds, wanted) ? kinds[wanted]?.(seen) : seen === wanted;
  return fits ? [] : differ(at, show(wanted), seen);
}

function matchJsonText(wanted: Tree, seen: Tree, at: string): Difference[] {
  try {
    return match(wanted, parseLossless(String(seen)), 'exact', `${at} as JSON`);
  } catch {
    return differ(at, `the JSON text of ${show(wanted)}`, seen);
  }
}

function matchList(wanted: readonly Tree[], seen: Tree, mode: Mode, at: string): Difference[] {
  if (!Array.isArray(seen) || seen.length !== wanted.length) return differ(at, show(wanted), seen);
  return wanted.flatMap((item, i) => match(item, seen[i], mode, `${at}[${i}]`));
}

function matchFields(wanted: Readonly<Record<string, Tree>>, seen: Tree, mode: Mode, at: string): Difference[] {
  if (!isFields(seen)) return differ(at, show(wanted), seen);
  const missing = Object.entries(wanted).flatMap(([key, value]) => match(value, seen[key], mode, `${at}.${key}`));
  if (mode === 'subset') return missing;
  const extra = Object.keys(seen).filter((key) => !Object.hasOwn(wanted, key));
  return [...missing, ...extra.map((key) => `${at}.${key}: not expected, got ${show(seen[key])}`)];
}

/** How what was seen differs from what is wanted, wildcards understood; empty when it does not. */
export function match(wanted: Tree, seen: Tree, mode: Mode, at = ''): Difference[] {
  if (wanted === '<any>') return [];
  if (typeof wanted === 'string') return matchText(wanted, seen, at);
  if (Array.isArray(wanted)) return matchList(wanted, seen, mode, at);
  if (!isFields(wanted)) return wanted === seen ? [] : differ(at, show(wanted), seen);
  if (typeof wanted.$re === 'string') {
    const fits = typeof seen === 'string' && new RegExp(wanted.$re).test(seen);
    return fits ? [] : differ(at, `a match of /${wanted.$re}/`, seen);
  }
  if ('$json' in wanted) return matchJsonText(wanted.$json, seen, at);
  if (Array.isArray(wanted.$oneOf)) {
    const fits = wanted.$oneOf.some((one) => match(one, seen, mode, at).length === 0);
    return fits ? [] : differ(at, `one of ${show(wanted.$oneOf)}`, seen);
  }
  return matchFields(wanted, seen, mode, at);
}
