/**
 * Requests over HTTP/1.1 under the contract of the HTTP/2 pool, for peers that speak nothing else: at most `connections` at a time
 * and one request on each; the others wait here. A connection that cannot be had ends all that wait, as in the HTTP/2 pool.
 *
 * An exchange goes: started → written (from here on the peer may have seen it) → ended, once, by an answer, an error or its
 * deadline.
 */
import type { buildConnector, Dispatcher, Pool } from 'undici';
import { deliverFault, deliverResponse } from '../http2/deliver.ts';
import { connectFailure, connectionLost, poolClosed, requestTimeout, unanswered, unsent } from '../http2/faults.ts';
import type { Burst, Http2Pool, PoolStats, StreamFault } from '../http2/http2-pool.ts';
import { RequestQueue } from '../http2/request-queue.ts';
import { undici } from '../kit/http/undici.ts';
import { GatheredAnswer } from './gathered-answer.ts';
import { lateDispatcher } from './late-dispatcher.ts';

export interface Http1PoolOptions {
  /** `https://host[:port]` or `http://host[:port]`. */
  readonly origin: string;
  readonly connect: buildConnector.connector;
  /** Most at a time; default 32. */
  readonly connections?: number;
  /** Milliseconds from the write of a request until it counts as unanswered; default 15,000. */
  readonly requestTimeoutMs?: number;
  readonly numberSession?: () => number;
}

const MOST_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 15_000;
const CLOSE_GRACE_MS = 5_000;
/** Bytes of an answer; a larger one is no push service's. */
const MOST_ANSWER = 64 * 1024;

export class Http1Pool implements Http2Pool {
  readonly origin: string;
  readonly #most: number;
  readonly #timeoutMs: number;
  readonly #pool: Dispatcher;
  readonly #queue = new RequestQueue();
  readonly #active = new Set<Exchange>();
  readonly #ticker: NodeJS.Timeout;
  readonly #session: number;
  #open = 0;
  #connects = 0;
  #connectFailures = 0;
  #lastError: string | undefined;
  #pumpScheduled = false;
  #closed = false;
  #emptied: (() => void) | undefined;

