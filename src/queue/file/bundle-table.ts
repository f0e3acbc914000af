import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BUNDLE_BYTES, bundled, decodeBundle, encodeBundle, type Sums } from './bundle.ts';
import { Bundles, type WrittenBundle } from './bundles.ts';
import type { NewRecord } from './new-record.ts';
import type { Removal } from './record-store.ts';

export const BUNDLE_SCHEMA = 'CREATE TABLE IF NOT EXISTS bundle (slot INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;';

/** So many keys have room beside the members of a bundle, and in one without any. */
const MOST_BESIDE = 100;
const MOST_GONE = 800;

export interface WrittenChange {
  /** Those that are to have a row of their own. */
  readonly alone: readonly NewRecord[];
  /** Those that are in no bundle. */
  readonly others: readonly Removal[];
  /** The file has the sums with it. */
  readonly hasSums: boolean;
}

/** The rows of bundles, as the process that owns the file writes them. */
export class BundleTable {
  readonly #db: DatabaseSync;
  /** Gives a record a row of its own. */
  readonly #insert: (record: NewRecord) => void;
  readonly #bundles = new Bundles();
  readonly #write: StatementSync;
  readonly #bytes = Buffer.alloc(BUNDLE_BYTES);
  #sequence = 0;
  /** What the transaction has changed. */
  #added: { readonly slot: number; readonly members: readonly NewRecord[]; readonly keys: readonly number[] }[] = [];
  #gone: number[] = [];
  #isCleared = false;

  constructor(db: DatabaseSync, insert: (record: NewRecord) => void) {
    this.#db = db;
    this.#insert = insert;
    // A row that is there keeps its size, and its page.
    this.#write = db.prepare('INSERT INTO bundle VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET body = excluded.body');
  }

  /** A transaction begins. What the one before it changed, if it was not committed, never was. */
  begin(): void {
    this.#added = [];
    this.#gone = [];
    this.#isCleared = false;
  }

  committed(): void {
    if (this.#isCleared) this.#bundles.cleared();
    for (const { slot, members, keys } of this.#added) this.#bundles.added(slot, members, keys);
    if (this.#gone.length > 0) this.#bundles.gone(this.#gone);
    this.begin();
  }

  change(records: readonly NewRecord[], removed: readonly Removal[], sums: Sums): WrittenChange {
    const { together, alone } = this.#bundles.hasRoom ? bundled(records) : { together: [], alone: records };
    const gone: number[] = [];
    const others: Removal[] = [];
    for (const removal of removed) {
      if (this.#bundles.holds(removal.key)) gone.push(removal.key);
      else others.push(removal);
    }
    const tooLarge = this.#put(together, gone, sums);
    return { alone: [...alone, ...tooLarge], others, hasSums: this.#added.length > 0 };
  }

  /** @returns those for which a row was too small after all */
  #put(together: readonly (readonly NewRecord[])[], gone: readonly number[], sums: Sums): readonly NewRecord[] {
    const tooLarge: NewRecord[] = [];
    if (together.length + gone.length === 0) return tooLarge;
    const rest = [...(this.#bundles.tail?.gone ?? []), ...gone];
    const parts = together.map((members) => ({ members, keys: rest.splice(0, MOST_BESIDE) }));
    while (rest.length > 0) parts.push({ members: [], keys: rest.splice(0, MOST_GONE) });
    const slots = this.#bundles.slots(parts.length);
    for (const [index, { members, keys }] of parts.entries()) {
      const fits = encodeBundle(this.#bytes, ++this.#sequence, sums, keys, members);
      if (!fits) {
        tooLarge.push(...members);
        encodeBundle(this.#bytes, this.#sequence, sums, keys, []);
      }
      const slot = slots[index] as number;
      this.#write.run(slot, this.#bytes);
      this.#added.push({ slot, members: fits ? members : [], keys });
    }
    this.#gone.push(...gone);
    return tooLarge;
  }

  /** The next of those that would keep the room of many for a few; to be called every half second, and as long as `hasOld`. */
  old(): readonly WrittenBundle[] {
    return this.#bundles.old();
  }

  get hasOld(): boolean {
    return this.#bundles.hasOld;
  }

  /** There are rows of which nothing is wanted. */
  get isSpent(): boolean {
    return this.#bundles.isSpent;
  }

  /** Gives open members rows of their own. */
  takeApart(which: readonly WrittenBundle[], sums: Sums): void {
    const gone = [...this.#open(which)].map((member) => {
      this.#insert(member);
      return member.key;
    });
    this.#put([], gone, sums);
  }

  /** Gives all open members rows of their own, and leaves no bundle. The sums have to be written elsewhere. */
  clear(): void {
    for (const member of this.#open(this.#bundles)) this.#insert(member);
    this.#db.exec('DELETE FROM bundle');
    this.#isCleared = true;
  }

  /** Members without an outcome. */
  open(): Iterable<NewRecord> {
    return this.#open(this.#bundles);
  }

  *#open(which: Iterable<WrittenBundle>): Generator<NewRecord> {
    const find = this.#db.prepare('SELECT body FROM bundle WHERE slot = ?');
    for (const { slot, open } of which) {
      if (open === 0) continue;
      const { body } = find.get(slot) as unknown as { body: Uint8Array };
      for (const member of decodeBundle(body)?.members ?? []) if (this.#bundles.holds(member.key)) yield member;
    }
  }
}
