import { background } from '../../kit/background.ts';
import type { PersonReply } from '../../push/push.ts';

/** Beyond that they are lost: providers that know STOP send nothing to such a number by themselves. */
const MOST_WAITING = 10_000;
const AGAIN_MS = 5000;

/**
 * What people answer to messages, one after the other: those that came before the hub was open, or while its store was away, wait.
 */
export class HubReplies {
  readonly #waiting: PersonReply[] = [];
  #write: ((reply: PersonReply) => Promise<void>) | undefined;
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param write rejects: it is tried again */
  listen(write: (reply: PersonReply) => Promise<void>): void {
    this.#write = write;
    this.#go();
  }

  add(reply: PersonReply): void {
    if (this.#isClosed || this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(reply);
    this.#go();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #go(): void {
    if (!this.#write || this.#isWriting || this.#timer || this.#isClosed) return;
    this.#isWriting = true;
    background(this.#all(this.#write));
  }

  async #all(write: (reply: PersonReply) => Promise<void>): Promise<void> {
    try {
      for (let [next] = this.#waiting; next && !this.#isClosed; [next] = this.#waiting) {
        await write(next);
        this.#waiting.shift();
      }
    } catch {
      // The store says by itself when it cannot be reached.
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#go();
      }, AGAIN_MS).unref();
    } finally {
      this.#isWriting = false;
    }
    if (this.#waiting.length > 0) this.#go();
  }
}
