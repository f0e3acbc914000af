import { newBits, setBit } from '../../kit/bits.ts';
import { targetCount } from '../../push/targets.ts';
import { type Batch, placeOf, type QueueEntry } from '../queue.ts';

/** A message under way at this instance. */
export interface Held {
  readonly id: string;
  readonly entry: QueueEntry;
  /** Monotonic milliseconds. */
  readonly since: number;
  open: number;
  /** Taken by the lane, neither settled nor deferred. */
  out: number;
  /** A bit for each settled place, and whether the broker has yet to keep it. */
  done: Uint8Array | undefined;
  dirty: boolean;
}

/** The messages that this instance has under way, and how far each has got. */
export class HeldMessages {
  readonly #byId = new Map<string, Held>();
  readonly #byKey = new Map<number, Held>();
  #nextKey = 1;

  get size(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  ids(): string[] {
    return [...this.#byId.keys()];
  }

  all(): Held[] {
    return [...this.#byId.values()];
  }

  /** Undefined when the message of the batch was handed back to the broker. */
  of(batch: Batch): Held | undefined {
    return this.#byKey.get(batch.entry.key);
  }

  withId(id: string): Held | undefined {
    return this.#byId.get(id);
  }

  withKey(key: number): Held | undefined {
    return this.#byKey.get(key);
  }

  newKey(): number {
    return this.#nextKey++;
  }

  /** @param entry has its key */
  add(id: string, entry: QueueEntry, isDone: (place: number) => boolean, since: number): void {
    const size = targetCount(entry.groups);
    let done: Uint8Array | undefined;
    if (entry.open < size) {
      done = newBits(size);
      for (let place = 0; place < size; place++) if (isDone(place)) setBit(done, place);
    }
    const held = { id, entry, since, open: entry.open, out: 0, done, dirty: false };
    this.#byId.set(id, held);
    this.#byKey.set(entry.key, held);
  }

  drop(held: Held): void {
    this.#byId.delete(held.id);
    this.#byKey.delete(held.entry.key);
  }
}

/** Notes what of a batch has its final outcome. True when that was the last of its message. */
export function settleIn(held: Held, batch: Batch, indexes: readonly number[]): boolean {
  held.out -= indexes.length;
  held.open -= indexes.length;
  if (held.open === 0) return true;
  held.done ??= newBits(targetCount(held.entry.groups));
  for (const index of indexes) setBit(held.done, placeOf(batch, index));
  held.dirty = true;
  return false;
}
