/**
 * The sessions to one origin and the requests that wait for them. It opens a session when requests wait and none is open,
 * and further ones (up to `connections`) while all are full and answers are not slowing; one attempt at a time. An attempt
 * that fails, and a session that ends without having answered anything, is followed by a pause with backoff.
 *
 * All that can be written is written once per turn of the event loop (`setImmediate`), with one write for each session.
 */

import { background } from '../kit/background.ts';
import { backoff } from '../kit/backoff.ts';
import { vital } from '../kit/vital.ts';
import { type Connector, createConnector } from './connect.ts';
import { deliverFault } from './deliver.ts';
import { type Cause, connectFailure, connectTimeout, poolClosed, unsent, waitTimeout } from './faults.ts';
import type { Burst, Http2Pool, Http2PoolOptions, PoolStats } from './http2-pool.ts';
import { LoopClock } from './loop-clock.ts';
import type { PoolTuning } from './pool-tuning.ts';
import { RequestQueue } from './request-queue.ts';
import type { RequestStream } from './request-stream.ts';
import { ASSUMED_STREAMS, Session, type SessionEvents, type SessionOptions } from './session.ts';
import { SessionGrowth } from './session-growth.ts';

const MOST_SESSIONS = 8;
const REQUEST_TIMEOUT_MS = 15_000;
const CLOSE_GRACE_MS = 5_000;
/** After this many consecutive sessions without a single answer, waiting requests fail. */
const BARREN_SESSIONS = 3;
/** While answers come, a request may wait this many request timeouts; without any, one. */
const PATIENCE = 4;

class ConnectTimeoutError extends Error {
  readonly code = connectTimeout.code;
  override readonly message = connectTimeout.message;
}

function countUp(): () => number {
  let last = 0;
  return () => ++last;
}

export class Pool implements Http2Pool, SessionEvents {
  readonly #origin: string;
  readonly #authority: string;
  readonly #most: number;
  readonly #timeoutMs: number;
  readonly #tuning: PoolTuning;
  readonly #numberSession: () => number;
  readonly #connector: Connector;
  readonly #refuses: (debug: string) => boolean;
  readonly #clock: LoopClock;
  readonly #queue = new RequestQueue();
  readonly #growth = new SessionGrowth();
  readonly #sessions: Session[] = [];
  readonly #ticker: NodeJS.Timeout;

  #connecting: AbortController | undefined;
  /** Set while no connection may be attempted. */
  #pause: NodeJS.Timeout | undefined;
  /** Attempts in a row that led to no answer. */
  #failures = 0;
  #lastFailure: Cause | undefined;
  #answeredAt = 0;
  #pumpScheduled = false;
  #closed = false;
  readonly #emptied = Promise.withResolvers<void>();

  #goaways = 0;
  #pings = 0;
  #connects = 0;
  #connectFailures = 0;

