/**
 * Takes over what an instance that died had handed over: each instance says every BEAT_MS that it lives, and what one that has been
 * silent for SILENCE_MS handed over becomes that of the first to see it. What this instance's carrier still holds goes on there (its
 * queue came back); the rest is decided again and leaves again. A push that the dead instance had sent, and whose outcome was lost
 * with it, is then sent twice, as one posted to /api/push would be. The same is done with batches of this very instance that were written
 * although the store did not say so, and so were never handed over.
 */
import { background } from '../../../kit/background.ts';
import { toError } from '../../../kit/errors.ts';
import { RefusedError } from '../../../kit/refusal.ts';
import type { PushCarrier } from '../../push/push-carrier.ts';
import type { HubDb, HubStore } from '../../storage/storage.ts';
import type { HubEvents } from '../hub-events.ts';
import { deleteHandovers, foreignHandovers, type Handover, ownHandovers, takeHandover } from '../rows/handover-rows.ts';
import { sendAgain } from '../send-again.ts';
import type { HandedBatches } from './handed-batches.ts';
import { isPending } from './outcome-rows.ts';

export interface TakeOverOptions {
  readonly store: HubStore;
  /** Of this run of this process: no two runs have the same. */
  readonly instance: string;
  readonly carrier: Pick<PushCarrier, 'holds'>;
  /** What this instance knows that it has handed over. */
  readonly batches: Pick<HandedBatches, 'get'>;
  /** People's timers were set to now. */
  readonly nudge: () => void;
  readonly events?: HubEvents | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly now: () => number;
}

const BEAT_MS = 3000;
const SILENCE_MS = 10_000;
const PAGE = 200;
/** A write that failed began at most so long before, and may come to be written for so long after. */
const WRITE_MS = 60_000;
const DOUBT_MS = 300_000;
/** What was written a moment ago is being handed over just now. */
const SETTLED_MS = 5000;
const MARK = 'instance:';

export class TakeOver {
  readonly #options: TakeOverOptions;
  #timer: NodeJS.Timeout | undefined;
  /** When writes failed, of which some may be written all the same: the first and the last of them, UNIX milliseconds. */
  #doubt: { readonly since: number; readonly last: number } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: TakeOverOptions) {
    this.#options = options;
  }

  start(): void {
    const run = (): void => {
      this.#running = this.look().catch((thrown) => {
        const error = toError(thrown);
        if (!(error instanceof RefusedError))
          this.#options.tell('error', `what other instances of the hub left cannot be read: ${error.message}`);
      });
      background(this.#running);
    };
    run();
    this.#timer = setInterval(run, BEAT_MS).unref();
  }

  /** Says that this instance lives, and takes what is left of those that do not. */
  async look(): Promise<void> {
    const { store, instance, now } = this.#options;
    await store.write((tx) => beat(tx, instance, now()));
    const alive = await living(store.db, now() - SILENCE_MS);
    for (;;) {
      const left = await foreignHandovers(store.db, [instance, ...alive], PAGE);
      for (const handover of left) await this.#take(handover);
      if (left.length < PAGE) break;
    }
    await this.#settleDoubt();
  }

  /**
   * The store could not be written, or has not said so: what was to be handed over after that write is perhaps written as handed over,
   * and was not. It is decided again.
   */
  doubt(): void {
    const at = this.#options.now();
    this.#doubt = { since: this.#doubt?.since ?? at, last: at };
  }

  async #settleDoubt(): Promise<void> {
    if (!this.#doubt) return;
    const { store, instance, batches, now } = this.#options;
    const { since, last } = this.#doubt;
    const range = { from: since - WRITE_MS, to: Math.min(last, now() - SETTLED_MS) };
    for (const handover of await ownHandovers(store.db, instance, range))
      if (!batches.get(handover.app, handover.batch) && (await isPending(store.db, handover)))
        await this.#take(handover);
    if (now() - last > DOUBT_MS && this.#doubt?.last === last) this.#doubt = undefined;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    const { store, instance } = this.#options;
    await store
      .write((tx) =>
        tx
          .deleteFrom('meta')
          .where('key', '=', MARK + instance)
          .execute(),
      )
      .catch(() => {
        // The store is away; the mark grows old by itself.
      });
  }

  async #take(handover: Handover): Promise<void> {
    const { store, instance, carrier, now, nudge, events, tell } = this.#options;
    const { app, batch, targets, instance: dead } = handover;
    const isHeld = carrier.holds(batch) === true;
    const again = await store.write(async (tx) => {
      if (!(await takeHandover(tx, handover, instance)) || isHeld) return 0;
      const count = await sendAgain(tx, handover, targets, now());
      if (count > 0 || !(await awaitsVerdict(tx, handover))) await deleteHandovers(tx, app, [batch]);
      return count;
    });
    if (again === 0) return;
    events?.tookOver?.(again);
    nudge();
    if (dead === instance) tell('info', `${again} pushes of the hub whose store did not answer are sent now`);
    else tell('info', `${again} pushes of the hub that ${dead} left are sent by this instance`);
  }
}

async function beat(tx: HubDb, instance: string, at: number): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ key: MARK + instance, value: String(at) })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: String(at) }))
    .execute();
}

async function living(db: HubDb, since: number): Promise<string[]> {
  const rows = await db.selectFrom('meta').selectAll().where('key', 'like', `${MARK}%`).execute();
  return rows.filter(({ value }) => Number(value) > since).map(({ key }) => key.slice(MARK.length));
}

/** Accepted, and a receipt about it is to come. */
async function awaitsVerdict(tx: HubDb, { app, notification, hop, channel }: Handover): Promise<boolean> {
  const row = await tx
    .selectFrom('decisions')
    .select('user')
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('hop', '=', hop)
    .where('channel', '=', channel)
    .where('state', '=', 'sent')
    .where('until', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
