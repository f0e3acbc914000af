import PQueue from 'p-queue';
import type { Dispatcher } from 'undici';
import { builtOnce } from '../carrier/built-once.ts';
import { post } from '../carrier/http-post.ts';
import { Probing } from '../carrier/probing.ts';
import { background, throwLater } from '../kit/background.ts';
import { internalError } from '../push/internal-error.ts';
import type { Delivery, Failed, Outcome, PushTransport, Settle, TransportStatus } from '../push/push.ts';
import { type HmsMessage, hmsBody, hmsMessage } from './payload.ts';
import { hmsFailure, hmsFault, hmsOutcome } from './reasons.ts';
import { createHmsTokenSource, createHmsTokenSources, type HmsTokenSource, type HmsTokenSources } from './token.ts';

export interface HmsTransportOptions {
  readonly appId: string;
  readonly appSecret: string;
  /** `https://host[:port]`; default Huawei's own. */
  readonly origin?: string;
  readonly authOrigin?: string;
  /** Carries sign-ins and pushes: verifies TLS, knows the CA and the proxy. Closed by its owner. */
  readonly dispatcher: Dispatcher;
  /** Milliseconds until a request counts as unanswered, connecting included; default 15,000. */
  readonly requestTimeoutMs?: number;
  /** Requests under way at a time, each on a connection of its own; default 16. */
  readonly connections?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

const ORIGIN = 'https://push-api.cloud.huawei.com';
const AUTH_ORIGIN = 'https://oauth-login.cloud.huawei.com';
/** HMS: tokens in one request. */
const MOST_TOKENS = 1000;

const EMPTY_TOKEN = hmsFailure('MissingTarget', 'the device token cannot be empty');
const CLOSED = hmsFailure('NotSent', 'the transport is closed');
/** Milliseconds after which a sign-in that failed is tried again although no push asks for it. */
const PROBE_MS = 30_000;

/** Part of a delivery: what one request carries. */
interface Chunk {
  readonly delivery: Delivery;
  readonly message: HmsMessage;
  readonly indexes: readonly number[];
  readonly targets: readonly string[];
  readonly settle: Settle;
}

/** HMS v1 for one app, and for the apps that requests bring along. */
export function createHmsTransport(options: HmsTransportOptions): PushTransport {
  return new HmsTransport(options);
}

class HmsTransport implements PushTransport {
  readonly #options: HmsTransportOptions;
  readonly #origin: string;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  readonly #requests: PQueue;
  readonly #own: HmsTokenSource;
  readonly #others: HmsTokenSources;
  readonly #connections: number;
  #inFlight = 0;
  readonly #probing: Probing;
  readonly #built = builtOnce(hmsMessage);

  constructor(options: HmsTransportOptions) {
    this.#options = options;
    this.#origin = options.origin ?? ORIGIN;
    this.#now = options.now ?? Date.now;
    this.#probing = new Probing(PROBE_MS, this.#now);
    this.#connections = options.connections ?? 16;
    this.#requests = new PQueue({ concurrency: this.#connections });
    const signIn = {
      authOrigin: options.authOrigin ?? AUTH_ORIGIN,
      dispatcher: options.dispatcher,
      signal: this.#closing.signal,
      now: this.#now,
      ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
    };
    this.#own = createHmsTokenSource(options.appId, options.appSecret, signIn);
    this.#others = createHmsTokenSources(signIn);
  }

