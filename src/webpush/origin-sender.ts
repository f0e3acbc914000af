import type { Http2Pool, PoolStats, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import type { Failed, Outcome } from '../push/push.ts';
import type { VapidPair } from './credentials.ts';
import type { EncryptionPool } from './encryption/encryption-pool.ts';
import { PairBreaker } from './pair-breaker.ts';
import type { PairChoice } from './pair-choice.ts';
import { failAll, type PushBatch, PushBurst, packReceivers } from './push-batch.ts';
import { webPushAnswer, webPushFailure, webPushFault } from './reasons.ts';
import { RequestHeaders } from './request-headers.ts';
import type { VapidTokenSource } from './token.ts';
import { type Vendor, vendorOf } from './vendor.ts';

export interface OriginSenderOptions {
  /** `https://host[:port]` */
  readonly origin: string;
  readonly pool: Http2Pool;
  readonly encryption: Pick<EncryptionPool, 'encrypt'>;
  readonly tokens: VapidTokenSource;
  readonly choice: PairChoice;
  /** The origin refuses what a pair signs, and its pushes wait. */
  readonly onPairRefused: (pair: VapidPair, origin: string, failed: Failed) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** A pause that a push service asks for is kept for at most so long; then it is asked again. */
const LONGEST_HOLD = 3_600_000;

const CLOSED = webPushFault({ code: 'POOL_CLOSED', processed: 'no', message: 'the relay is shutting down' });
const NO_POINT: Failed = webPushFailure('InvalidSubscription', 'keys.p256dh is no point of P-256');
const NOT_ENCRYPTED = webPushFailure('NotEncrypted', 'the thread that encrypts was lost');
/** The service is there, and refuses what comes of this pair: it says nothing about other pushes of the lane. */
const MISMATCH = { category: 'credential', reason: 'KeyMismatch', sparesLane: true } as const;

/**
 * The pushes to one origin: has them encrypted, signs them (VAPID), and understands the answers. What it learns about a pair, a
 * clock or a pause holds for this origin alone.
 */
export class OriginSender {
  readonly #options: OriginSenderOptions;
  readonly #vendor: Vendor;
  readonly #headers: RequestHeaders;
  readonly #breakers = new Map<VapidPair, PairBreaker>();
  #encrypting = 0;
  #heldUntil = 0;
  #closed = false;
  #lastSuccessAt: number | undefined;
  /** The last outcome that says something about the service or the credential, unless a push got through since. */
  #lastFailure: Failed | undefined;

  constructor(options: OriginSenderOptions) {
    this.#options = options;
    this.#vendor = vendorOf(new URL(options.origin).hostname);
    this.#headers = new RequestHeaders(this.#vendor);
  }

  get lastSuccessAt(): number | undefined {
    return this.#lastSuccessAt;
  }

  get lastFailure(): Failed | undefined {
    return this.#lastFailure;
  }

  /** Milliseconds for which the service wants no push at all. */
  get heldMs(): number {
    return Math.max(0, this.#heldUntil - this.#options.now());
  }

  /** Nothing is under way, and no pause has to be kept. */
  get isIdle(): boolean {
    const { inFlight, waiting } = this.stats();
    return inFlight + waiting === 0 && this.heldMs === 0;
  }

  stats(): PoolStats {
    const stats = this.#options.pool.stats();
    return { ...stats, waiting: stats.waiting + this.#encrypting };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#options.pool.close();
  }

  send(batch: PushBatch): void {
    const admitted = this.#admitted(batch);
    if (admitted.places.length === 0) return;
    if (this.#closed) {
      failAll(admitted, CLOSED);
      return;
    }
    this.#encrypting += admitted.places.length;
    const { encryption } = this.#options;
    encryption.encrypt(admitted.message.plaintext, packReceivers(admitted.subscriptions), (encrypted) => {
      this.#encrypting -= admitted.places.length;
      if (!encrypted || this.#closed) this.#unsent(admitted, encrypted ? CLOSED : NOT_ENCRYPTED);
      else this.#submit(admitted, encrypted);
    });
  }

  #unsent(batch: PushBatch, outcome: Failed): void {
    this.#breakers.get(batch.pair)?.unanswered();
    failAll(batch, outcome);
  }

  /** What the breaker of the pair lets through; the others fail at once. */
  #admitted(batch: PushBatch): PushBatch {
    const breaker = this.#breakers.get(batch.pair);
    if (!breaker?.isOpen) return batch;
    const subscriptions = [];
    const places = [];
    for (const [index, place] of batch.places.entries()) {
      if (breaker.admits()) {
        subscriptions.push(batch.subscriptions[index] as (typeof batch.subscriptions)[number]);
        places.push(place);
      } else batch.settle(place, paused(breaker.waitMs()));
    }
    return { ...batch, subscriptions, places };
  }

  #submit(batch: PushBatch, encrypted: { bodies: Uint8Array; bad: readonly number[] }): void {
    for (const index of encrypted.bad) batch.settle(batch.places[index] as number, NO_POINT);
    const { tokens, origin, pool } = this.#options;
    const authorization = tokens.authorization(origin, batch.pair);
    const length = encrypted.bodies.length / batch.places.length;
    const template = { headers: this.#headers.of(batch.message, authorization, length) };
    const burst = new PushBurst(batch, template, authorization, encrypted, this);
    if (burst.count > 0) pool.submit(burst);
  }

  onAnswer(
    burst: PushBurst,
    index: number,
    status: number,
    headers: ResponseHeaders,
    body: Buffer,
    session: number,
  ): void {
    const { now } = this.#options;
    // Connections of HTTP/1.1 have no number.
    const { outcome, clock } = webPushAnswer(status, headers, body, this.#vendor, now, session || undefined);
    if (outcome.kind === 'failed' && outcome.reason === 'KeyMismatch') this.#onMismatch(burst, index, outcome);
    else this.#end(burst, index, clock ? this.#resigned(burst, outcome as Failed, clock.at) : outcome);
  }

  onFault(burst: PushBurst, index: number, fault: StreamFault, session?: number): void {
    this.#breakers.get(burst.batch.pair)?.unanswered();
    const failed = webPushFault(fault, session || undefined);
    if (failed.category !== 'invalid_request') this.#lastFailure = failed;
    burst.batch.settle(burst.place(index), failed);
  }

  #end(burst: PushBurst, index: number, outcome: Outcome): void {
    this.#learn(burst, index, outcome);
    burst.batch.settle(burst.place(index), outcome);
  }

  #learn(burst: PushBurst, index: number, outcome: Outcome): void {
    const { pair, refused } = burst.batch;
    if (outcome.kind === 'accepted') {
      this.#lastSuccessAt = this.#options.now();
      this.#lastFailure = undefined;
      this.#breakers.get(pair)?.taken();
      if (refused.length > 0) this.#options.choice.taken(burst.subscription(index), pair);
      return;
    }
    if (outcome.status === 429) this.#hold(outcome.retryAfterMs);
    if (outcome.category === 'credential') this.#refusedPair(pair, burst.subscription(index).endpoint, outcome);
    else if (outcome.category === 'unavailable') this.#breakers.get(pair)?.unanswered();
    else this.#breakers.get(pair)?.taken();
    if (outcome.category === 'credential' || outcome.category === 'unavailable') this.#lastFailure = outcome;
  }

  #refusedPair(pair: VapidPair, endpoint: string, outcome: Failed): void {
    const breaker = this.#breakers.get(pair) ?? new PairBreaker();
    this.#breakers.set(pair, breaker);
    if (breaker.refused(endpoint)) this.#options.onPairRefused(pair, this.#options.origin, outcome);
  }

  /** Signed again by the service's clock, and sent again at once; where that was done before, the clock was not the reason. */
  #resigned({ authorization, batch: { pair } }: PushBurst, outcome: Failed, at: number | undefined): Failed {
    const { tokens, origin } = this.#options;
    if (tokens.refused(origin, pair, authorization, at)) return outcome;
    return { ...outcome, category: 'credential', sparesLane: true };
  }

  /**
   * The subscription was made with another pair. That is proof that the push was not taken, so it is offered under the next pair at
   * once: no retry, which would be the relay's to decide, but the rest of this attempt.
   */
  #onMismatch(burst: PushBurst, index: number, outcome: Failed): void {
    const { batch } = burst;
    const subscription = burst.subscription(index);
    const refused = [...batch.refused, batch.pair];
    const pair = this.#options.choice.next(subscription, refused);
    // A word about this subscription's key, and none against the signature.
    this.#breakers.get(batch.pair)?.taken();
    const { message, settle } = batch;
    const places = [burst.place(index)];
    if (pair) this.send({ message, pair, refused, subscriptions: [subscription], places, settle });
    else settle(burst.place(index), { ...outcome, ...MISMATCH });
  }

  #hold(ms: number | undefined): void {
    if (ms === undefined) return;
    this.#heldUntil = Math.max(this.#heldUntil, this.#options.now() + Math.min(ms, LONGEST_HOLD));
  }
}

const paused = (waitMs: number): Failed => ({
  ...webPushFailure('CredentialPaused', 'the push service refuses what this VAPID pair signs'),
  retryAfterMs: waitMs,
  sparesLane: true,
});
