import { parsed, type Reader } from '../../kit/json/readers.ts';

/** A BCP 47 tag in its usual form, `pt-BR`; `pt_BR`, as Android writes it, is understood. Undefined for anything else. */
export function canonicalTag(text: string): string | undefined {
  if (text.length > 100) return undefined;
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

export const languageTag: Reader<string> = parsed(canonicalTag, 'a language tag such as de or pt-BR');
