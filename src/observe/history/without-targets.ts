import { occurrences, replaceAt } from '../../kit/text/occurrences.ts';
import type { Settlement } from '../../push/push.ts';
import { shownTargets } from '../../push/push-entry.ts';
import { maskTarget } from './token-mask.ts';

type About = Pick<Settlement, 'targets' | 'kind' | 'targetForm'>;

interface Quotation {
  readonly form: string;
  /** In small letters. */
  readonly low: string;
  readonly mask: string;
}

/** What was found of the texts of one batch. */
interface Batch {
  /** Made when a text comes that may hold one. */
  quotations: readonly Quotation[] | undefined;
  /** Shorter texts quote nothing. */
  readonly shortest: number;
  readonly clean: Map<string, string>;
}

/** Shorter ones are parts of words. */
const SHORTEST = 4;

/** As providers quote a target: as it is, in a URL, inside JSON, a number without its plus. */
function formsOf(target: string): string[] {
  const whole = target.toWellFormed();
  return [whole, encodeURIComponent(whole), JSON.stringify(whole).slice(1, -1), whole.replace(/^\+/, '')];
}

/** The longest first: one may be a part of another. */
function quotationsOf(about: About): Quotation[] {
  const shown = shownTargets(about);
  const masks = new Map<string, string>();
  for (const [index, target] of about.targets.entries()) {
    const mask = maskTarget(shown[index] as string, about.kind);
    for (const form of [...formsOf(target), ...formsOf(shown[index] as string)])
      if (form.length >= SHORTEST) masks.set(form, mask);
  }
  return [...masks]
    .map(([form, mask]) => ({ form, low: form.toLowerCase(), mask }))
    .sort((a, b) => b.form.length - a.form.length);
}

/** Small letters, of the same places; undefined: there are characters whose small letter is longer. */
function lowered(text: string): string | undefined {
  const low = text.toLowerCase();
  return low.length === text.length ? low : undefined;
}

/** In any case of letters. */
function cleaned(text: string, quotations: readonly Quotation[]): string {
  let clean = text;
  for (const { form, low, mask } of quotations) {
    if (form.length > clean.length) continue;
    const lowText = lowered(clean);
    const isLow = lowText !== undefined && low.length === form.length;
    const places = isLow ? occurrences(lowText, low) : occurrences(clean, form);
    if (places.length > 0) clean = replaceAt(clean, places, form.length, mask);
  }
  return clean;
}

/** No form is shorter than this. */
function shortestOf({ targets, targetForm }: About): number {
  if (targetForm?.shown) return SHORTEST;
  const shortest = targets.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
  return Math.max(SHORTEST, shortest - 1);
}

const known = new WeakMap<About, Batch>();

/**
 * A provider's text in which a target that it quotes is masked as everywhere in the history: a mask of another form would tell what this
 * one hides. The texts of a batch are mostly alike, and are remembered with it.
 */
export function withoutTargets(text: string, about: About): string {
  const batch = known.get(about) ?? { quotations: undefined, shortest: shortestOf(about), clean: new Map() };
  known.set(about, batch);
  if (text.length < batch.shortest) return text;
  batch.quotations ??= quotationsOf(about);
  const clean = batch.clean.get(text) ?? cleaned(text, batch.quotations);
  batch.clean.set(text, clean);
  return clean;
}
