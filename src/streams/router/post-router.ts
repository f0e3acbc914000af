/**
 * Wake-ups by signed POST from instance to instance, for those that share a store and no Redis. Each peer has an outbox of its own, so
 * that one that is slow or gone holds up no other; while it does not answer, few calls are made, and its readers learn of news by asking
 * the store.
 */
import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { Breaker } from '../../kit/breaker.ts';
import { undici } from '../../kit/http/undici.ts';
import {
  type CallHeaders,
  createSigner,
  createVerifier,
  SIGNATURE_TOLERANCE_MS,
} from '../../kit/http/webhook-signature.ts';
import { SeenCalls } from './seen-calls.ts';
import type { StreamRouter, WakeUp } from './stream-router.ts';
import { readWakeMessage } from './wake-message.ts';
import { WakeOutbox } from './wake-outbox.ts';

export interface PostRouterOptions {
  /** Base addresses of the instances; this one may be among them. */
  readonly peers: readonly string[];
  /** Of Standard Webhooks, the newest first: calls are signed with each, and taken with any. */
  readonly secrets: readonly string[];
  readonly dispatcher: Dispatcher;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  /** Milliseconds a call may take; default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** UNIX milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** What came of a call by a peer. */
export type PeerCall = 'heard' | 'unsigned' | 'malformed';

/** Below the address of an instance. */
export const WAKE_PATH = '/v1/streams/wake-ups';
const TIMEOUT_MS = 5000;
/** To one peer. */
const CALLS_AT_ONCE = 4;
const NO_CONTENT = 204;

/** Never a text, which may hold an address. */
const nameOf = ({ code, name }: NodeJS.ErrnoException): string => (typeof code === 'string' ? code : name);

export class PostRouter implements StreamRouter {
  readonly #options: PostRouterOptions;
  readonly #own = randomUUID();
  readonly #outboxes: readonly WakeOutbox[];
  readonly #sign: ReturnType<typeof createSigner>;
  readonly #verify: ReturnType<typeof createVerifier>;
  readonly #seen = new SeenCalls(2 * SIGNATURE_TOLERANCE_MS);
  readonly #closing = new AbortController();
  #hear: ((wakeUps: readonly WakeUp[]) => void) | undefined;

  constructor(options: PostRouterOptions) {
    this.#options = options;
    this.#sign = createSigner(options.secrets);
    this.#verify = createVerifier(options.secrets);
    this.#outboxes = options.peers.map((peer) => {
      const url = new URL(peer);
      const folders = url.pathname.split('/').filter((name) => name !== '');
      url.pathname = `${folders.join('/')}${WAKE_PATH}`;
      return new WakeOutbox({ from: this.#own, most: CALLS_AT_ONCE, post: this.#postTo(url) });
    });
  }

  send(wakeUps: readonly WakeUp[]): void {
    for (const outbox of this.#outboxes) outbox.add(wakeUps);
  }

  listen(hear: (wakeUps: readonly WakeUp[]) => void): void {
    this.#hear = hear;
  }

  /** A call of a peer. */
  receive(headers: CallHeaders, body: string): PeerCall {
    const now = this.#now();
    const id = this.#verify(headers, body, now);
    if (id === undefined) return 'unsigned';
    const message = readWakeMessage(body);
    if (!message) return 'malformed';
    const isHeard = message.from !== this.#own && !this.#closing.signal.aborted;
    if (isHeard && this.#seen.isNew(id, now)) this.#hear?.(message.wakeUps);
    return 'heard';
  }

  async close(): Promise<void> {
    for (const outbox of this.#outboxes) outbox.close();
    this.#closing.abort();
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #postTo(url: URL): (text: string) => Promise<void> {
    const breaker = new Breaker();
    const { tell } = this.#options;
    let isSaid = false;
    return async (text) => {
      // What is not sent is found by the question to the store.
      if (breaker.admit() === 0) return;
      const why = await this.#call(url, text).catch(nameOf);
      if (this.#closing.signal.aborted) return;
      if (why === undefined) {
        breaker.succeeded();
        if (isSaid) tell('info', `streams: ${url.origin} hears of news again`);
        isSaid = false;
      } else {
        breaker.failed();
        if (breaker.state === 'closed' || isSaid) return;
        isSaid = true;
        tell('warn', `streams: ${url.origin} does not take news (${why}); its readers have them a little later`);
      }
    };
  }

  /** @returns why it was not taken */
  async #call(url: URL, body: string): Promise<string | undefined> {
    const { dispatcher, timeoutMs = TIMEOUT_MS } = this.#options;
    const { request } = await undici();
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.#sign(randomUUID(), body, this.#now()) },
      body,
      dispatcher,
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body.dump();
    return response.statusCode === NO_CONTENT ? undefined : `HTTP ${response.statusCode}`;
  }
}
