import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type FileKind, markOwnFile } from '../../kit/files/owned-file.ts';
import { type OwnedCost, OwnerRoom } from '../../kit/files/owner-room.ts';
import { openSharedFile } from '../../kit/files/shared-file.ts';
import { inTransaction } from '../../kit/files/sqlite-file.ts';
import { isObject } from '../../kit/is-object.ts';
import { type Details, type Fact, type FactKind, factKinds, type StoredFact } from './fact.ts';

/** How long a transaction waits for that of another worker process; the event loop stands still meanwhile. */
const BUSY_MS = 20;
/** How far SQLite's log may grow between two looks. */
const LOG_BYTES = 4 * 1024 * 1024;
/** Rows of each kind that one look goes through. */
const SCAN = 20_000;
/** Rows of another version are not read; those of 1 had the key of their hashes beside them. */
const VERSION = 2;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS fact (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind INTEGER NOT NULL, request TEXT NOT NULL, notif TEXT,
    app TEXT NOT NULL, reason TEXT, details TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS fact_request ON fact (request);
  CREATE INDEX IF NOT EXISTS fact_notif ON fact (notif) WHERE notif IS NOT NULL;
  CREATE INDEX IF NOT EXISTS fact_kind ON fact (kind);
  CREATE INDEX IF NOT EXISTS fact_app ON fact (app, kind);
`;

/** `MltH`. */
export const HISTORY_FILE: FileKind = {
  name: 'history file',
  id: 0x4d_6c_74_48,
  tables: {
    fact: ['seq', 'at', 'kind', 'request', 'details'],
    fact_room: ['owner', 'taken'],
    secret: ['only', 'key'],
  },
};

const DELIVERED = factKinds.indexOf('delivered');
/** Bytes that a row takes beside its details: its other columns and its places in the indexes. None takes less. */
const ROW_BYTES = 200;
const COST = `octet_length(details) + ${ROW_BYTES}`;

export interface FactFilter {
  readonly kinds: readonly FactKind[];
  readonly app?: string | undefined;
  /** Only of these. */
  readonly apps?: ReadonlySet<string> | undefined;
  readonly reason?: string | undefined;
  readonly platform?: string | undefined;
  /** What the request id or the `notif_id` holds. */
  readonly id?: string | undefined;
  /** UNIX milliseconds. */
  readonly since?: number | undefined;
  /** Older than this one. */
  readonly before?: number | undefined;
  /** Newer than this one, oldest first; `before` is not asked then. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface FactPage {
  readonly facts: readonly StoredFact[];
  /** What the next page's `before` is; undefined: there is none. */
  readonly next: number | undefined;
  /** What `after` takes, to go on from here. */
  readonly newer: number;
}

interface StoredRow {
  readonly seq: number;
  readonly at: number;
  readonly kind: number;
  readonly request: string;
  readonly notif: string | null;
  readonly app: string;
  readonly reason: string | null;
  readonly details: string;
}

const factOf = ({ seq, at, kind, request, notif, app, reason, details }: StoredRow): StoredFact => ({
  seq,
  at,
  kind: factKinds[kind] as FactKind,
  requestId: request,
  notifId: notif ?? undefined,
  app,
  reason: reason ?? undefined,
  details: detailsIn(details, at),
});

/** Of a row that cannot be read only its columns are known: it hides no other. */
function detailsIn(text: string, at: number): Details {
  try {
    const details: unknown = JSON.parse(text);
    if (isObject(details)) return details as unknown as Details;
  } catch {
    // As if it said nothing.
  }
  return { receivedAt: at };
}

/** Those of kinds that this version knows. */
const factsOf = (rows: readonly StoredRow[]): StoredFact[] =>
  rows.filter(({ kind }) => factKinds[kind] !== undefined).map(factOf);

const isOneOf = (apps: ReadonlySet<string>): string => `app IN (${[...apps].fill('?').join(', ')})`;

function prepare(db: DatabaseSync): void {
  // Before anything is written: a start would wait for the disk half a dozen times.
  db.exec('PRAGMA synchronous = OFF');
  markOwnFile(db, HISTORY_FILE);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${LOG_BYTES}`);
  const { user_version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  // With what is free of the file: a deleted key is no use if it can be read there.
  if (user_version !== 0 && user_version !== VERSION)
    db.exec('DROP TABLE IF EXISTS fact; DROP TABLE IF EXISTS secret; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  db.exec(`${SCHEMA}; PRAGMA user_version = ${VERSION}`);
}

/**
 * What happened, in SQLite: appended to by any number of processes. Written without fsync: a power cut may cost the last seconds
 * or, at worst, the file, and history is not worth waiting for a disk.
 */
export class HistoryFile {
  readonly inMemory: boolean;
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #expire: StatementSync;
  /** Of one app. */
  readonly #evictDelivered: StatementSync;
  readonly #evict: StatementSync;
  readonly #room: OwnerRoom;

  /** @param path empty: memory. @throws when it cannot be opened. */
  constructor(path: string) {
    this.inMemory = path === '';
    this.#db = openSharedFile({ path, busyMs: BUSY_MS, prepare });
    try {
      this.#room = new OwnerRoom(this.#db, { table: 'fact', owner: 'app', cost: COST });
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#insert = this.#db.prepare(
      'INSERT INTO fact (at, kind, request, notif, app, reason, details) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    const oldest = 'DELETE FROM fact WHERE seq IN (SELECT seq FROM fact';
    const removed = `RETURNING app AS owner, ${COST} AS cost`;
    const ofApp = `${oldest} WHERE app = ?`;
    this.#expire = this.#db.prepare(`${oldest} ORDER BY seq LIMIT ?) AND at < ? ${removed}`);
    this.#evictDelivered = this.#db.prepare(`${ofApp} AND kind = ${DELIVERED} ORDER BY seq LIMIT ?) ${removed}`);
    this.#evict = this.#db.prepare(`${ofApp} ORDER BY seq LIMIT ?) ${removed}`);
  }

  /** All or nothing. @throws when it cannot be written. */
  append(facts: readonly Fact[]): void {
    const costs: OwnedCost[] = [];
    inTransaction(this.#db, () => {
      for (const { at, kind, requestId, notifId, app, reason, details } of facts) {
        const rest = JSON.stringify(details);
        this.#insert.run(
          Math.round(at),
          factKinds.indexOf(kind),
          requestId,
          notifId ?? null,
          app,
          reason ?? null,
          rest,
        );
        costs.push({ owner: app, cost: Buffer.byteLength(rest) + ROW_BYTES });
      }
      this.#room.added(costs);
    });
  }

  /**
   * Forgets facts before a time, and while there are more than `maxBytes` those of the app that takes most, so that one app pushes out
   * nothing of the others: its oldest deliveries before all else. At most `most` rows of each: true says that there may be more.
   */
  trim(before: number, maxBytes: number, most: number): boolean {
    return inTransaction(this.#db, () => {
      const expired = this.#remove(this.#expire, most, Math.round(before));
      const over = this.bytes() - maxBytes;
      const app = over > 0 ? this.#room.largest() : undefined;
      if (app === undefined) return expired === most;
      const rows = Math.min(most, Math.ceil(over / ROW_BYTES));
      const evicted = this.#remove(this.#evictDelivered, app, rows) || this.#remove(this.#evict, app, rows);
      if (evicted === 0) this.#room.forget(app);
      return expired === most || evicted === most;
    });
  }

  /** How many there were. */
  #remove(statement: StatementSync, ...values: SQLInputValue[]): number {
    const removed = statement.all(...values) as unknown as OwnedCost[];
    this.#room.removed(removed);
    return removed.length;
  }

  /** What the rows and their indexes take; free pages are used again. */
  bytes(): number {
    const pragma = (name: string): number => Object.values(this.#db.prepare(`PRAGMA ${name}`).get() as object)[0];
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  /**
   * Facts of a request or of notifications with this `notif_id`, oldest first; of more than `limit` the first ones.
   * @param apps only of these: what others have under this id takes no place
   */
  of(id: string, limit: number, apps?: ReadonlySet<string>): StoredFact[] {
    const whose = apps ? `AND ${isOneOf(apps)}` : '';
    const rows = this.#db
      .prepare(`SELECT * FROM fact WHERE (request = ? OR notif = ?) ${whose} ORDER BY seq LIMIT ?`)
      .all(id, id, ...(apps ?? []), limit) as unknown as StoredRow[];
    return factsOf(rows);
  }

  /** Newest first. A page may be short though older facts match: `next` says where to go on. */
  list(filter: FactFilter): FactPage {
    const { kinds, before = Number.MAX_SAFE_INTEGER, after, limit } = filter;
    const newest = this.#newestSeq();
    if (after !== undefined) return this.#newer(filter, after, newest);
    const floor = Math.max(0, ...kinds.map((kind) => this.#floor(kind, before)));
    const found = kinds.flatMap((kind) => this.#ofKind(kind, { from: floor, below: before }, filter));
    const facts = found.sort((a, b) => b.seq - a.seq).slice(0, limit);
    const next = facts.length === limit ? facts.at(-1)?.seq : floor;
    return { facts, next: next === 0 ? undefined : next, newer: newest };
  }

  /** Oldest first. A place beyond the newest fact is of another file: it goes on from here. */
  #newer(filter: FactFilter, after: number, newest: number): FactPage {
    const { kinds, limit } = filter;
    const below = Math.min(newest, after + SCAN) + 1;
    const found = kinds.flatMap((kind) => this.#ofKind(kind, { from: after + 1, below, oldest: true }, filter));
    const facts = found.sort((a, b) => a.seq - b.seq).slice(0, limit);
    const last = facts.length === limit ? facts.at(-1)?.seq : undefined;
    return { facts, next: undefined, newer: last ?? below - 1 };
  }

  #newestSeq(): number {
    return (this.#db.prepare('SELECT max(seq) AS seq FROM fact').get() as { seq: number | null }).seq ?? 0;
  }

  /** How far back one look goes, so that a rare reason does not hold up the pushes; 0: to the end. */
  #floor(kind: FactKind, before: number): number {
    const sql = 'SELECT seq FROM fact WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT 1 OFFSET ?';
    const row = this.#db.prepare(sql).get(factKinds.indexOf(kind), before, SCAN) as { seq: number } | undefined;
    return row?.seq ?? 0;
  }

  /** The newest between two places, or the oldest. */
  #ofKind(
    kind: FactKind,
    { from, below, oldest = false }: { readonly from: number; readonly below: number; readonly oldest?: boolean },
    { app, apps, reason, platform, id, since, limit }: FactFilter,
  ): StoredFact[] {
    const conditions = ['kind = ?', 'seq >= ?', 'seq < ?'];
    const values: SQLInputValue[] = [factKinds.indexOf(kind), from, below];
    const where = (condition: string, ...given: SQLInputValue[]): void => {
      conditions.push(condition);
      values.push(...given);
    };
    if (app !== undefined) where('app = ?', app);
    if (apps) where(isOneOf(apps), ...apps);
    if (reason !== undefined) where('reason = ?', reason);
    if (platform !== undefined) where("json_extract(details, '$.platform') = ?", platform);
    if (id !== undefined) where("(instr(request, ?) > 0 OR instr(coalesce(notif, ''), ?) > 0)", id, id);
    if (since !== undefined) where('at >= ?', since);
    const sql = `SELECT * FROM fact WHERE ${conditions.join(' AND ')} ORDER BY seq ${oldest ? 'ASC' : 'DESC'} LIMIT ?`;
    return factsOf(this.#db.prepare(sql).all(...values, limit) as unknown as StoredRow[]);
  }

  /** Takes targets out of what is known of an app, by their hashes; what was about no other goes. */
  forget(app: string, hashes: ReadonlySet<string>): void {
    const find = this.#db.prepare('SELECT seq, details FROM fact WHERE app = ? AND instr(details, ?) > 0');
    const rows = [...hashes].flatMap((hash) => find.all(app, hash) as unknown as Pick<StoredRow, 'seq' | 'details'>[]);
    if (rows.length === 0) return;
    const change = this.#db.prepare('UPDATE fact SET details = ? WHERE seq = ?');
    const returned = `RETURNING app AS owner, ${COST} AS cost`;
    const remove = this.#db.prepare(`DELETE FROM fact WHERE seq = ? ${returned}`);
    this.#db.exec('PRAGMA secure_delete = ON');
    try {
      inTransaction(this.#db, () => {
        for (const { seq, details } of rows) {
          const { targets = [], ...rest } = JSON.parse(details) as Details;
          const left = targets.filter(([, hash]) => !hashes.has(hash));
          const count = (rest.count ?? 1) - (targets.length - left.length);
          if (left.length === 0) this.#remove(remove, seq);
          else change.run(JSON.stringify({ ...rest, targets: left, count }), seq);
        }
      });
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.exec('PRAGMA secure_delete = OFF');
    }
  }

  close(): void {
    this.#db.close();
  }
}