  constructor(options: Http1PoolOptions) {
    this.origin = options.origin;
    this.#most = options.connections ?? MOST_CONNECTIONS;
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    // Its connections have no numbers unless they are given some.
    this.#session = options.numberSession?.() ?? 0;
    this.#pool = lateDispatcher(async () => this.#openPool(options, (await undici()).Pool));
    const tickMs = Math.max(5, Math.min(250, this.#timeoutMs / 8));
    this.#ticker = setInterval(() => this.#tick(), tickMs).unref();
  }

  submit(burst: Burst): void {
    if (this.#closed) {
      queueMicrotask(() => {
        for (let index = 0; index < burst.count; index++) deliverFault(burst, index, unsent(poolClosed));
      });
      return;
    }
    this.#queue.add(burst, performance.now());
    this.#schedule();
  }

  stats(): PoolStats {
    return {
      sessions: this.#open,
      inFlight: this.#active.size,
      waiting: this.#queue.waiting,
      capacity: this.#most,
      goaways: 0,
      pings: 0,
      connects: this.#connects,
      connectFailures: this.#connectFailures,
      ...(this.#open === 0 && this.#lastError !== undefined ? { lastError: this.#lastError } : {}),
    };
  }

  async close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    this.#closed = true;
    this.#failWaiting(unsent(poolClosed));
    if (this.#active.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#emptied = resolve;
      const timer = setTimeout(resolve, graceMs);
      await promise;
      clearTimeout(timer);
    }
    for (const exchange of [...this.#active]) exchange.giveUp(poolClosed);
    clearInterval(this.#ticker);
    await this.#pool.destroy();
  }

  ended(exchange: Exchange, fault?: StreamFault): void {
    this.#active.delete(exchange);
    if (fault) this.#connectFailed(fault);
    if (this.#closed && this.#active.size === 0) this.#emptied?.();
    if (this.#queue.waiting > 0) this.#schedule();
  }

  #openPool({ origin, connect }: Http1PoolOptions, PoolOf: typeof Pool): Pool {
    // Deadlines are kept here: undici's begin when a connection is there.
    const noDeadlines = { headersTimeout: 0, bodyTimeout: 0 };
    const shape = { connections: this.#most, pipelining: 1, allowH2: false };
    const pool = new PoolOf(origin, { connect, ...shape, ...noDeadlines });
    pool.on('connect', () => {
      this.#open++;
      this.#connects++;
      this.#lastError = undefined;
    });
    pool.on('disconnect', () => this.#open--);
    return pool;
  }

  #connectFailed(fault: StreamFault): void {
    this.#connectFailures++;
    this.#lastError = fault.message;
    if (this.#open === 0) this.#failWaiting(fault);
  }

  #schedule(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(this.#pump);
  }

  readonly #pump = (): void => {
    this.#pumpScheduled = false;
    while (!this.#closed && this.#queue.waiting > 0 && this.#active.size < this.#most) {
      this.#queue.take();
      const exchange = new Exchange(this.#queue.burst, this.#queue.index, this, this.#session);
      this.#active.add(exchange);
      exchange.start(this.#pool);
    }
  };

  #failWaiting(fault: StreamFault): void {
    this.#queue.expire(Number.POSITIVE_INFINITY, (burst, index) => deliverFault(burst, index, fault));
  }

  #tick(): void {
    const limit = performance.now() - this.#timeoutMs;
    for (const exchange of [...this.#active]) if (exchange.since <= limit) exchange.giveUp(requestTimeout);
    this.#queue.expire(limit, (burst, index) => deliverFault(burst, index, unsent(requestTimeout)));
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  /** Monotonic milliseconds. */
  readonly since = performance.now();
  readonly #burst: Burst;
  readonly #index: number;
  readonly #owner: Http1Pool;
  readonly #session: number;
  readonly #answer = new GatheredAnswer(MOST_ANSWER);
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;

  constructor(burst: Burst, index: number, owner: Http1Pool, session: number) {
    this.#burst = burst;
    this.#index = index;
    this.#owner = owner;
    this.#session = session;
  }

  start(pool: Dispatcher): void {
    const { template } = this.#burst;
    try {
      const path = template.path ?? (template.pathPrefix ?? '') + this.#burst.path(this.#index);
      // The body is one buffer for all: undici writes it later.
      const body = template.body ?? Buffer.from(this.#burst.body(this.#index));
      const headers = Object.fromEntries(template.headers.map(({ name, value }) => [name, value]));
      pool.dispatch({ path, method: 'POST', headers, body } as Dispatcher.DispatchOptions, this);
    } catch (error) {
      this.onResponseError(null, error as Error);
    }
  }

  /** undici is about to write it: the peer may see it from now on. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) controller.abort(new Error('given up before it was written'));
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    this.#answer.begin(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#answer.add(chunk)) this.giveUp({ code: 'ANSWER_TOO_LARGE', message: 'the answer is too large' });
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.ended(this);
    const { status, headers } = this.#answer;
    const body = this.#answer.body();
    deliverResponse(this.#burst, this.#index, status, headers, body, 0, body.length, this.#session);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#controller) this.#fail(unanswered(connectionLost(error)));
    else this.#fail(unsent(connectFailure(this.#owner.origin, error)), true);
  }

  giveUp(cause: { readonly code: string; readonly message: string }): void {
    const controller = this.#controller;
    this.#fail(controller ? unanswered(cause) : unsent(cause));
    controller?.abort(new Error(cause.message));
  }

  #fail(fault: StreamFault, isConnectFailure = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.ended(this, isConnectFailure ? fault : undefined);
    deliverFault(this.#burst, this.#index, fault, this.#controller ? this.#session : undefined);
  }
}