  constructor(options: Http2PoolOptions, tuning: PoolTuning) {
    const url = new URL(options.origin);
    this.#origin = url.origin;
    this.#authority = url.host;
    this.#most = options.connections || MOST_SESSIONS;
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#tuning = tuning;
    this.#numberSession = options.numberSession ?? countUp();
    this.#connector = options.connect ?? createConnector(options, tuning);
    this.#refuses = options.isRefusal ?? (() => false);
    const { pingIdleMs, pingSilenceMs, pingTimeoutMs, connectTimeoutMs } = tuning;
    const shortest = Math.min(this.#timeoutMs, pingIdleMs, pingSilenceMs, pingTimeoutMs, connectTimeoutMs);
    const tickMs = Math.max(5, Math.min(250, shortest / 8));
    this.#clock = new LoopClock(2 * tickMs, tuning.clock);
    const tick = vital('looking at connections', () => this.#tick());
    this.#ticker = setInterval(tick, tickMs).unref();
  }

  submit(burst: Burst): void {
    if (this.#closed) {
      queueMicrotask(() => {
        for (let i = 0; i < burst.count; i++) deliverFault(burst, i, unsent(poolClosed));
      });
      return;
    }
    this.#queue.add(burst, this.#clock.now());
    this.#schedule();
  }

  stats(): PoolStats {
    let sessions = 0;
    let inFlight = 0;
    let capacity = 0;
    for (const session of this.#sessions) {
      inFlight += session.inFlight;
      if (session.state !== 'open') continue;
      sessions++;
      capacity += session.maxStreams;
    }
    const lastError = sessions === 0 ? this.#lastFailure?.message : undefined;
    return {
      sessions,
      inFlight,
      waiting: this.#queue.waiting,
      capacity: sessions === 0 ? ASSUMED_STREAMS : capacity,
      goaways: this.#goaways,
      pings: this.#pings,
      connects: this.#connects,
      connectFailures: this.#connectFailures,
      ...(lastError === undefined ? {} : { lastError }),
    };
  }

  async close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#pause);
      this.#connecting?.abort();
      this.#failWaiting(poolClosed);
      for (const session of [...this.#sessions]) session.drain(poolClosed);
    }
    await this.#whenEmpty(graceMs);
    for (const session of [...this.#sessions]) session.destroy(poolClosed);
    clearInterval(this.#ticker);
  }

  onReady(): void {
    this.#schedule();
  }

  onAnswers(roundTripMs: number): void {
    this.#failures = 0;
    this.#answeredAt = this.#clock.now();
    this.#growth.observe(roundTripMs);
  }

  onState(session: Session, before: Session['state']): void {
    if (session.state === 'open' && before === 'greeting') {
      this.#connects++;
      this.#lastFailure = undefined;
      this.#growth.opened();
    }
    if (session.state === 'closed') this.#remove(session);
    if (session.cause !== undefined && before !== 'draining') this.#onLeft(session, before, session.cause);
    else if (session.cause !== undefined && session.state === 'closed') this.#onBarren(session, session.cause);
    this.#schedule();
  }

  readonly onRefused = (stream: RequestStream, cause: Cause, charge: boolean): void => {
    const { burst, index, writtenAt } = stream;
    const refusals = stream.refusals + (charge ? 1 : 0);
    if (this.#closed) deliverFault(burst, index, unsent(poolClosed));
    else if (this.#isRefusal(cause)) deliverFault(burst, index, unsent(cause));
    else if (refusals > this.#tuning.maxRefusals) deliverFault(burst, index, unsent(cause));
    else this.#queue.addReplay(burst, index, refusals, writtenAt);
  };

  onGoaway(): void {
    this.#goaways++;
  }

  onPing(): void {
    this.#pings++;
  }

  #schedule(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(this.#pump);
  }

  readonly #pump = vital('writing to connections', (): void => {
    this.#pumpScheduled = false;
    for (const session of [...this.#sessions]) session.fill(this.#queue);
    if (this.#queue.waiting > 0) this.#connectIfNeeded();
    else this.#growth.relieved();
  });

  #connectIfNeeded(): void {
    if (this.#closed || this.#connecting || this.#pause) return;
    let usable = 0;
    for (const session of this.#sessions) {
      if (session.state === 'greeting' || (session.state === 'open' && !session.isFull)) {
        this.#growth.relieved();
        return;
      }
      if (session.state === 'open') usable++;
    }
    if (usable > 0 && (usable >= this.#most || !this.#growth.allows(this.#clock.now()))) return;
    background(this.#connect());
  }

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#connecting = attempt;
    const timer = setTimeout(() => attempt.abort(new ConnectTimeoutError()), this.#tuning.connectTimeoutMs);
    try {
      const socket = await this.#connector(attempt.signal);
      if (this.#closed) {
        socket.destroy();
        return;
      }
      this.#sessions.push(new Session(socket, this.#sessionOptions(), this.#clock, this));
    } catch (error) {
      const why = attempt.signal.aborted ? attempt.signal.reason : error;
      if (!this.#closed) this.#onConnectFailed(connectFailure(this.#origin, why));
    } finally {
      clearTimeout(timer);
      this.#connecting = undefined;
    }
  }

  #sessionOptions(): SessionOptions {
    return {
      authority: this.#authority,
      requestTimeoutMs: this.#timeoutMs,
      tuning: this.#tuning,
      number: this.#numberSession(),
    };
  }

  #onConnectFailed(cause: Cause): void {
    this.#connectFailures++;
    this.#lastFailure = cause;
    this.#pauseConnecting();
    if (!this.#sessions.some(({ state }) => state === 'open')) this.#failWaiting(cause);
  }

  /** A session takes no more requests. */
  #onLeft(session: Session, before: Session['state'], cause: Cause): void {
    if (this.#closed) return;
    if (before === 'greeting') {
      this.#onConnectFailed({ ...cause, message: `no connection to ${this.#origin}: ${cause.message}` });
      return;
    }
    // With a GOAWAY the answers may be on their way.
    if (session.state === 'closed' || session.inFlight === 0) this.#onBarren(session, cause);
  }

  #onBarren(session: Session, cause: Cause): void {
    if (this.#closed || session.answers > 0) return;
    this.#lastFailure = cause;
    this.#pauseConnecting();
    const hopeless = this.#failures >= BARREN_SESSIONS || this.#isRefusal(cause);
    if (hopeless && this.stats().sessions === 0) this.#failWaiting(cause);
  }

  #isRefusal({ refusal }: Cause): boolean {
    return refusal?.by === 'certificate' || (refusal !== undefined && this.#refuses(refusal.text));
  }

  #pauseConnecting(): void {
    const ms = backoff(this.#failures++, this.#tuning.reconnect, this.#tuning.random);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#schedule();
    }, ms);
  }

  #remove(session: Session): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
    if (this.#sessions.length === 0 && this.#closed) this.#emptied.resolve();
  }

  #failWaiting(cause: Cause): void {
    this.#queue.expire(Number.POSITIVE_INFINITY, (burst, index) => deliverFault(burst, index, unsent(cause)));
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const session of [...this.#sessions]) session.tick();
    if (this.#queue.waiting === 0) return;
    const moving = now - this.#answeredAt < this.#timeoutMs;
    const cause = waitTimeout(this.#lastFailure);
    this.#queue.expire(now - this.#timeoutMs * (moving ? PATIENCE : 1), (burst, index) =>
      deliverFault(burst, index, unsent(cause)),
    );
    this.#schedule();
  }

  async #whenEmpty(graceMs: number): Promise<void> {
    if (this.#sessions.length === 0) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([this.#emptied.promise, late]);
    clearTimeout(timer);
  }
}
