const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** All that JSON may have between its parts is no greater. */
const SPACE = 0x20;
const LAST_VISIBLE = 0x7e;
/** By byte: 1 where it stands for itself. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > SPACE && byte <= LAST_VISIBLE && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
const NAME = [...'"name"'].map((char) => char.charCodeAt(0));

/** After what may be left out. */
function skipSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(bytes[at] as number)) at++;
  return at;
}

const isSpace = (byte: number): boolean => byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * The name of the message in an answer that is `{"name": "…"}` and nothing else, as FCM's are: every accepted push comes by here, so that
 * nothing is made of it but the name. Undefined for anything else, escapes and characters beyond ASCII among it.
 */
export function messageNameIn(bytes: Buffer, start: number, end: number): string | undefined {
  let at = skipSpace(bytes, start, end);
  if (bytes[at] !== OPEN_BRACE) return undefined;
  at = skipSpace(bytes, at + 1, end);
  for (const char of NAME) if (bytes[at++] !== char) return undefined;
  at = skipSpace(bytes, at, end);
  if (bytes[at] !== COLON) return undefined;
  at = skipSpace(bytes, at + 1, end);
  if (bytes[at] !== QUOTE) return undefined;
  const from = at + 1;
  const to = endOfText(bytes, from, end);
  if (to === from || bytes[to] !== QUOTE) return undefined;
  at = skipSpace(bytes, to + 1, end);
  if (at >= end || bytes[at] !== CLOSE_BRACE || skipSpace(bytes, at + 1, end) !== end) return undefined;
  return bytes.toString('latin1', from, to);
}

/** Where the visible ASCII without quote and backslash ends. */
function endOfText(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && IS_PLAIN[bytes[at] as number] === 1) at++;
  return at;
}
