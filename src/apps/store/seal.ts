import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { HOW_TO_SET, type MasterKey, MasterKeyError, type MasterKeys } from './master-keys.ts';

/**
 * Envelope encryption: a secret is sealed with a random key of its own, and that key with the master key, both by AES-256-GCM.
 * A sealed text is `v1.<id of the master key>.<sealed key>.<sealed secret>`, the last two in base64url as nonce, ciphertext, tag.
 */
const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a secret belongs to: it opens as nothing else. */
export interface SealedFor {
  readonly app: string;
  /** The section of the app's settings. */
  readonly part: string;
}

/** The lengths keep `a`, `b-c` apart from `a-b`, `c`. */
const boundTo = ({ app, part }: SealedFor, what: 'key' | 'secret'): Buffer =>
  Buffer.from(JSON.stringify(['martlet', VERSION, what, app, part]));

function encrypt(key: Buffer, plain: Buffer, aad: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

function decrypt(key: Buffer, sealed: string, aad: Buffer): Buffer {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** @returns a text that only the master key opens, and only as a secret of `of` */
export function seal(plain: string, of: SealedFor, { id, bytes }: MasterKey): string {
  const key = randomBytes(KEY_BYTES);
  const sealedKey = encrypt(bytes, key, boundTo(of, 'key'));
  return [VERSION, id, sealedKey, encrypt(key, Buffer.from(plain), boundTo(of, 'secret'))].join('.');
}

/** The id of the master key that a text was sealed with. */
export const sealedWith = (sealed: string): string => sealed.split('.')[1] ?? '';

/**
 * The secret that was sealed for `of`.
 * @throws MasterKeyError when there is no key, not the right one, or the text was sealed for something else or tampered with
 */
export function unseal(sealed: string, of: SealedFor, keys: MasterKeys | undefined): string {
  const what = `the secrets of app ${of.app} (${of.part})`;
  const [version, id = '', sealedKey = '', secret = ''] = sealed.split('.');
  if (!keys) throw new MasterKeyError(`${what} are sealed and there is no master key: ${HOW_TO_SET}`);
  const master = keys.find((key) => key.id === id);
  if (!master) {
    const wrong = `${what} are sealed with master key ${id.slice(0, 16)}, which is not given`;
    throw new MasterKeyError(`${wrong}: add it to MARTLET_MASTER_KEY or to the file of apps.master_key_path`);
  }
  try {
    if (version !== VERSION) throw new Error(`version ${version}`);
    const key = decrypt(master.bytes, sealedKey, boundTo(of, 'key'));
    return decrypt(key, secret, boundTo(of, 'secret')).toString();
  } catch {
    // The cause of a failed decryption says nothing more, and never may.
    throw new MasterKeyError(`${what} cannot be opened: the record is damaged, or was sealed for another app`);
  }
}
