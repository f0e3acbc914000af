/**
 * How a text is cut into SMS segments (3GPP TS 23.038 and 23.040): GSM-7 packs 160 characters into one message and 153 into each
 * part of several, UCS-2 packs 70 and 67 UTF-16 units. One character outside GSM-7 turns the whole text into UCS-2, so typographic
 * quotes, dashes and blanks are replaced by their GSM-7 likes first.
 */

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Characters behind the escape of the basic table: two septets each. */
const EXTENDED = new Set('^{}\\[~]|€\f');

/** Typographic characters whose plain likes say the same. */
const PLAIN: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201b': "'",
  '\u2032': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u201f': '"',
  '\u2033': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2015': '-',
  '\u2212': '-',
  '\u2026': '...',
  '\u00a0': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
  '\u200b': '',
  '\ufeff': '',
  '\t': ' ',
};
const TYPOGRAPHIC = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu');

export type SmsEncoding = 'gsm-7' | 'ucs-2';

export interface SmsSize {
  readonly encoding: SmsEncoding;
  readonly segments: number;
}

/** Units of one message alone, and of each part of several. */
const LENGTHS = { 'gsm-7': { alone: 160, part: 153 }, 'ucs-2': { alone: 70, part: 67 } } as const;

/** Replaces typographic characters, and line breaks by LF. */
export const normalised = (text: string): string =>
  text.replaceAll('\r\n', '\n').replaceAll(TYPOGRAPHIC, (character) => PLAIN[character] ?? character);

export const encodingOf = (text: string): SmsEncoding => {
  for (const character of text) if (!BASIC.has(character) && !EXTENDED.has(character)) return 'ucs-2';
  return 'gsm-7';
};

/** Septets or UTF-16 units. A surrogate pair and an escaped character are never parted. */
const unitsOf = (character: string, encoding: SmsEncoding): number =>
  encoding === 'ucs-2' ? character.length : EXTENDED.has(character) ? 2 : 1;

/** How many segments a text makes; an empty one makes one. Time grows with the length of the text. */
export function sizeOfSms(text: string): SmsSize {
  const encoding = encodingOf(text);
  const { alone, part } = LENGTHS[encoding];
  let total = 0;
  let segments = 1;
  let inPart = 0;
  for (const character of text) {
    const units = unitsOf(character, encoding);
    total += units;
    if (inPart + units > part) {
      segments += 1;
      inPart = 0;
    }
    inPart += units;
  }
  return { encoding, segments: total <= alone ? 1 : segments };
}

const MARK = '...';
/** No text of more characters fits into the 10 segments that providers take: what is longer is not looked at. */
const LONGEST = 1600;

/**
 * The text, cut where it would make more than `most` segments: at the end of a grapheme, so that no emoji and no accent is torn,
 * and with "..." inside the cap.
 */
export function cutToSegments(text: string, most: number): string {
  const head = text.length > LONGEST ? text.slice(0, LONGEST + 1) : text;
  if (text.length <= LONGEST && sizeOfSms(head).segments <= most) return head;
  const ends = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(head)].map(({ index }) => index);
  let low = 0;
  let high = ends.length - 1;
  // The size never shrinks as a text grows but for the encoding, which one character decides; so the longest that fits is found by halving.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sizeOfSms(head.slice(0, ends[middle]) + MARK).segments <= most) low = middle;
    else high = middle - 1;
  }
  return head.slice(0, ends[low]).trimEnd() + MARK;
}
