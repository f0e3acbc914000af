import { createCipheriv, createECDH, type ECDH, hkdfSync, randomFillSync } from 'node:crypto';

/** Whom a message is for: `keys` of a push subscription. */
export interface Receiver {
  /** P-256 point, uncompressed: 65 bytes. */
  readonly p256dh: Uint8Array;
  /** 16 bytes. */
  readonly auth: Uint8Array;
}

/** What is random in a message; given by tests only. */
export interface Randomness {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** The sender's private key: 32 bytes. */
  readonly privateKey: Uint8Array;
}

const CURVE = 'prime256v1';
const POINT = 65;
const SCALAR = 32;
const SALT = 16;
const TAG = 16;
/** RFC 8188 section 2.1: salt, record size (4 bytes), length of the key id (1), key id (the sender's public key). */
const HEADER = SALT + 4 + 1 + POINT;
const RECORD_SIZE = 4096;
/** RFC 8188 section 2: the last record ends in this octet. */
const LAST_RECORD = 2;

/** Bytes that encryption adds. */
export const OVERHEAD = HEADER + 1 + TAG;
/** RFC 8030 section 7.2: a push service need not take a larger body. */
export const MOST_BODY = 4096;
export const MOST_PLAINTEXT = MOST_BODY - OVERHEAD;

const KEY_INFO = Buffer.from('WebPush: info\0', 'latin1');
const CEK_INFO = Buffer.from('Content-Encoding: aes128gcm\0', 'latin1');
const NONCE_INFO = Buffer.from('Content-Encoding: nonce\0', 'latin1');

/**
 * Encrypts messages (RFC 8291 over RFC 8188, one record, no padding). Each has a sender's key pair and a salt of its own, as
 * RFC 8291 section 3.1 asks. What is used again is the memory: the object that holds the sender's key, and the text that
 * HKDF is given. The sender's key is set from random bytes, which makes a key pair at a third of what `generateKeys` costs.
 */
export class Encryptor {
  readonly #sender: ECDH = createECDH(CURVE);
  readonly #scalar = Buffer.alloc(SCALAR);
  readonly #info = Buffer.alloc(KEY_INFO.length + 2 * POINT);

  constructor() {
    KEY_INFO.copy(this.#info);
  }

  /**
   * Writes the body for one receiver into `out` from `at` on; it has `plaintext.length + OVERHEAD` bytes.
   * @returns false when `p256dh` is no point of the curve; then nothing of it may be sent
   */
  encrypt(plaintext: Uint8Array, receiver: Receiver, out: Buffer, at: number, random?: Randomness): boolean {
    const salt = out.subarray(at, at + SALT);
    if (random) salt.set(random.salt);
    else randomFillSync(salt);
    this.#takeKey(random?.privateKey);
    const senderPublic = this.#sender.getPublicKey();
    const shared = this.#shared(receiver.p256dh);
    if (!shared) return false;
    this.#info.set(receiver.p256dh, KEY_INFO.length);
    this.#info.set(senderPublic, KEY_INFO.length + POINT);
    const input = hkdfSync('sha256', shared, receiver.auth, this.#info, 32);
    out.writeUInt32BE(RECORD_SIZE, at + SALT);
    out[at + SALT + 4] = POINT;
    senderPublic.copy(out, at + SALT + 5);
    writeRecord(plaintext, new Uint8Array(input), salt, out, at + HEADER);
    return true;
  }

  #takeKey(given: Uint8Array | undefined): void {
    if (given) {
      this.#sender.setPrivateKey(given);
      return;
    }
    for (;;) {
      randomFillSync(this.#scalar);
      try {
        this.#sender.setPrivateKey(this.#scalar);
        return;
      } catch {
        // Zero or not below the order of the curve: once in 2^32 (FIPS 186-5, A.2.2).
      }
    }
  }

  #shared(p256dh: Uint8Array): Buffer | undefined {
    try {
      return this.#sender.computeSecret(p256dh);
    } catch {
      return undefined;
    }
  }
}

/** The only record of a body (RFC 8188 section 2). @param input the input keying material */
function writeRecord(plaintext: Uint8Array, input: Uint8Array, salt: Uint8Array, out: Buffer, at: number): void {
  const key = new Uint8Array(hkdfSync('sha256', input, salt, CEK_INFO, 16));
  const nonce = new Uint8Array(hkdfSync('sha256', input, salt, NONCE_INFO, 12));
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const text = Buffer.allocUnsafe(plaintext.length + 1);
  text.set(plaintext);
  text[plaintext.length] = LAST_RECORD;
  out.set(cipher.update(text), at);
  cipher.final();
  out.set(cipher.getAuthTag(), at + text.length);
}
