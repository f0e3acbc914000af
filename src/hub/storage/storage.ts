import type { Insertable, Kysely, Selectable, Updateable } from 'kysely';
import type { HubTables } from './tables.ts';

/**
 * What the hub keeps, in one contract with two engines: an SQLite file (or memory), and PostgreSQL. Queries are written once, with
 * Kysely, and run on both. Times are UNIX milliseconds, documents are JSON as text, booleans are 0 and 1, and texts sort by their bytes.
 */
export type HubDb = Kysely<HubTables>;

export type HubTable = keyof HubTables;
/** A row as it is read. */
export type Row<Table extends HubTable> = Selectable<HubTables[Table]>;
/** A row as it is inserted. */
export type NewRow<Table extends HubTable> = Insertable<HubTables[Table]>;
/** What an update of a row may set. */
export type RowChange<Table extends HubTable> = Updateable<HubTables[Table]>;

/**
 * `serializable`: as if works were done one after another. `snapshot`: PostgreSQL refuses it only for rows that it writes or locks and
 * others have written meanwhile, and not for what it has read near theirs; for works that lock all that they depend on. An SQLite file
 * does works one after another whatever is asked.
 */
export type Isolation = 'serializable' | 'snapshot';

export interface HubStore {
  readonly engine: 'sqlite' | 'postgres';
  /** Resolves once the store is migrated and its keys are there; until then everything throws StoreUnavailable. Never rejects. */
  readonly ready: Promise<void>;
  /** Reads what is committed. Not for use within `write`. */
  readonly db: HubDb;
  /**
   * Does `work` in one transaction, serializable where nothing else is asked, and resolves with its result once that is on the disk. What the work throws undoes
   * the work alone and is thrown here. A work may be done more than once (PostgreSQL repeats it when others were in its way), so it
   * changes nothing but `tx`; and it awaits nothing but `tx`: works are done one after another, and one that waits holds up all.
   * @throws StoreUnavailable when the store cannot be reached or written; a work whose COMMIT was not answered may have been kept
   */
  write<T>(work: (tx: HubDb) => Promise<T>, isolation?: Isolation): Promise<T>;
  readonly seal: HubSeal;
  /** What was deleted before this call is in no file of the store once it resolves. SQLite only; PostgreSQL's files are its operator's. */
  scrub(): Promise<void>;
  /** For /readyz. */
  health(): { readonly status: 'pass' | 'fail'; readonly output?: string };
  /** Waits for works that have been given. */
  close(): Promise<void>;
}

/** Personal data is kept sealed and found by keyed hashes. Both keys are random, lie in the store, and are sealed by the master key. */
export interface HubSeal {
  /** @param bound what the text belongs to, such as `device:<app>:<id>`: it opens as nothing else. */
  seal(plain: string, bound: string): string;
  /** @throws UnreadableError when the text was damaged, or sealed for something else; without a word of its content */
  open(sealed: string, bound: string): string;
  /** HMAC-SHA-256 in base64url, 43 characters: the same for the same three texts, for as long as the store lives. */
  hash(kind: string, app: string, text: string): string;
}
