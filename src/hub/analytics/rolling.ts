/** Adds up what was noted, every second while there is something, a transaction of some milliseconds at a time; and forgets what is old. */
import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { HubStore } from '../storage/storage.ts';
import { forgetSome, rollUpSome } from './roll-up.ts';

export interface RollingOptions {
  readonly store: Pick<HubStore, 'db' | 'write'>;
  /** `hub.analytics.retention`. */
  readonly retentionMs: number;
  readonly tell: (level: 'warn', message: string) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const EVERY_MS = 1000;
const FORGET_EVERY_MS = 600_000;
/** Quarters a transaction. */
const FORGOTTEN_AT_ONCE = 20;

export class Rolling {
  readonly #options: RollingOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #forgotAt = Number.NEGATIVE_INFINITY;
  #saidTrouble = false;

  constructor(options: RollingOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#turn();
      background(this.#running);
    }, EVERY_MS).unref();
  }

  /** Adds up all that is noted now. @returns how many notes that were */
  async rollUp(): Promise<number> {
    const { store } = this.#options;
    let all = 0;
    // Nothing is written while nothing is noted.
    if (!(await store.db.selectFrom('roll_notes').select('id').limit(1).executeTakeFirst())) return all;
    for (let some = 1; some > 0 && !this.#isClosed; all += some) some = await store.write(rollUpSome);
    return all;
  }

  /** Forgets what is older than it is to be kept. */
  async forget(): Promise<void> {
    const { store, retentionMs, now } = this.#options;
    while (!this.#isClosed && (await store.write((tx) => forgetSome(tx, now() - retentionMs, FORGOTTEN_AT_ONCE))));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #turn(): Promise<void> {
    const { tell, now } = this.#options;
    try {
      await this.rollUp();
      if (Math.abs(now() - this.#forgotAt) >= FORGET_EVERY_MS) {
        await this.forget();
        this.#forgotAt = now();
      }
      this.#saidTrouble = false;
    } catch (thrown) {
      // The store says by itself when it cannot be reached.
      if (!(thrown instanceof RefusedError) && !this.#saidTrouble)
        tell('warn', `figures of the hub wait, and are added up later: ${toError(thrown).message}`);
      this.#saidTrouble ||= !(thrown instanceof RefusedError);
    }
    this.start();
  }
}
