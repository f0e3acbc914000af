const PADDING = '='.charCodeAt(0);

/**
 * base64url or plain base64, with or without padding; undefined for anything else. Buffer.from skips what it cannot read, so that
 * fewer bytes come of a text with a wrong character than of one of its length without.
 */
export function decodeBase64(text: string): Buffer | undefined {
  let digits = text.length;
  while (digits > text.length - 2 && text.charCodeAt(digits - 1) === PADDING) digits--;
  const bytes = Buffer.from(text, 'base64url');
  return digits % 4 !== 1 && bytes.length === Math.floor((digits * 3) / 4) ? bytes : undefined;
}
