import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** More characters than a written number has. */
const LONGEST = 40;

/**
 * A telephone number as providers take it (E.164, `+4915112345678`); undefined for anything else. The country code has to be
 * there: without it the same digits are another person's in another country.
 */
export function phoneNumber(text: string): string | undefined {
  if (text.length > LONGEST || !text.trimStart().startsWith('+')) return undefined;
  const parsed = parsePhoneNumberFromString(text.trim(), { extract: false });
  return parsed?.isPossible() ? parsed.number : undefined;
}
