import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { ConfigError } from '../kit/errors.ts';

/** An RSA key of 4096 bits has 2,375 bytes; what signing costs grows with the cube. */
const MOST_KEY_BYTES = 2500;

export const sha256Hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of the public half of a key: says which key it is. */
export const keyFingerprint = (key: KeyObject): string =>
  sha256Hex(createPublicKey(key).export({ type: 'spki', format: 'der' }));

/** Refuses a private key that takes long to sign with. @throws ConfigError naming the setting `field` */
export function refuseSlowKey(key: KeyObject, field: string): void {
  if (key.export({ type: 'pkcs8', format: 'der' }).length > MOST_KEY_BYTES)
    throw new ConfigError(field, 'the private key is larger than RSA with 4096 bits');
}

/** A key that can be read may be one that cannot sign what is needed, an RSA key of 512 bits. @throws ConfigError naming `field` */
export function trySigning(key: KeyObject, field: string): void {
  refuseSlowKey(key, field);
  try {
    sign('sha256', Buffer.from('martlet'), key);
  } catch {
    throw new ConfigError(field, 'the key cannot sign with SHA-256');
  }
}
