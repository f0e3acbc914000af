/** So much is written before it is waited for: what a client takes no more of waits in the store. */
const MOST_UNTAKEN = 8192;

export interface OutflowOptions {
  /** `taken` is called once all that was written is with the system. */
  readonly write: (text: string, taken?: () => void) => void;
  /** Monotonic milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** What is written to the client of a stream, and whether it takes it. */
export class Outflow {
  readonly #options: OutflowOptions;
  /** Characters since it was known last that all was taken. */
  #untaken = 0;
  #blockedAt: number | undefined;
  /** Called when a client takes what it did not take for a while. */
  resume = (): void => {};

  constructor(options: OutflowOptions) {
    this.#options = options;
  }

  /** Since when it is waited for that the client takes something; undefined: it does. */
  get blockedAt(): number | undefined {
    return this.#blockedAt;
  }

  /** @returns whether more may be written now */
  write(text: string): boolean {
    const { write, now = () => performance.now() } = this.#options;
    this.#untaken += text.length;
    if (this.#untaken < MOST_UNTAKEN) {
      write(text);
      return true;
    }
    this.#blockedAt ??= now();
    write(text, this.#taken);
    return false;
  }

  readonly #taken = (): void => {
    this.#untaken = 0;
    this.#blockedAt = undefined;
    this.resume();
  };
}
