import { background } from '../../kit/background.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { StreamEvent } from '../../streams/stream-event.ts';
import type { StreamEntry } from '../../streams/stream-store.ts';

interface Given {
  readonly entries: readonly StreamEntry[];
  readonly resolve: (saved: readonly StreamEvent[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Entries a transaction, and bytes of their payloads. */
const AT_ONCE = 2000;
const AT_ONCE_BYTES = 8 * 1024 * 1024;

/**
 * What is saved at the same moment shares a transaction: one at a time, with all that was given while the last one ran. What cannot
 * be saved together is saved one caller after another, so that one bad entry fails no others.
 */
export class SaveQueue {
  readonly #save: (entries: readonly StreamEntry[]) => Promise<readonly StreamEvent[]>;
  #given: Given[] = [];
  #saving: Promise<void> | undefined;

  constructor(save: SaveQueue['add']) {
    this.#save = save;
  }

  add(entries: readonly StreamEntry[]): Promise<readonly StreamEvent[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly StreamEvent[]>();
    this.#given.push({ entries, resolve, reject });
    if (!this.#saving) {
      this.#saving = this.#run();
      background(this.#saving);
    }
    return promise;
  }

  async idle(): Promise<void> {
    await this.#saving;
  }

  async #run(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#given.length > 0) await this.#together(this.#some());
    // In the same turn in which nothing was left: what is given next begins again.
    this.#saving = undefined;
  }

  #some(): Given[] {
    let count = 0;
    let characters = 0;
    const end = this.#given.findIndex(({ entries }) => {
      count += entries.length;
      for (const { draft } of entries) characters += draft.payload.length;
      return count > AT_ONCE || characters > AT_ONCE_BYTES;
    });
    return this.#given.splice(0, end < 0 ? this.#given.length : Math.max(1, end));
  }

  async #together(some: readonly Given[]): Promise<void> {
    try {
      const saved = await this.#save(some.flatMap(({ entries }) => entries));
      let at = 0;
      for (const { entries, resolve } of some) {
        resolve(saved.slice(at, at + entries.length));
        at += entries.length;
      }
    } catch (error) {
      if (some.length === 1 || error instanceof RefusedError) for (const { reject } of some) reject(error);
      else for (const each of some) await this.#together([each]);
    }
  }
}
