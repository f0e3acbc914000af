import { createDecipheriv, type ECDH, hkdfSync } from 'node:crypto';

/** The receiving side of a subscription: what a browser keeps. */
export interface ReceiverKeys {
  /** Holds the private key of `p256dh`. */
  readonly ecdh: ECDH;
  readonly auth: Uint8Array;
}

const KEY_INFO = Buffer.from('WebPush: info\0', 'latin1');
const CEK_INFO = Buffer.from('Content-Encoding: aes128gcm\0', 'latin1');
const NONCE_INFO = Buffer.from('Content-Encoding: nonce\0', 'latin1');
const SALT = 16;
const TAG = 16;
const FIXED = SALT + 5;

const derive = (input: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', input, salt, info, length));

/**
 * The message of a body in the content coding aes128gcm (RFC 8188), any number of records.
 * @param inputFor the input keying material for the key id of the body
 * @throws Error when the body is not of that form, or was encrypted for other keys
 */
export function decryptContent(body: Buffer, inputFor: (keyId: Buffer) => Uint8Array): Buffer {
  if (body.length < FIXED) throw new Error('the header is cut');
  const salt = body.subarray(0, SALT);
  const recordSize = body.readUInt32BE(SALT);
  const keyId = body.subarray(FIXED, FIXED + (body[SALT + 4] as number));
  if (recordSize < TAG + 2) throw new Error('the record size is below 18');
  const input = inputFor(keyId);
  const key = derive(input, salt, CEK_INFO, 16);
  const base = derive(input, salt, NONCE_INFO, 12);
  const parts: Buffer[] = [];
  for (let at = FIXED + keyId.length, sequence = 0; ; sequence++) {
    const record = body.subarray(at, at + recordSize);
    at += recordSize;
    const isLast = at >= body.length;
    parts.push(openRecord(record, key, nonceOf(base, sequence), isLast));
    if (isLast) return Buffer.concat(parts);
  }
}

/** RFC 8188 section 2.3: the base nonce, its last bytes exclusive-or the number of the record. */
function nonceOf(base: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(base);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8);
  return nonce;
}

function openRecord(record: Buffer, key: Buffer, nonce: Buffer, isLast: boolean): Buffer {
  if (record.length < TAG + 1) throw new Error('a record is cut');
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(record.length - TAG));
  const padded = Buffer.concat([decipher.update(record.subarray(0, record.length - TAG)), decipher.final()]);
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (padded[end] !== (isLast ? 2 : 1)) throw new Error('a record has no delimiter');
  return padded.subarray(0, end);
}

/** The message of a Web Push body (RFC 8291). @throws Error as `decryptContent` */
export function decryptPush(body: Buffer, { ecdh, auth }: ReceiverKeys): Buffer {
  return decryptContent(body, (senderPublic) => {
    if (senderPublic.length !== 65) throw new Error('the key id is not a public key');
    const info = Buffer.concat([KEY_INFO, ecdh.getPublicKey(), senderPublic]);
    return derive(ecdh.computeSecret(senderPublic), auth, info, 32);
  });
}
