/**
 * The bundles (bundle.ts) that this process has written: who is in which, and which of their rows may be written over. What a transaction
 * changes is known here once it is in the file, and not before.
 *
 * A bundle is open → done with its last member → free, with all that are older. Rows are written over in the order in which they were
 * written: so what a row says of the members of older ones is there for as long as they are. One that is half settled or has few members
 * left after a second, or keeps very many others from being free, gives its open members rows of their own.
 */
import { Fifo } from '../../kit/fifo.ts';
import type { NewRecord } from './new-record.ts';

/** One that is in the file. */
export interface WrittenBundle {
  /** Its row. */
  readonly slot: number;
  readonly members: number;
  /** Of others, of which it says that they have gone. */
  readonly gone: readonly number[];
  open: number;
  looks: number;
}

/** More are not kept so: a process that was killed leaves them to the next one, which takes them apart before it serves. */
const MOST = 1024;
/** A look is half a second. */
const LOOKS = 1;
/** So many that are done wait for those before them: so many of these are taken apart at a look. */
const MOST_DONE = 256;
const AT_A_LOOK = 64;
/** So many are taken apart in one turn of the event loop. */
const AT_ONCE = 16;
/** So few are not worth a row of this size. */
const FEW = 4;

export class Bundles {
  readonly #byMember = new Map<number, WrittenBundle>();
  /** Those that are not free, oldest first. */
  readonly #used = new Set<WrittenBundle>();
  /** Rows to write over, oldest first. */
  readonly #free = new Fifo<number>();
  #rows = 0;
  #last: WrittenBundle | undefined;
  /** Those that the last look has found, without those that were given out. */
  #old: WrittenBundle[] = [];

  get hasRoom(): boolean {
    return this.#used.size < MOST;
  }

  /** There are rows, and nothing in them is open. */
  get isSpent(): boolean {
    return this.#used.size === 0 && this.#rows > 0;
  }

  [Symbol.iterator](): IterableIterator<WrittenBundle> {
    return this.#used.values();
  }

  holds(key: number): boolean {
    return this.#byMember.has(key);
  }

  /** The newest, when it has no members and never had: what it says can be said by the next one, in its row. */
  get tail(): WrittenBundle | undefined {
    return this.#last && this.#last.members === 0 && this.#used.has(this.#last) ? this.#last : undefined;
  }

  /** The rows for the next bundles. */
  slots(count: number): number[] {
    const slots = this.tail ? [this.tail.slot] : [];
    for (const slot of this.#free) {
      if (slots.length >= count) break;
      slots.push(slot);
    }
    for (let row = this.#rows; slots.length < count; ) slots.push(++row);
    return slots;
  }

  /** A bundle is in the file, in the next of `slots`. */
  added(slot: number, records: readonly NewRecord[], gone: readonly number[]): void {
    const { tail } = this;
    if (tail?.slot === slot) this.#used.delete(tail);
    else if (slot > this.#rows) this.#rows = slot;
    else this.#free.shift();
    const members = records.length;
    const bundle: WrittenBundle = { slot, members, gone, open: members, looks: 0 };
    this.#used.add(bundle);
    this.#last = bundle;
    for (const { key } of records) this.#byMember.set(key, bundle);
  }

  /** The file says that these have gone. */
  gone(keys: readonly number[]): void {
    for (const key of keys) {
      const bundle = this.#byMember.get(key);
      if (!bundle) continue;
      this.#byMember.delete(key);
      bundle.open--;
    }
    for (const bundle of this.#used) {
      if (bundle.open > 0) return;
      this.#used.delete(bundle);
      this.#free.push(bundle.slot);
    }
  }

  /** The file has no rows any more. */
  cleared(): void {
    this.#byMember.clear();
    this.#used.clear();
    this.#free.retain(() => false);
    this.#rows = 0;
    this.#last = undefined;
    this.#old = [];
  }

  /** There are more of those that the last look has found. */
  get hasOld(): boolean {
    return this.#old.length > 0;
  }

  /** The next ones to take apart; to be called every half second, and in a later turn as long as `hasOld`. */
  old(): WrittenBundle[] {
    if (!this.hasOld) this.#old = this.#look();
    return this.#old.splice(0, AT_ONCE).filter(({ open }) => open > 0);
  }

  #look(): WrittenBundle[] {
    const used = [...this.#used];
    const isCrowded = used.filter(({ open }) => open === 0).length > MOST_DONE;
    const late = used.filter((bundle) => bundle.open > 0 && ++bundle.looks > LOOKS);
    const inTheWay = new Set(isCrowded ? late.slice(0, AT_A_LOOK) : []);
    return late.filter((bundle) => inTheWay.has(bundle) || bundle.open <= FEW || bundle.open * 2 <= bundle.members);
  }
}
