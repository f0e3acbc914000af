/**
 * Keys and certificates as people have them after a copy: out of a terminal, an environment variable, a YAML file, a secret of
 * Kubernetes, an editor of Windows. One rule for all of them, so that a key that works in one place works in every other.
 *
 * A text is PEM (RFC 7468) as OpenSSL reads it, after: a byte order mark, quotes and white space around it are left out; `\n` that
 * stands there literally, CR LF and CR are line breaks; lines that ran together or were cut otherwise are cut at 64 again; base64 of
 * such a text is decoded. Legacy encrypted keys (RFC 1421 headers) keep their lines. Nothing else is guessed.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';

/** Header lines belong to the text between the dashes; the body is base64, in whatever lines. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+?)-----((?:(?!-----BEGIN )[\s\S])*?)-----END \1-----/g;
/** A key in base64 of base64, or in quotes within quotes, was wrapped by two tools; more than that is no accident. */
const MOST_LAYERS = 2;
const WIDTH = /.{1,64}/g;

/** The text of a file: UTF-8 unless a byte order mark says otherwise. */
export function textOfFile(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(bytes.subarray(2, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  return bytes.toString('utf8');
}

/** Without a byte order mark, white space and quotes around it. */
export function bareText(text: string): string {
  let bare = text.replace(/^\uFEFF/, '').trim();
  for (let layer = 0; layer < MOST_LAYERS; layer++) {
    const [quote] = bare;
    if (bare.length < 2 || (quote !== '"' && quote !== "'") || !bare.endsWith(quote)) return bare;
    bare = bare
      .slice(1, -1)
      .replace(/^\uFEFF/, '')
      .trim();
  }
  return bare;
}

/** Bytes of base64 in any spelling: with line breaks, blanks and quotes, `-_` for `+/`, without padding; undefined for anything else. */
export function base64Bytes(text: string): Buffer | undefined {
  const compact = unescaped(bareText(text)).replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
  const [, body = ''] = /^([A-Za-z0-9+/]*)={0,2}$/.exec(compact) ?? [];
  return body === '' || body.length % 4 === 1 ? undefined : Buffer.from(body, 'base64');
}

/** The blocks of a text, each as OpenSSL reads it; empty when there is none. */
export function pemBlocks(text: string): { readonly label: string; readonly pem: string }[] {
  return [...pemIn(text).matchAll(BLOCK)].map(([, label = '', body = '']) => ({ label, pem: written(label, body) }));
}

/** The whole text as OpenSSL reads it; what holds no PEM comes back without what is around it. */
export function repairedPem(text: string): string {
  const blocks = pemBlocks(text);
  return blocks.length === 0 ? bareText(text) : blocks.map(({ pem }) => pem).join('');
}

/** @throws the error of OpenSSL, which may quote nothing of the key */
export function privateKeyIn(text: string, passphrase?: string): KeyObject {
  const { pem } = pemBlocks(text).find(({ label }) => label.endsWith('PRIVATE KEY')) ?? { pem: repairedPem(text) };
  return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
}

/** An escape, or one that was escaped again. */
const unescaped = (text: string): string => text.replace(/\\{1,2}r(?=\\{1,2}n)/g, '').replace(/\\{1,2}[nr]/g, '\n');

function pemIn(text: string, layers = MOST_LAYERS): string {
  const bare = unescaped(bareText(text));
  if (bare.includes('-----BEGIN ') || layers === 0) return bare;
  const inner = base64Bytes(bare)?.toString('utf8');
  return inner === undefined ? bare : pemIn(inner, layers - 1);
}

function written(label: string, body: string): string {
  const isLegacy = body.includes('Proc-Type:');
  const inner = isLegacy ? headersAndBody(body) : (body.replace(/\s+/g, '').match(WIDTH) ?? []).join('\n');
  return `-----BEGIN ${label}-----\n${inner}\n-----END ${label}-----\n`;
}

const headersAndBody = (body: string): string =>
  body
    .split(/\r\n?|\n/)
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();
