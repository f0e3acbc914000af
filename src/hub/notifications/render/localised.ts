import { canonicalTag } from '../../words/language-tag.ts';
import type { NotificationDoc, TextDoc } from '../notification-doc.ts';

/** A text, and the tag among `locales` that it has; absent: the main text. */
export interface LocalisedText extends TextDoc {
  readonly locale?: string;
}

/** `de-Latn-AT`, `de-Latn`, `de`: a tag and what it is a case of. */
function widening(tag: string): readonly string[] {
  const parts = tag.split('-');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
}

/**
 * The text for someone who reads these languages, the first first: each as it is, then its language without script and region. What
 * a translation leaves out is of the main text.
 */
export function localised(
  { title, message, locales = {} }: Pick<NotificationDoc, 'title' | 'message' | 'locales'>,
  languages: readonly (string | undefined)[],
): LocalisedText {
  const main = { ...(title === undefined ? {} : { title }), ...(message === undefined ? {} : { message }) };
  const locale = Object.keys(locales).length === 0 ? undefined : chosen(locales, languages);
  return locale === undefined ? main : { ...main, ...locales[locale], locale };
}

function chosen(
  locales: Readonly<Record<string, TextDoc>>,
  languages: readonly (string | undefined)[],
): string | undefined {
  for (const language of languages) {
    const tag = language ? canonicalTag(language) : undefined;
    const found = tag && widening(tag).find((each) => Object.hasOwn(locales, each));
    if (found) return found;
  }
  return undefined;
}
