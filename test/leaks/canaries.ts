import { createPrivateKey } from 'node:crypto';

/** So much of a key found anywhere is a leak: 12 characters of base64 are 72 bits of it. */
const WINDOW = 12;

/** Base64 of a text that may begin anywhere within a longer one: the characters that depend on its neighbours are left out. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const all = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const own = all.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 4) / 3) - 1);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  return [text, encodeURIComponent(text), hex, hex.toUpperCase(), ...inBase64(bytes)];
}

/** What only a private key has: its PEM without the beginning, which all keys of a kind share, and its secret number. */
function partsOfKey(pem: string): string[] {
  const key = createPrivateKey(pem);
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const { d = '', p = '' } = key.export({ format: 'jwk' }) as { d?: string; p?: string };
  const base64 = lines.join('');
  // The header of PKCS #8 is the same for all keys of a kind; of an RSA key the modulus, which is public, comes first.
  const own = key.asymmetricKeyType === 'rsa' ? base64.slice(base64.length / 2) : base64.slice(60, 100);
  return [own, d, p];
}

export interface Canary {
  /** What it is, for the message. */
  readonly name: string;
  readonly text: string;
  /** `key`: every part of it is secret; `token`: a device token, parts of which may be shown. */
  readonly kind: 'key' | 'token';
}

/** Finds secrets in texts, in whatever form. */
export class Canaries {
  /** Every part of the secrets that is as long as the window. */
  readonly #parts = new Map<string, string>();
  readonly #tokens = new Map<string, string>();

  constructor(canaries: readonly Canary[] = []) {
    for (const canary of canaries) this.add(canary);
  }

  add({ name, text, kind }: Canary): void {
    if (kind === 'token') for (const form of formsOf(text)) this.#tokens.set(form, name);
    else if (text.startsWith('-----BEGIN')) for (const part of partsOfKey(text)) this.#addKey(name, part);
    else this.#addKey(name, text);
  }

  /** Names of the secrets that the text holds, with what stands there. @param tokens whether device tokens count */
  foundIn(text: string, { tokens }: { tokens: boolean }): string[] {
    const found = new Map<string, string>();
    for (let at = 0; at + WINDOW <= text.length; at++) {
      const name = this.#parts.get(text.slice(at, at + WINDOW));
      if (name && !found.has(name)) found.set(name, text.slice(Math.max(0, at - 60), at + 40));
    }
    if (tokens)
      for (const [form, name] of this.#tokens)
        if (text.includes(form))
          found.set(name, text.slice(Math.max(0, text.indexOf(form) - 60), text.indexOf(form) + 40));
    return [...found].map(([name, place]) => `${name}: …${place}…`);
  }

  #addKey(name: string, text: string): void {
    for (const form of formsOf(text))
      for (let at = 0; at + WINDOW <= form.length; at++) this.#parts.set(form.slice(at, at + WINDOW), name);
  }
}
