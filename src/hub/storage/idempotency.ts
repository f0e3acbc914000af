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
  /** It is this caller's to do; `mark` says so later. */
  | { readonly state: 'new'; readonly mark: number }
  | { readonly state: 'done'; readonly answer: KeptAnswer }
  | { readonly state: 'running' }
  /** The key was used with another body. */
  | { readonly state: 'other' };

/** Remembers the answers of requests with an Idempotency-Key. */
export interface IdempotencyLedger {
  begin(entry: IdempotencyEntry): Promise<Begun>;
  /** Notes the answer, in the transaction that makes what it tells of. Throws when another has taken the request over meanwhile. */
  keep(tx: HubDb, entry: IdempotencyEntry, mark: number, answer: KeptAnswer): Promise<void>;
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

/** Answers are kept sealed, and paths as hashes: both name people. @param now UNIX milliseconds */
export function idempotencyLedger(store: Pick<HubStore, 'write' | 'seal'>, now: () => number): IdempotencyLedger {
  const rowOf = ({ app, caller, method, path, key }: IdempotencyEntry) => ({
    ...{ app, caller, method, key },
    path: store.seal.hash('path', app, path),
  });
  type Key = ReturnType<typeof rowOf>;
  const only = (entry: IdempotencyEntry) => Object.entries(rowOf(entry)) as [keyof Key, string][];

  const answerOf = (entry: IdempotencyEntry, sealed: string | null): KeptAnswer =>
    JSON.parse(store.seal.open(sealed as string, bound(entry))) as KeptAnswer;

  return {
    begin: (entry) =>
      store.write(async (tx) => {
        const at = now();
        let find = tx.selectFrom('idempotency').select(['body_hash', 'state', 'answer', 'at']);
        for (const [column, value] of only(entry)) find = find.where(column, '=', value);
        const row = await find.executeTakeFirst();
        const isOver = row !== undefined && row.at + (row.state === 'done' ? KEPT_MS : RUNNING_MS) <= at;
        if (row && !isOver) {
          if (row.body_hash !== entry.bodyHash) return { state: 'other' };
          return row.state === 'done' ? { state: 'done', answer: answerOf(entry, row.answer) } : { state: 'running' };
        }
        if (row) await removal(tx, only(entry)).execute();
        const fresh = {
          body_hash: entry.bodyHash,
          state: 'running' as const,
          status: null,
          headers: null,
          answer: null,
        };
        const { numInsertedOrUpdatedRows: made } = await tx
          .insertInto('idempotency')
          .values({ ...rowOf(entry), ...fresh, at })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        // Another instance was faster.
        return made === 1n ? { state: 'new', mark: at } : { state: 'running' };
      }),
    async keep(tx, entry, mark, answer) {
      const done = { state: 'done' as const, status: answer.status, at: now() };
      let change = tx
        .updateTable('idempotency')
        .set({ ...done, answer: store.seal.seal(JSON.stringify(answer), bound(entry)) })
        .where('state', '=', 'running')
        .where('at', '=', mark)
        .where('body_hash', '=', entry.bodyHash);
      for (const [column, value] of only(entry)) change = change.where(column, '=', value);
      const { numUpdatedRows } = await change.executeTakeFirst();
      if (numUpdatedRows !== 1n) throw new OvertakenError();
    },
    forget: (entry, mark) =>
      store.write(async (tx) => {
        await removal(tx, only(entry)).where('state', '=', 'running').where('at', '=', mark).execute();
      }),
    sweep: () =>
      store.write(async (tx) => {
        const { numDeletedRows } = await tx
          .deleteFrom('idempotency')
          .where('at', '<=', now() - KEPT_MS)
          .executeTakeFirst();
        return Number(numDeletedRows);
      }),
  };
}

function removal(tx: HubDb, key: readonly ['app' | 'caller' | 'method' | 'path' | 'key', string][]) {
  let query = tx.deleteFrom('idempotency');
  for (const [column, value] of key) query = query.where(column, '=', value);
  return query;
}
