import { createCipheriv, createECDH, type ECDH, hkdfSync, randomFillSync } from 'node:crypto';

/** Whom a message is for: `keys` of a push subscription. */
export interface Receiver {
  /** P-256 point, uncompressed: 65 bytes. */
  readonly p256dh: Uint8Array;
  /** 16 bytes. */
  readonly auth: Uint8Array;
}

const CURVE = 'prime256v1';
const POINT = 65;
const SCALAR = 32;
const SALT = 16;
const TAG = 16;
const RANDOM_PAGE = 4096;
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
 * Encrypts messages (RFC 8291 over RFC 8188, one record, no padding). `begin` makes the key pair of a message, as RFC 8291 section 2
 * asks for, and forgets that of the message before; every body has a salt of its own. A message for many receivers keeps its pair
 * for all of them: what each body is encrypted with comes of its receiver's key, its receiver's `auth` and its salt, so no key is
 * used twice; docs/adr has the reasons, and what it saves (a quarter). The pair is set from random bytes, at a third of what
 * `generateKeys` costs.
 */
export class Encryptor {
  readonly #sender: ECDH = createECDH(CURVE);
  #senderPublic: Buffer = Buffer.alloc(0);
  /** Random bytes, taken a page at a time; none is used twice. */
  readonly #page = Buffer.alloc(RANDOM_PAGE);
  #used = RANDOM_PAGE;
  readonly #info = Buffer.alloc(KEY_INFO.length + 2 * POINT);

  constructor() {
    KEY_INFO.copy(this.#info);
  }

  /** A new message. @param privateKey the sender's, 32 bytes; given by tests only */
  begin(privateKey?: Uint8Array): void {
    if (privateKey) this.#sender.setPrivateKey(privateKey);
    else this.#makeKey();
    this.#senderPublic = this.#sender.getPublicKey();
    this.#info.set(this.#senderPublic, KEY_INFO.length + POINT);
  }

  /**
   * Writes the body for one receiver into `out` from `at` on; it has `plaintext.length + OVERHEAD` bytes.
   * @param salt 16 bytes; given by tests only
   * @returns false when `p256dh` is no point of the curve; then nothing of it may be sent
   */
  encrypt(
    plaintext: Uint8Array,
    { p256dh, auth }: Receiver,
    out: Buffer,
    at: number,
    salt = this.#random(SALT),
  ): boolean {
    const shared = this.#shared(p256dh);
    if (!shared) return false;
    this.#info.set(p256dh, KEY_INFO.length);
    const input = hkdfSync('sha256', shared, auth, this.#info, 32);
    out.set(salt, at);
    out.writeUInt32BE(RECORD_SIZE, at + SALT);
    out[at + SALT + 4] = POINT;
    this.#senderPublic.copy(out, at + SALT + 5);
    writeRecord(plaintext, new Uint8Array(input), salt, out, at + HEADER);
    return true;
  }

  #makeKey(): void {
    for (;;) {
      const scalar = this.#random(SCALAR);
      try {
        this.#sender.setPrivateKey(scalar);
        scalar.fill(0);
        return;
      } catch {
        // Zero or not below the order of the curve: once in 2^32 (FIPS 186-5, A.2.2).
      }
    }
  }

  #random(size: number): Uint8Array {
    if (this.#used + size > RANDOM_PAGE) {
      randomFillSync(this.#page);
      this.#used = 0;
    }
    this.#used += size;
    return this.#page.subarray(this.#used - size, this.#used);
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
