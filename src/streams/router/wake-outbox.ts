/**
 * Wake-ups on their way to one place: those of one turn of the event loop leave together, in messages of bounded size, a bounded
 * number at a time. A place that does not keep up costs no memory: what waits for it longer is names alone, each once.
 */
import { background } from '../../kit/background.ts';
import type { WakeUp } from './stream-router.ts';
import { wakeText } from './wake-message.ts';

export interface WakeOutboxOptions {
  /** Who says it. */
  readonly from: string;
  /** Resolves when the message has left, or is lost. */
  readonly post: (text: string) => Promise<void>;
  /** Messages under way at once; default 64. */
  readonly most?: number | undefined;
}

const MOST_UNDER_WAY = 64;
/** Of a message; an event that does not fit goes without itself: who is woken reads it. */
const MOST_CHARACTERS = 64 * 1024;
/** Characters of events that wait for their turn. */
const MOST_WAITING = 4 * 1024 * 1024;
/** People whose names wait; more are not told of, which the question to the store every few seconds mends. */
const MOST_NAMES = 100_000;

const sizeOf = ({ user, event }: WakeUp): number => user.length + (event?.payload.length ?? 0);

export class WakeOutbox {
  readonly #options: WakeOutboxOptions;
  #waiting: WakeUp[] = [];
  #characters = 0;
  /** Of those for whom there was no room above. */
  readonly #names = new Map<string, WakeUp>();
  #underWay = 0;
  #isFlushing = false;
  #isClosed = false;

  constructor(options: WakeOutboxOptions) {
    this.#options = options;
  }

  add(wakeUps: readonly WakeUp[]): void {
    if (this.#isClosed || wakeUps.length === 0) return;
    for (const wakeUp of wakeUps) this.#put(wakeUp);
    this.#flushSoon();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#names.clear();
  }

  get #isFull(): boolean {
    return this.#underWay >= (this.#options.most ?? MOST_UNDER_WAY);
  }

  #put(wakeUp: WakeUp): void {
    const { user, event, gone } = wakeUp;
    const size = sizeOf(wakeUp);
    if (!this.#isFull && this.#characters + size <= MOST_WAITING) {
      this.#waiting.push(event && event.payload.length >= MOST_CHARACTERS ? { user } : wakeUp);
      this.#characters += size;
    } else if (this.#names.size < MOST_NAMES || this.#names.has(user)) {
      const isGone = gone === true || this.#names.get(user)?.gone === true;
      this.#names.set(user, isGone ? { user, gone: true } : { user });
    }
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isClosed) return;
    const all = [...this.#waiting, ...this.#names.values()];
    let at = 0;
    while (at < all.length && !this.#isFull) {
      const some = this.#some(all, at);
      at += some.length;
      this.#post(some);
    }
    this.#waiting = [];
    this.#names.clear();
    this.#characters = 0;
    for (const wakeUp of all.slice(at)) this.#put(wakeUp);
  }

  #some(all: readonly WakeUp[], from: number): WakeUp[] {
    let end = from;
    let characters = 0;
    while (end < all.length && characters < MOST_CHARACTERS) characters += sizeOf(all[end++] as WakeUp);
    return all.slice(from, end);
  }

  #post(wakeUps: readonly WakeUp[]): void {
    const { from, post } = this.#options;
    this.#underWay++;
    const left = (): void => {
      this.#underWay--;
      if (this.#waiting.length > 0 || this.#names.size > 0) this.#flushSoon();
    };
    // What is lost on its way is found by the question to the store.
    background(post(wakeText({ from, wakeUps })).then(left, left));
  }
}
