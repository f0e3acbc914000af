import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hasBit } from '../../kit/bits.ts';
import { BUNDLE_ID, bundled, decodeBundle, encodeBundle } from './bundle.ts';
import { type Bundle, type BundleStep, Bundles } from './bundles.ts';
import type { NewRecord } from './new-record.ts';
import { checkedTrace } from './record-check.ts';
import type { Removal } from './record-store.ts';

interface BundleRow {
  readonly key: number;
  readonly body: Uint8Array;
  readonly done: Uint8Array | null;
}

const BUNDLE = `SELECT key, body, (SELECT done FROM progress AS p WHERE p.key = request.key) AS done FROM request`;
const INSERT = 'INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)';

/** The rows of bundles, as the process that owns the file writes them. */
export class BundleTable {
  readonly #db: DatabaseSync;
  readonly #bundles = new Bundles();
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #note: StatementSync;
  readonly #deleteNote: StatementSync;
  /** What the transaction has changed. */
  #added: { readonly records: readonly NewRecord[]; readonly bytes: number }[] = [];
  #steps: ReadonlyMap<Bundle, BundleStep> = new Map();
  #apart: readonly Bundle[] = [];

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare(INSERT);
    this.#delete = db.prepare('DELETE FROM request WHERE key = ?');
    this.#note = db.prepare('INSERT OR REPLACE INTO progress VALUES (?, 0, ?)');
    this.#deleteNote = db.prepare('DELETE FROM progress WHERE key = ?');
  }

  /** A transaction begins. What the one before it changed, if it was not committed, never was. */
  begin(): void {
    this.#added = [];
    this.#steps = new Map();
    this.#apart = [];
  }

  committed(): void {
    for (const { records, bytes } of this.#added) this.#bundles.added(records, bytes);
    this.#bundles.stepped(this.#steps);
    for (const bundle of this.#apart) this.#bundles.gone(bundle);
    this.begin();
  }

  /** @returns those that are to have a row of their own */
  add(records: readonly NewRecord[]): readonly NewRecord[] {
    if (records.length < 2 || !this.#bundles.hasRoom) return records;
    const { together, alone } = bundled(records);
    for (const members of together) {
      const [first] = members as readonly [NewRecord];
      const body = encodeBundle(members);
      this.#insert.run(first.key, BUNDLE_ID, '', first.acceptedAt, members.length, body, null);
      this.#added.push({ records: members, bytes: body.length });
    }
    return alone;
  }

  /** @returns those that are in no bundle */
  remove(removed: readonly Removal[]): readonly Removal[] {
    const { steps, others } = this.#bundles.stepsOf(removed);
    for (const [{ key, isNoted }, { done, open }] of steps) {
      if (open > 0) this.#note.run(key, done);
      else {
        this.#delete.run(key);
        if (isNoted) this.#deleteNote.run(key);
      }
    }
    this.#steps = steps;
    return others;
  }

  /** Those that would keep the room of many for a few; to be called every half second. */
  old(): readonly Bundle[] {
    return this.#bundles.old();
  }

  /** Gives members rows of their own; default: all. */
  takeApart(which: readonly Bundle[] = [...this.#bundles]): void {
    this.#apart = which;
    const find = this.#db.prepare(`${BUNDLE} WHERE key = ?`);
    for (const { key } of which) takeApart(this.#db, find.get(key) as unknown as BundleRow);
  }

  /** Members without an outcome. */
  *open(): Generator<NewRecord> {
    const find = this.#db.prepare('SELECT body FROM request WHERE key = ?');
    for (const { key, done } of this.#bundles) {
      const row = find.get(key) as unknown as Pick<BundleRow, 'body'>;
      for (const [place, member] of (decodeBundle(key, row.body) ?? []).entries())
        if (!hasBit(done, place)) yield member;
    }
  }
}

/** Within a transaction. One that does not say what it holds stays as it is. */
function takeApart(db: DatabaseSync, { key, body, done }: BundleRow): void {
  const members = decodeBundle(key, body);
  if (!members) return;
  db.prepare('DELETE FROM request WHERE key = ?').run(key);
  db.prepare('DELETE FROM progress WHERE key = ?').run(key);
  const insert = db.prepare(INSERT);
  for (const [place, { key, id, app, acceptedAt, pushes, body, trace, check }] of members.entries())
    if (!done || !hasBit(done, place)) insert.run(key, id, app, acceptedAt, pushes, body, checkedTrace(trace, check));
}

/** Takes the bundles apart that a killed process has left: each in a transaction of its own, which a nearly full disk has room for. */
export function takeBundlesApart(db: DatabaseSync): void {
  const keys = db.prepare('SELECT key FROM request WHERE id = ?').all(BUNDLE_ID) as unknown as { key: number }[];
  const find = db.prepare(`${BUNDLE} WHERE key = ?`);
  for (const { key } of keys) {
    db.exec('BEGIN IMMEDIATE');
    try {
      takeApart(db, find.get(key) as unknown as BundleRow);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}
