/** So much is written before it is waited for: what a client takes no more of waits in the store. */
const MOST_UNTAKEN = 8192;
/** Bytes of an event that are written at a time: a client that takes one after the other is slow, and is there. */
const PART = 16_384;

const NOTHING = (): void => {};
const monotonic = (): number => performance.now();

/** What is written to: the answer of a request, for example. */
export interface OutflowTarget {
  /** `taken` is called once all that was written is with the system. */
  write(text: string, taken?: () => void): unknown;
  /** The same for a part of what is too large for one; others follow where it is not the last. */
  writePart(part: Uint8Array, isLast: boolean, taken: () => void): unknown;
}

/** What is written to the client of a stream, and whether it takes it. There are as many as streams: it keeps as little as it can. */
export class Outflow {
  readonly #target: OutflowTarget;
  readonly #now: () => number;
  /** Characters since it was known last that all was taken. */
  #untaken = 0;
  #blockedAt: number | undefined;
  /** Called when a client takes what it did not take for a while. */
  resume: () => void = NOTHING;

  /** @param now monotonic milliseconds */
  constructor(target: OutflowTarget, now: () => number = monotonic) {
    this.#target = target;
    this.#now = now;
  }

  /** Since when it is waited for that the client takes something; undefined: it does. */
  get blockedAt(): number | undefined {
    return this.#blockedAt;
  }

  /** @returns whether more may be written now */
  write(text: string): boolean {
    this.#untaken += text.length;
    if (this.#untaken < MOST_UNTAKEN) {
      this.#target.write(text);
      return true;
    }
    this.#blockedAt ??= this.#now();
    if (text.length <= PART) this.#target.write(text, () => this.#taken());
    else this.#writeParts(Buffer.from(text));
    return false;
  }

  #writeParts(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PART) {
      const isLast = at + PART >= bytes.length;
      this.#target.writePart(bytes.subarray(at, at + PART), isLast, () => (isLast ? this.#taken() : this.#takes()));
    }
  }

  /** A part was taken, and others wait. */
  #takes(): void {
    if (this.#blockedAt !== undefined) this.#blockedAt = this.#now();
  }

  #taken(): void {
    this.#untaken = 0;
    this.#blockedAt = undefined;
    this.resume();
  }
}
