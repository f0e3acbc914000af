import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { HubSeal } from './storage.ts';
import { UnreadableError } from './unreadable.ts';

/** 32 bytes each. */
export interface HubKeys {
  readonly data: Buffer;
  readonly hash: Buffer;
}

const VERSION = '1';
const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 12;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = SALT_BYTES + NONCE_BYTES;

/** Texts that share a salt, and so a key: deriving one costs as much as sealing with it. */
const SHARED = 4096;
/** Derived keys that are kept: texts that were sealed together are opened together. */
const MOST_KEYS = 1000;

/**
 * A key for every SHARED texts, derived from the data key and a random salt: with the one key alone, random nonces of 96 bits might meet
 * after 2^32 texts (NIST SP 800-38D, 8.3), which a busy hub seals in days.
 */
class DerivedKeys {
  readonly #data: Buffer;
  readonly #known = new Map<string, KeyObject>();
  #left = 0;
  #salt: Buffer = Buffer.alloc(0);
  #key: KeyObject | undefined;

  constructor(data: Buffer) {
    this.#data = data;
  }

  /** For the next text. */
  next(): { readonly salt: Buffer; readonly key: KeyObject } {
    if (this.#left === 0 || !this.#key) {
      this.#salt = randomBytes(SALT_BYTES);
      this.#key = this.of(this.#salt);
      this.#left = SHARED;
    }
    this.#left--;
    return { salt: this.#salt, key: this.#key };
  }

  of(salt: Buffer): KeyObject {
    const name = salt.toString('latin1');
    const known = this.#known.get(name);
    if (known) return known;
    const key = createSecretKey(createHmac('sha256', this.#data).update(salt).digest());
    if (this.#known.size >= MOST_KEYS) this.#known.clear();
    this.#known.set(name, key);
    return key;
  }
}

/** Random bytes in one call for many texts: a call costs more than the bytes. None is given out twice. */
const RANDOM_BYTES = 4096;
function randomNonces(): () => Buffer {
  let random = Buffer.alloc(0);
  return () => {
    if (random.length < NONCE_BYTES) random = randomBytes(RANDOM_BYTES);
    const nonce = random.subarray(0, NONCE_BYTES);
    random = random.subarray(NONCE_BYTES);
    return nonce;
  };
}

/** `1.` and base64url of salt, nonce, ciphertext, tag. */
function seal(plain: string, bound: string, keys: DerivedKeys, nonce: Buffer): string {
  const { salt, key } = keys.next();
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(bound));
  const bytes = Buffer.concat([salt, nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${bytes.toString('base64url')}`;
}

function open(sealed: string, bound: string, keys: DerivedKeys): string {
  if (!sealed.startsWith(`${VERSION}.`)) throw new Error('version');
  const bytes = Buffer.from(sealed.slice(VERSION.length + 1), 'base64url');
  const key = keys.of(bytes.subarray(0, SALT_BYTES));
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(SALT_BYTES, HEAD_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(-TAG_BYTES));
  // All of it comes out of the first call: a decoder of texts in pieces would cost a fifth of it all.
  const plain = decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES));
  decipher.final();
  return plain.toString('utf8');
}

/** Bytes of a block of SHA-256. */
const BLOCK = 64;
const INNER = 0x36;
const OUTER = 0x5c;

/**
 * HMAC-SHA-256 (RFC 2104) in base64url. Its two hashes are a call each; an object of node:crypto for each text takes half as long again.
 * @param key of a block at most
 */
function hmacWith(key: Buffer): (text: string) => string {
  const padded = (pad: number): Buffer => Buffer.alloc(BLOCK, pad).map((byte, at) => byte ^ (key[at] ?? 0)) as Buffer;
  const inner = padded(INNER);
  const outer = Buffer.concat([padded(OUTER), Buffer.alloc(32)]);
  return (text) => {
    outer.write(hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'latin1'), BLOCK, 'latin1');
    return hash('sha256', outer, 'base64url');
  };
}

/** The lengths keep `a`, `bc` apart from `ab`, `c`. */
const parted = (kind: string, app: string, text: string): string => `${kind.length}.${app.length}.${kind}${app}${text}`;

export function hubSeal(keys: HubKeys): HubSeal {
  const derived = new DerivedKeys(keys.data);
  const nonce = randomNonces();
  const hmac = hmacWith(keys.hash);
  return {
    seal: (plain, bound) => seal(plain, bound, derived, nonce()),
    open(sealed, bound) {
      try {
        return open(sealed, bound, derived);
      } catch {
        throw new UnreadableError();
      }
    },
    hash: (kind, app, text) => hmac(parted(kind, app, text)),
  };
}
