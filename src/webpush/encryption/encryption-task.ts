/** What goes to the thread that encrypts, and what comes back. */

/** Where `auth` begins in a packed receiver, and how long one is: p256dh, auth. */
export const AUTH = 65;
export const RECEIVER = 81;

export interface EncryptionTask {
  readonly id: number;
  readonly plaintext: Uint8Array;
  /** Receivers, packed: `RECEIVER` bytes each. */
  readonly keys: Uint8Array;
}

export interface EncryptionAnswer {
  readonly id: number;
  /** `plaintext.length + OVERHEAD` bytes for each receiver, in their order. */
  readonly bodies: Uint8Array;
  /** Indexes of receivers whose p256dh is no point of the curve; their bodies hold nothing. */
  readonly bad: readonly number[];
}
