import { parsed, type Reader } from '../../kit/json/readers.ts';

/** A BCP 47 tag in its usual form, `pt-BR`; `pt_BR`, as Android writes it, is understood. Undefined for anything else. */
export function canonicalTag(text: string): string | undefined {
  const before = known.get(text);
  if (before !== undefined) return before;
  const tag = text.length > 100 ? undefined : askedTag(text);
  if (tag === undefined) return undefined;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, tag);
  return tag;
}

/** Devices have the same few. */
const known = new Map<string, string>();
const MOST_KNOWN = 1000;

function askedTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

export const languageTag: Reader<string> = parsed(canonicalTag, 'a language tag such as de or pt-BR');
