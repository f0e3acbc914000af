import { defined } from '../../../kit/json/defined.ts';
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
  doc: Pick<NotificationDoc, 'title' | 'message' | 'locales'>,
  languages: readonly (string | undefined)[],
): LocalisedText {
  const main = defined({ title: doc.title, message: doc.message });
  const locale = localeFor(doc, languages);
  return locale === undefined ? main : { ...main, ...doc.locales?.[locale], locale };
}

/** The tag among `locales` whose text that is; undefined: the main text. */
export function localeFor(
  { locales }: Pick<NotificationDoc, 'locales'>,
  languages: readonly (string | undefined)[],
): string | undefined {
  if (!locales) return undefined;
  for (const language of languages) {
    const tag = language ? canonicalTag(language) : undefined;
    const found = tag && widening(tag).find((each) => Object.hasOwn(locales, each));
    if (found) return found;
  }
  return undefined;
}
