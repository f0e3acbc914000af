/**
 * A transport for providers that take one HTTP/1.1 request for each target: SMS, Slack, ntfy. It costs a promise for each target,
 * which does not matter beside a request of its own; APNs and FCM have `http2/`.
 *
 * A target is: refused here (`request` gives a failure) → settled, or waiting for one of `connections` → under way → settled.
 * `close` gives up what is under way and settles what waits as `NotSent`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { Dispatcher } from 'undici';
import type { StreamFault } from '../http2/http2-pool.ts';
import { background, throwLater } from '../kit/background.ts';
import { internalError } from '../push/internal-error.ts';
import type { Delivery, Failed, Outcome, PushTransport, Settle, TransportStatus } from '../push/push.ts';
import { type PostAnswer, type PostRequest, post } from './http-post.ts';
import { Probing } from './probing.ts';
import { Turns } from './turns.ts';

/** The request that carries a notification to one target. */
export interface TargetRequest extends Pick<PostRequest, 'origin' | 'path' | 'headers' | 'body'> {
  /** Default: that of the transport. */
  readonly dispatcher?: Dispatcher;
}

/** What differs between the providers. Functions never throw. */
export interface PostingProtocol {
  /** A failure settles the target, and the provider is not asked. */
  request(target: string, delivery: Delivery): TargetRequest | { readonly failed: Failed };
  outcome(target: string, answer: PostAnswer, delivery: Delivery): Outcome;
  /** Of a request without an answer. */
  fault(fault: StreamFault): Failed;
  /** Milliseconds after which the very same request is made once more, before the outcome counts; undefined: not. */
  repeatAfterMs?(outcome: Outcome): number | undefined;
  /** Targets with one turn are sent one after another; undefined: at once. Default: all at once. */
  turnOf?(target: string): string | undefined;
  /** Milliseconds for which nothing more goes to this turn; undefined: none. What comes meanwhile is settled as `held`. */
  holdMs?(outcome: Outcome): number | undefined;
  /** Of what comes to a held turn. @param ms until it ends */
  held?(ms: number): Failed;
  /** Of what waits when the transport is closed. */
  readonly closed: Failed;
}

export interface PostingOptions {
  /** Verifies TLS, knows the CA and the proxy. Stays open when the transport is closed. */
  readonly dispatcher: Dispatcher;
  /** Milliseconds until a request counts as unanswered, connecting included. */
  readonly requestTimeoutMs: number;
  /** Requests under way at a time, each on a connection of its own; 1 to 1,000. */
  readonly connections: number;
  /** UNIX milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

/** How long a refused credential keeps the relay from being ready, where no probe can ask about it. */
const PROBE_MS = 30_000;

/** A protocol never throws; should one, its push fails and no other. */
function mistaken(error: unknown): Failed {
  throwLater(error);
  return internalError(error);
}

export class PostingTransport implements PushTransport {
  readonly #protocol: PostingProtocol;
  readonly #options: PostingOptions;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  readonly #requests: PQueue;
  readonly #turns: Turns;
  #inFlight = 0;
  readonly #probing: Probing;

  constructor(protocol: PostingProtocol, options: PostingOptions) {
    this.#protocol = protocol;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#probing = new Probing(PROBE_MS, this.#now);
    this.#requests = new PQueue({ concurrency: options.connections });
    this.#turns = new Turns(this.#now);
  }

  send(delivery: Delivery, settle: Settle): void {
    this.#inFlight += delivery.targets.length;
    for (const [index, target] of delivery.targets.entries()) {
      const carried = async (): Promise<void> => {
        const outcome = await this.#requests.add(() => this.#carry(target, delivery).catch(mistaken));
        this.#inFlight -= 1;
        settle(index, outcome);
      };
      background(this.#turns.run(this.#protocol.turnOf?.(target), carried));
    }
  }

  status(): TransportStatus {
    const { lastFailure, lastSuccessAt, isDue } = this.#probing;
    // Where nothing can be asked without sending, a push has to find out that all is well again: not ready, none may come.
    const isRefused = lastFailure?.category === 'credential' && !isDue;
    return {
      status: lastFailure === undefined ? 'pass' : isRefused ? 'fail' : 'warn',
      ...(lastFailure ? { output: lastFailure.error } : {}),
      sessions: this.#requests.pending,
      inFlight: this.#inFlight,
      capacity: this.#options.connections,
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turns.onIdle();
  }

  async #carry(target: string, delivery: Delivery): Promise<Outcome> {
    if (this.#closing.signal.aborted) return this.#protocol.closed;
    const turn = this.#protocol.turnOf?.(target);
    const heldMs = this.#turns.heldMs(turn);
    if (heldMs > 0 && this.#protocol.held) return this.#protocol.held(heldMs);
    const request = this.#protocol.request(target, delivery);
    if ('failed' in request) return request.failed;
    const outcome = await this.#attempt(request, target, delivery);
    const pause = this.#protocol.repeatAfterMs?.(outcome);
    const last = pause === undefined ? outcome : await this.#repeat(pause, outcome, request, target, delivery);
    this.#turns.hold(turn, this.#protocol.holdMs?.(last));
    this.#probing.note(last);
    return last;
  }

  async #repeat(pause: number, first: Outcome, request: TargetRequest, target: string, delivery: Delivery) {
    try {
      await sleep(pause, undefined, { signal: this.#closing.signal, ref: false });
    } catch {
      return first;
    }
    return this.#attempt(request, target, delivery);
  }

  async #attempt(request: TargetRequest, target: string, delivery: Delivery): Promise<Outcome> {
    const result = await post(request.dispatcher ?? this.#options.dispatcher, {
      ...request,
      timeoutMs: this.#options.requestTimeoutMs,
      signal: this.#closing.signal,
    });
    return 'fault' in result ? this.#protocol.fault(result.fault) : this.#protocol.outcome(target, result, delivery);
  }
}
