/**
 * When the streams of a store began. An old copy of a store that is put back does not know of the last ids that were given out: it
 * would give them out again, for other events, to readers who believe that they have them. So a mark is kept apart from the store,
 * and raised in both with every hundred events; a store that is behind its mark begins with a new epoch. Up to a hundred events of
 * each instance may be lost unnoticed.
 */
import { background } from '../../kit/background.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { MarkKeeper } from './mark-file.ts';

const EPOCH = 'streams.epoch';
const MARK = 'streams.mark';
const EVENTS_A_MARK = 100;

export interface StreamEpochOptions {
  readonly store: Pick<HubStore, 'write'>;
  /** Undefined: a store in memory, of which no copy is put back. */
  readonly mark?: MarkKeeper | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

export class StreamEpoch {
  readonly #options: StreamEpochOptions;
  #begun: Promise<number> | undefined;
  #known: number | undefined;
  #unmarked = 0;
  #marking: Promise<void> | undefined;

  constructor(options: StreamEpochOptions) {
    this.#options = options;
  }

  /** UNIX milliseconds. */
  get(): Promise<number> {
    this.#begun ??= this.#begin().catch((error: unknown) => {
      this.#begun = undefined;
      throw error;
    });
    return this.#begun;
  }

  /** The same within a transaction, which waits for nothing but itself, and the mark the first time. */
  async getIn(tx: HubDb): Promise<number> {
    if (this.#known !== undefined) return this.#known;
    const { mark, now } = this.#options;
    return (await begin(tx, (await mark?.read()) ?? 0, now())).epoch;
  }

  /** So many events were saved. */
  count(events: number): void {
    // Transactions that follow need not ask: a mark that others raise meanwhile would be ahead of what they see.
    if (this.#begun === undefined) background(this.get(), () => {});
    this.#unmarked += events;
    if (!this.#options.mark || this.#marking || this.#unmarked < EVENTS_A_MARK) return;
    this.#unmarked = 0;
    this.#marking = this.#raise(this.#options.mark).finally(() => {
      this.#marking = undefined;
    });
    background(this.#marking, (error) =>
      this.#options.tell('warn', `streams: the mark beside the hub's store cannot be written: ${error.message}`),
    );
  }

  async close(): Promise<void> {
    await this.#marking?.catch(() => {});
  }

  async #begin(): Promise<number> {
    const { store, mark, now, tell } = this.#options;
    const kept = (await mark?.read()) ?? 0;
    const begun = await store.write((tx) => begin(tx, kept, now()));
    if (begun.isBehind)
      tell(
        'warn',
        'streams: the store of the hub is older than its mark: readers of streams begin again with all that is kept',
      );
    this.#known = begun.epoch;
    return begun.epoch;
  }

  /** In the store first: the mark is never ahead of a store that is what it was. */
  async #raise(mark: MarkKeeper): Promise<void> {
    const next = await this.#options.store.write(async (tx) => {
      const before = await numberAt(tx, MARK);
      await put(tx, MARK, (before ?? 0) + 1);
      return (before ?? 0) + 1;
    });
    await mark.write(next);
  }
}

async function begin(tx: HubDb, kept: number, now: number): Promise<{ epoch: number; isBehind: boolean }> {
  const before = await numberAt(tx, EPOCH);
  const isBehind = before !== undefined && ((await numberAt(tx, MARK)) ?? 0) < kept;
  if (before !== undefined && !isBehind) return { epoch: before, isBehind };
  const epoch = before === undefined ? now : Math.max(now, before + 1);
  await put(tx, EPOCH, epoch);
  if (kept > 0) await put(tx, MARK, kept);
  if (isBehind) await tx.updateTable('stream_heads').set({ epoch }).where('epoch', '<', epoch).execute();
  return { epoch, isBehind };
}

async function numberAt(tx: HubDb, key: string): Promise<number | undefined> {
  const row = await tx.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row && Number(row.value);
}

async function put(tx: HubDb, key: string, value: number): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ key, value: String(value) })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: String(value) }))
    .execute();
}