  send(delivery: Delivery, settle: Settle): void {
    const { targets } = delivery;
    const message = this.#closing.signal.aborted ? { outcome: CLOSED } : this.#built(delivery);
    if ('outcome' in message) {
      for (const index of targets.keys()) settle(index, message.outcome);
      return;
    }
    const indexes: number[] = [];
    for (const [index, target] of targets.entries()) {
      if (target === '') settle(index, EMPTY_TOKEN);
      else indexes.push(index);
    }
    // A topic is a push of its own, should there ever be several.
    const size = delivery.kind === 'token' ? MOST_TOKENS : 1;
    for (let from = 0; from < indexes.length; from += size) {
      const slice = indexes.slice(from, from + size);
      const chunk = { delivery, message, indexes: slice, targets: slice.map((i) => targets[i] as string), settle };
      this.#inFlight += slice.length;
      background(this.#requests.add(() => this.#carry(chunk)));
    }
  }

  status(): TransportStatus {
    const signIn = this.#own.lastFailure();
    if (signIn) this.#probe();
    const { lastFailure, lastSuccessAt } = this.#probing;
    const trouble = signIn ?? lastFailure;
    return {
      status: signIn ? 'fail' : trouble ? 'warn' : 'pass',
      ...(trouble ? { output: trouble.error } : {}),
      sessions: this.#requests.pending,
      inFlight: this.#inFlight,
      capacity: this.#connections * MOST_TOKENS,
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    };
  }

  /** Unready, the relay may get no push that would find out that sign-in works again. */
  #probe(): void {
    if (this.#closing.signal.aborted || !this.#probing.takeDue()) return;
    background(this.#own.get());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#requests.onIdle();
  }

  async #carry(chunk: Chunk): Promise<void> {
    const outcomeOf = await this.#attempt(chunk).catch((error) => {
      throwLater(error);
      return () => internalError(error);
    });
    this.#inFlight -= chunk.indexes.length;
    for (const [place, index] of chunk.indexes.entries()) {
      chunk.settle(index, outcomeOf(chunk.targets[place] as string));
    }
  }

  async #attempt({ delivery, message, targets }: Chunk): Promise<(target: string) => Outcome> {
    if (this.#closing.signal.aborted) return () => CLOSED;
    const source = this.#sourceOf(delivery);
    const answer = await source.get();
    if ('outcome' in answer) return this.#withoutToken(source, answer.outcome);
    const result = await post(this.#options.dispatcher, {
      origin: this.#origin,
      path: `/v1/${encodeURIComponent(source.appId.toWellFormed())}/messages:send`,
      headers: {
        'content-type': 'application/json;charset=utf-8',
        authorization: `Bearer ${answer.token}`,
      },
      body: hmsBody(message, delivery.kind, targets),
      timeoutMs: this.#options.requestTimeoutMs ?? 15_000,
      signal: this.#closing.signal,
    });
    if ('fault' in result) {
      const failed = hmsFault(result.fault);
      this.#probing.note(failed);
      return () => failed;
    }
    const to = { kind: delivery.kind, targets };
    const outcomeOf = hmsOutcome(result.status, result.headers, result.body, to, this.#now);
    this.#learn(outcomeOf, targets, source, answer.token);
    return outcomeOf;
  }

  /** The app of the request where it names one; what it leaves out is the configured one's. */
  #sourceOf({ notification }: Delivery): HmsTokenSource {
    const appId = notification.app_id || this.#options.appId;
    const appSecret = notification.app_secret || this.#options.appSecret;
    const isOwn = appId === this.#options.appId && appSecret === this.#options.appSecret;
    return isOwn ? this.#own : this.#others.of(appId, appSecret);
  }

  /** A secret that a request brought along is that request's mistake: it must not close the lane to all others. */
  #withoutToken(source: HmsTokenSource, failed: Failed): () => Failed {
    if (source === this.#own) this.#probing.postpone();
    const isTheirs = source !== this.#own && failed.category === 'credential';
    const told: Failed = isTheirs ? { ...failed, category: 'invalid_request' } : failed;
    return () => told;
  }

  #learn(of: (target: string) => Outcome, targets: readonly string[], source: HmsTokenSource, token: string): void {
    const outcomes = targets.map(of);
    const failed = outcomes.find((outcome): outcome is Failed => outcome.kind === 'failed');
    // A 401 that has not HMS's form may still be about the token; a new one costs little.
    const isOdd401 = failed?.reason === 'InvalidAnswer' && failed.status === 401;
    if (isOdd401 || failed?.category === 'stale_credential') source.invalidate(token);
    // What becomes of an app that the request names says nothing about ours.
    if (failed?.category === 'stale_credential' && source !== this.#own) return;
    this.#probing.note(outcomes.find(({ kind }) => kind === 'accepted') ?? (failed as Failed));
  }
}
