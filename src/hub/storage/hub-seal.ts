import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { HubSeal } from './storage.ts';

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

/**
 * A key for each text, derived from the data key and a random salt: with the one key alone, random nonces of 96 bits might meet after
 * 2^32 texts (NIST SP 800-38D, 8.3), which a busy hub seals in days.
 */
const keyOf = (data: Buffer, salt: Buffer): Buffer => createHmac('sha256', data).update(salt).digest();

/** Random bytes in one call for many texts: a call costs more than the bytes. None is given out twice. */
const RANDOM_BYTES = 4096;
function randomHeads(): () => Buffer {
  let random = Buffer.alloc(0);
  return () => {
    if (random.length < HEAD_BYTES) random = randomBytes(RANDOM_BYTES);
    const head = random.subarray(0, HEAD_BYTES);
    random = random.subarray(HEAD_BYTES);
    return head;
  };
}

/** `1.` and base64url of salt, nonce, ciphertext, tag. */
function seal(plain: string, bound: string, { data }: HubKeys, head: Buffer): string {
  const key = keyOf(data, head.subarray(0, SALT_BYTES));
  const cipher = createCipheriv(CIPHER, key, head.subarray(SALT_BYTES)).setAAD(Buffer.from(bound));
  const bytes = Buffer.concat([head, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${bytes.toString('base64url')}`;
}

function open(sealed: string, bound: string, { data }: HubKeys): string {
  if (!sealed.startsWith(`${VERSION}.`)) throw new Error('version');
  const bytes = Buffer.from(sealed.slice(VERSION.length + 1), 'base64url');
  const key = keyOf(data, bytes.subarray(0, SALT_BYTES));
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(SALT_BYTES, HEAD_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(-TAG_BYTES));
  return decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}

/** The lengths keep `a`, `bc` apart from `ab`, `c`. */
const parted = (kind: string, app: string, text: string): string => `${kind.length}.${app.length}.${kind}${app}${text}`;

export function hubSeal(keys: HubKeys): HubSeal {
  const head = randomHeads();
  return {
    seal: (plain, bound) => seal(plain, bound, keys, head()),
    open(sealed, bound) {
      try {
        return open(sealed, bound, keys);
      } catch {
        // The cause of a failed decryption says nothing more, and never may.
        throw new Error('a sealed text of the hub cannot be opened: it is damaged, or belongs to something else');
      }
    },
    hash: (kind, app, text) =>
      createHmac('sha256', keys.hash)
        .update(parted(kind, app, text))
        .digest('base64url'),
  };
}
