import { RefusedError } from '../../kit/refusal.ts';
import type { HubDb, HubStore } from './storage.ts';

/** Which request it is: one with this key, of this caller, to this path. */
export interface IdempotencyEntry {
  readonly app: string;
  /** Keys of one caller are not those of another. */
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly bodyHash: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; absent: none. */
  readonly body?: unknown;
}

export type Begun =
  /** It is this caller's to do; `mark` says so later. `partial`: what an earlier request with the key has done of it. */
  | { readonly state: 'new'; readonly mark: number; readonly partial?: unknown }
  | { readonly state: 'done'; readonly answer: KeptAnswer }
  | { readonly state: 'running' }
  /** The key was used with another body. */
  | { readonly state: 'other' };

/** Remembers the answers of requests with an Idempotency-Key. */
export interface IdempotencyLedger {
  begin(entry: IdempotencyEntry): Promise<Begun>;
  /** Notes the answer, in the transaction that makes what it tells of. Throws when another has taken the request over meanwhile. */
  keep(tx: HubDb, entry: IdempotencyEntry, mark: number, answer: KeptAnswer): Promise<void>;
  /** The request was done in part: the next one with its key is given that. @param partial JSON */
  leave(entry: IdempotencyEntry, mark: number, partial: unknown): Promise<void>;
  /** The request came to nothing: the next one with its key begins again. */
  forget(entry: IdempotencyEntry, mark: number): Promise<void>;
  /** Deletes what is older than answers are kept. @returns how many */
  sweep(): Promise<number>;
}

const HOUR_MS = 3_600_000;
export const KEPT_MS = 24 * HOUR_MS;
/** A request that has run for so long has ended with its process: the next one with its key is done. */
export const RUNNING_MS = 60_000;

/** The request ran for longer than `RUNNING_MS`, and another one with its key was begun. */
class OvertakenError extends RefusedError {
  readonly code = 'ERR_IDEMPOTENCY_OVERTAKEN';
  readonly kind = 'conflict';
  override readonly retryAfter = 1;
  constructor() {
    super('another request with this Idempotency-Key has taken over');
  }
}

const bound = ({ app, caller, method, key }: IdempotencyEntry): string =>
  `answer:${JSON.stringify([app, caller, method, key])}`;

type LedgerStore = Pick<HubStore, 'write' | 'seal'>;

type KeyColumn = 'app' | 'caller' | 'method' | 'path' | 'key';

/** Answers are kept sealed, and paths as hashes: both name people. */
class Ledger implements IdempotencyLedger {
  readonly #store: LedgerStore;
  readonly #now: () => number;

  constructor(store: LedgerStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  begin(entry: IdempotencyEntry): Promise<Begun> {
    return this.#store.write(async (tx) => {
      const at = this.#now();
      let find = tx.selectFrom('idempotency').select(['body_hash', 'state', 'answer', 'at']);
      for (const [column, value] of this.#only(entry)) find = find.where(column, '=', value);
      const row = await find.executeTakeFirst();
      const isOver = row === undefined || row.at + (row.state === 'running' ? RUNNING_MS : KEPT_MS) <= at;
      if (!isOver && row.body_hash !== entry.bodyHash) return { state: 'other' };
      if (!isOver && row.state === 'running') return { state: 'running' };
      if (!isOver && row.state === 'done')
        return { state: 'done', answer: this.#opened(entry, row.answer) as KeptAnswer };
      // What was done in part stays so, also when the process of the next request dies in the middle of it.
      const isPart = row !== undefined && row.state !== 'done' && row.answer !== null && row.at + KEPT_MS > at;
      if (isPart && row.body_hash !== entry.bodyHash) return { state: 'other' };
      const done = isPart ? row.answer : null;
      if (row) await removal(tx, this.#only(entry)).execute();
      if (!(await this.#insert(tx, entry, at, done))) return { state: 'running' };
      return { state: 'new', mark: at, ...(done === null ? {} : { partial: this.#opened(entry, done) }) };
    });
  }

  async keep(tx: HubDb, entry: IdempotencyEntry, mark: number, answer: KeptAnswer): Promise<void> {
    const done = { state: 'done' as const, status: answer.status, at: this.#now() };
    const { numUpdatedRows } = await this.#running(tx, entry, mark)
      .set({ ...done, answer: this.#sealed(entry, answer) })
      .where('body_hash', '=', entry.bodyHash)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new OvertakenError();
  }

  leave(entry: IdempotencyEntry, mark: number, partial: unknown): Promise<void> {
    return this.#store.write(async (tx) => {
      const left = { state: 'partial' as const, answer: this.#sealed(entry, partial), at: this.#now() };
      await this.#running(tx, entry, mark).set(left).execute();
    });
  }

  forget(entry: IdempotencyEntry, mark: number): Promise<void> {
    return this.#store.write(async (tx) => {
      const mine = removal(tx, this.#only(entry)).where('state', '=', 'running').where('at', '=', mark);
      await mine.where('answer', 'is', null).execute();
      // What was done of it before is still done.
      await this.#running(tx, entry, mark).set({ state: 'partial' }).execute();
    });
  }

  sweep(): Promise<number> {
    return this.#store.write(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('idempotency')
        .where('at', '<=', this.#now() - KEPT_MS)
        .executeTakeFirst();
      return Number(numDeletedRows);
    });
  }

  /** @returns false: another instance was faster */
  async #insert(tx: HubDb, entry: IdempotencyEntry, at: number, answer: string | null): Promise<boolean> {
    const fresh = { body_hash: entry.bodyHash, state: 'running' as const, status: null, headers: null, answer };
    const { numInsertedOrUpdatedRows: made } = await tx
      .insertInto('idempotency')
      .values({ ...this.#rowOf(entry), ...fresh, at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return made === 1n;
  }

  #running(tx: HubDb, entry: IdempotencyEntry, mark: number) {
    let change = tx.updateTable('idempotency').where('state', '=', 'running').where('at', '=', mark);
    for (const [column, value] of this.#only(entry)) change = change.where(column, '=', value);
    return change;
  }

  #rowOf({ app, caller, method, path, key }: IdempotencyEntry): Record<KeyColumn, string> {
    return { app, caller, method, key, path: this.#store.seal.hash('path', app, path) };
  }

  #only(entry: IdempotencyEntry): readonly [KeyColumn, string][] {
    return Object.entries(this.#rowOf(entry)) as [KeyColumn, string][];
  }

  #sealed(entry: IdempotencyEntry, value: unknown): string {
    return this.#store.seal.seal(JSON.stringify(value), bound(entry));
  }

  #opened(entry: IdempotencyEntry, sealed: string | null): unknown {
    return JSON.parse(this.#store.seal.open(sealed as string, bound(entry)));
  }
}

/** @param now UNIX milliseconds */
export const idempotencyLedger = (store: LedgerStore, now: () => number): IdempotencyLedger => new Ledger(store, now);

function removal(tx: HubDb, key: readonly [KeyColumn, string][]) {
  let query = tx.deleteFrom('idempotency');
  for (const [column, value] of key) query = query.where(column, '=', value);
  return query;
}
