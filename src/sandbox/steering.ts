import http2 from 'node:http2';
import type { AnswerHeaders, Exchange } from './exchange.ts';
import { type Fate, fateOf } from './fate.ts';

/** An answer of a test's own; without a `status` the push is accepted after the delay. */
export interface RawAnswer {
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  /** Sent as it is when a string, else as JSON. */
  readonly body?: unknown;
  readonly delayMs?: number;
}
export type Answer = 'accept' | Fate | RawAnswer;

/** What is left of a fate when connections and repeats are dealt with: an answer that each provider words in its own way. */
export type Verdict =
  | Exclude<Fate, 'slow' | 'silent' | 'reset' | 'goaway' | 'cut' | 'busy-once' | 'down-twice'>
  | 'accept';

const SLOW_MS = 2000;
/** Fates that pass: after so many refusals the push is accepted, and the next push of that token starts again. */
const refusals: Partial<Record<Fate, number>> = {
  'busy-once': 1,
  'down-twice': 2,
  'stale-credential': 1,
  reset: 1,
  goaway: 1,
  cut: 1,
};
/** Beyond this many tokens under way the oldest is forgotten: with millions of steered tokens refusals last longer. */
const REMEMBERED = 10_000;

/** What a fate can do to a push, other than an answer. */
export type Treatable = Pick<Exchange, 'respond' | 'reset' | 'cut' | 'goAway'>;

/** Decides what becomes of each push by its token, and by what a test has scripted for it. */
export class Steering {
  readonly #refused = new Map<string, number>();
  readonly #scripts = new Map<string, Answer[]>();
  #scriptForAll: Answer[] | undefined;

  /** The next pushes to this token (or topic) get these answers in turn; the last one stays. */
  script(target: string, ...answers: Answer[]): void {
    this.#scripts.set(target, answers);
  }

  /** The same for pushes to any target that has no script of its own; without answers each is treated as it says itself again. */
  scriptAll(...answers: Answer[]): void {
    this.#scriptForAll = answers.length > 0 ? answers : undefined;
  }

  /** Calls `answer` with the verdict for this push, at once or later, or not at all where the fate is not an answer. */
  apply(exchange: Treatable, target: string, answer: (verdict: Verdict) => void): void {
    const chosen = this.#choose(target);
    if (typeof chosen === 'object') this.#raw(exchange, chosen, answer);
    else if (chosen === 'accept' || this.#spent(target, chosen)) answer('accept');
    else this.#treat(exchange, chosen, answer);
  }

  #choose(target: string): Answer {
    const script = (this.#scripts.size > 0 ? this.#scripts.get(target) : undefined) ?? this.#scriptForAll;
    if (!script) return fateOf(target) ?? 'accept';
    return (script.length > 1 ? script.shift() : script[0]) ?? 'accept';
  }

  #spent(target: string, fate: Fate): boolean {
    const most = refusals[fate];
    if (most === undefined) return false;
    const key = `${fate} ${target}`;
    const soFar = this.#refused.get(key) ?? 0;
    if (soFar >= most) return this.#refused.delete(key);
    this.#refused.set(key, soFar + 1);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > REMEMBERED && oldest !== undefined) this.#refused.delete(oldest);
    return false;
  }

  #raw(exchange: Treatable, raw: RawAnswer, answer: (verdict: Verdict) => void): void {
    if (raw.delayMs) {
      const { delayMs, ...rest } = raw;
      setTimeout(() => this.#raw(exchange, rest, answer), delayMs).unref();
    } else if (raw.status === undefined) answer('accept');
    else {
      const body = raw.body === undefined || typeof raw.body === 'string' ? raw.body : JSON.stringify(raw.body);
      exchange.respond(raw.status, { 'content-type': 'application/json', ...raw.headers }, body);
    }
  }

  #treat(exchange: Treatable, fate: Fate, answer: (verdict: Verdict) => void): void {
    if (fate === 'silent') return;
    if (fate === 'slow') setTimeout(answer, SLOW_MS, 'accept').unref();
    else if (fate === 'reset') exchange.reset(http2.constants.NGHTTP2_INTERNAL_ERROR);
    else if (fate === 'goaway') exchange.goAway('Shutdown');
    else if (fate === 'cut') exchange.cut();
    else if (fate === 'busy-once') answer('busy');
    else if (fate === 'down-twice') answer('down');
    else answer(fate);
  }
}
