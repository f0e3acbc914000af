import { SharedMeasure } from '../../../kit/shares/shared-measure.ts';
import { HubRefusal } from '../hub-refusal.ts';

export interface StreamSharesOptions {
  /** `hub.streams.max`, `per_app` and `per_user`; 0: no limit, the usual share of an app, that of a person. */
  readonly max: number;
  readonly perApp: number;
  readonly perUser: number;
  /** How many apps there are, which share `max`; default: one. */
  readonly apps?: (() => number) | undefined;
}

const AGAIN_S = 5;
/** Of `max`, for a person without another limit: a token of one person is no reason to refuse others. */
const PERSON_SHARE = 100;
const LEAST_SHARE = 16;

const full = (why: string): HubRefusal => new HubRefusal('unavailable', why, { retryAfter: AGAIN_S });

/** How many streams and polls there may be here: in all, of an app, of a person. */
export class StreamShares {
  /** Streams of one person, and as many polls; 0: any number. */
  readonly perUser: number;
  readonly #max: number;
  readonly #perApp: number;
  readonly #held: SharedMeasure;
  readonly #polls = new Map<string, number>();

  constructor({ max, perApp, perUser, apps = () => 1 }: StreamSharesOptions) {
    this.#max = max;
    this.#perApp = perApp;
    this.perUser = perUser > 0 || max === 0 ? perUser : Math.max(LEAST_SHARE, Math.floor(max / PERSON_SHARE));
    this.#held = new SharedMeasure(max === 0 ? Number.POSITIVE_INFINITY : max, apps);
  }

  /** @param app undefined: it is not known yet whose it is. @throws HubRefusal when no further one may be opened */
  admit(app: string | undefined): void {
    const held = this.#held;
    if (this.#max > 0 && held.total >= this.#max) throw full(`${this.#max} streams are open, and there may be no more`);
    if (app === undefined) return;
    if (this.#perApp > 0 && held.of(app) >= this.#perApp)
      throw full(`${this.#perApp} streams of this app are open, and there may be no more`);
    if (!held.fits(app, 1)) throw full('the streams of this app are as many as leave other apps theirs');
  }

  take(app: string): void {
    this.#held.add(app, 1);
  }

  give(app: string): void {
    this.#held.add(app, -1);
  }

  /** Takes a place for a poll. @param key `personKey` @returns what gives it back. @throws HubRefusal */
  poll(app: string, key: string): () => void {
    this.admit(app);
    const own = this.#polls.get(key) ?? 0;
    if (this.perUser > 0 && own >= this.perUser)
      throw full(`${own} polls of this person wait, and there may be no more`);
    this.#polls.set(key, own + 1);
    this.take(app);
    return () => {
      this.give(app);
      const left = (this.#polls.get(key) ?? 0) - 1;
      if (left > 0) this.#polls.set(key, left);
      else this.#polls.delete(key);
    };
  }
}
