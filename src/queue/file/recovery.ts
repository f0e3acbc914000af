/**
 * Brings requests back that an earlier process, or another one's file, left: the oldest first, some in each turn of the event
 * loop, and no more at a time than there is room for in memory. The rest stays in the file.
 *
 * - `idle`: everything is back. → reading by `add`.
 * - `reading`: a turn is planned. → reading, → waiting when the next request finds no room, → idle after the last one.
 * - `waiting`: → reading when something was settled.
 */
import { vital } from '../../kit/vital.ts';
import { type JournalRecord, openPushes } from './journal-record.ts';
import type { JournalBacklog } from './record-store.ts';

export interface RecoveryOptions {
  /** The oldest record with a greater key. */
  readonly after: (key: number) => JournalRecord | undefined;
  readonly hasRoomFor: (record: JournalRecord) => boolean;
  readonly restore: (record: JournalRecord) => void;
  /** Everything is back; also when there is nothing. */
  readonly onDone: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Milliseconds of a turn of the event loop. */
const TURN_MS = 10;

type State = 'idle' | 'reading' | 'waiting';

export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #turn = vital('bringing requests back from the queue file', () => this.#read());
  readonly #ranges: { next: number; readonly last: number }[] = [];
  #state: State = 'idle';
  #records = 0;
  #pushes = 0;
  /** Read, but there is no room for it yet. */
  #held: JournalRecord | undefined;
  #closed = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Requests and pushes that are still in the file alone. */
  get left(): { readonly records: number; readonly pushes: number } {
    return { records: this.#records, pushes: this.#pushes };
  }

  /** There is more than memory has room for: nothing else shall take it. */
  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** What the file holds between two keys. Begins with the next turn. */
  add(first: number, { lastKey, records, pushes }: JournalBacklog): void {
    if (records === 0) {
      if (this.#state === 'idle') this.#options.onDone();
      return;
    }
    this.#ranges.push({ next: first, last: lastKey });
    this.#records += records;
    this.#pushes += pushes;
    this.#plan();
  }

  /** Something was settled. */
  roomWasMade(): void {
    if (this.#state === 'waiting') this.#plan();
  }

  close(): void {
    this.#closed = true;
    this.#state = 'idle';
    this.#held = undefined;
  }

  #plan(): void {
    if (this.#state === 'reading') return;
    this.#state = 'reading';
    setImmediate(this.#turn);
  }

  #read(): void {
    if (this.#closed) return;
    const { hasRoomFor, restore, now } = this.#options;
    const until = now() + TURN_MS;
    do {
      const record = this.#held ?? this.#next();
      if (!record) {
        this.#state = 'idle';
        this.#options.onDone();
        return;
      }
      if (!hasRoomFor(record)) {
        this.#held = record;
        this.#state = 'waiting';
        return;
      }
      this.#held = undefined;
      this.#records--;
      this.#pushes -= openPushes(record);
      restore(record);
    } while (now() < until);
    setImmediate(this.#turn);
  }

  #next(): JournalRecord | undefined {
    for (let range = this.#ranges[0]; range; range = this.#ranges[0]) {
      const record = range.next > range.last ? undefined : this.#options.after(range.next - 1);
      if (record && record.key <= range.last) {
        range.next = record.key + 1;
        return record;
      }
      this.#ranges.shift();
    }
    return undefined;
  }
}
