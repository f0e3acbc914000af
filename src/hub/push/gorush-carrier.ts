import PQueue from 'p-queue';
import type { ProviderTable } from '../../providers/registry.ts';
import type { Failed, Outcome } from '../../push/push.ts';
import { type Attempts, NO_ATTEMPTS } from '../../queue/queue.ts';
import { decideRetry } from '../../relay/retry-decision.ts';
import { EarlyOutcomes } from './early-outcomes.ts';
import { cancelled, endedAs, expired } from './ended.ts';
import { Pace } from './pace.ts';
import { outcomesOf } from './peer-answer.ts';
import type { PeerDelivery } from './peer-delivery.ts';
import { alone, type BatchPart, type PeerRequest, packed } from './peer-request.ts';
import type { Peers } from './peers.ts';
import type { CarrierHealth, HubBatch, NotTaken, PushCarrier, PushListener, WithdrawnPushes } from './push-carrier.ts';
import { Repeats } from './repeats.ts';

export interface GorushCarrierOptions {
  readonly peers: Peers;
  readonly delivery: PeerDelivery;
  /** Ends what is under way; aborted by `close`. */
  readonly closing: AbortController;
  readonly providers: Pick<ProviderTable, 'numbered' | 'ofPlatform'>;
  /** Targets a second; 0: no limit (`hub.push.rate_limit`). */
  readonly rateLimit: number;
  /** Targets of a request (`hub.push.batch_size`). */
  readonly batchSize: number;
  /** Milliseconds after which a push is given up (`hub.push.max_age`). */
  readonly maxAgeMs: number;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

const AT_ONCE = 32;
/** Targets on their way or waiting for the rate limit; what comes beyond stays with the hub. */
const MOST_OPEN = 50_000;
const FULL_MS = 1000;
/** For the rate limit. */
const LONGEST_WAIT_MS = 30_000;
/** Longer than anything waits here without the hub being asked. */
const GONE_MS = 300_000;
const PAUSES = { firstMs: 1000, maxMs: 60_000 };

/**
 * Sends through other Gorushes or Martlets. What none of them took is given back. Once one took it, it answers for it: an
 * asynchronous one says nothing more, of a synchronous one's answer each failure is known, and what failed for now is sent again.
 * What waits for that is in memory alone: after a crash the hub hands it over again.
 */
export class GorushCarrier implements PushCarrier {
  readonly #options: GorushCarrierOptions;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #told = new EarlyOutcomes();
  readonly #closing: AbortController;
  readonly #requests = new PQueue({ concurrency: AT_ONCE });
  readonly #pace: Pace;
  readonly #repeats: Repeats;
  /** By batch, its targets without an outcome that are here. */
  readonly #open = new Map<string, Set<string>>();
  /** Requests that are on their way. */
  readonly #carried = new Set<PeerRequest>();
  /** Targets that nothing is sent to any more that was handed over before, monotonic milliseconds, by app. */
  readonly #gone = new Map<string, number>();
  #size = 0;

  constructor(options: GorushCarrierOptions) {
    const { now = Date.now, monotonic = () => performance.now(), rateLimit } = options;
    this.#options = options;
    this.#closing = options.closing;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#pace = new Pace(rateLimit, monotonic);
    this.#repeats = new Repeats({
      send: (part) => this.#again(part),
      stillWanted: (question) => this.#told.stillWanted(question),
      end: (part, targets, failed) => this.#end(part, targets, failed),
    });
  }

  async send(batches: readonly HubBatch[]): Promise<readonly NotTaken[]> {
    const parts = batches.map((batch) => this.#take(batch)).filter((part) => part.targets.length > 0);
    const given = await this.#send(parts);
    for (const { part } of given) this.#close(part.batch, part.targets);
    return [...new Map(given.map(({ part, ...why }) => [part.batch, { batch: part.batch, ...why }])).values()];
  }

  holds(batch: string): boolean {
    return this.#open.has(batch);
  }

  listen(listener: PushListener): void {
    this.#told.listen(listener);
  }

  health(): CarrierHealth {
    return this.#options.peers.health();
  }

  /** What another Gorush has taken is its own. */
  withdraw(app: string, targets: readonly string[]): WithdrawnPushes {
    const names = new Set(targets);
    for (const target of targets) this.#gone.set(nameOf(app, target), this.#monotonic());
    setTimeout(() => {
      for (const target of targets) this.#gone.delete(nameOf(app, target));
    }, GONE_MS).unref();
    const sending = (): number => {
      const requests = [...this.#carried].filter((request) => request.app === app);
      return requests.reduce((sum, request) => sum + [...request.targets].filter((each) => names.has(each)).length, 0);
    };
    return { ended: 0, sending, endLeft: () => {} };
  }

  /** A Gorush has one set of credentials, which are taken to be those of the default app. */
  can(app: string, platform: string): boolean {
    const row = this.#options.providers.ofPlatform(platform);
    return row !== undefined && this.#options.peers.serves(app, row.number);
  }

  /** What has no answer yet is given back, or handed over again by the hub after its next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#options.peers.close();
    this.#repeats.close();
    await this.#requests.onIdle();
  }

  /** The targets of a batch that are not here already; from now on they are. */
  #take({ batch, app, notification, expiresAt }: HubBatch): BatchPart {
    const known = this.#open.get(batch);
    const targets = known ? notification.tokens.filter((token) => !known.has(token)) : notification.tokens;
    const open = known ?? new Set();
    for (const target of targets) open.add(target);
    this.#size += targets.length;
    if (targets.length > 0) this.#open.set(batch, open);
    return { batch, app, notification, expiresAt, targets, attempts: NO_ATTEMPTS, since: this.#monotonic() };
  }

  /** These targets of a batch are not here any more. */
  #close(batch: string, targets: readonly string[]): void {
    const open = this.#open.get(batch);
    for (const target of targets) if (open?.delete(target)) this.#size--;
    if (open?.size === 0) this.#open.delete(batch);
  }

  /** @returns the parts that were not taken */
  async #send(parts: readonly BatchPart[]): Promise<readonly Untaken[]> {
    const living = parts.filter((part) => this.#isLiving(part));
    const { rateLimit, batchSize } = this.#options;
    // A request never holds more than a second's worth.
    const most = rateLimit > 0 ? Math.max(1, Math.min(batchSize, Math.floor(rateLimit))) : batchSize;
    const results = await Promise.all(packed(living, most).map((request) => this.#queue(request)));
    return results.flat();
  }

  #isLiving(part: BatchPart): boolean {
    const { expiresAt } = part;
    if (expiresAt === undefined || expiresAt > this.#now()) return true;
    this.#end(part, part.targets, expired);
    return false;
  }

  /** What of a part is still to be sent. */
  #left(part: BatchPart): readonly BatchPart[] {
    const { app, targets, since } = part;
    const gone = targets.filter((target) => (this.#gone.get(nameOf(app, target)) ?? -1) >= since);
    if (gone.length === 0) return [part];
    this.#end(part, gone, cancelled);
    const left = targets.filter((target) => !gone.includes(target));
    return left.length > 0 ? [{ ...part, targets: left }] : [];
  }

  async #queue(request: PeerRequest): Promise<readonly Untaken[]> {
    const { parts, targets } = request;
    if (this.#size > MOST_OPEN) return giveBack(parts, 'too many pushes are on their way', FULL_MS);
    const { waitMs } = this.#pace;
    if (waitMs > LONGEST_WAIT_MS) return giveBack(parts, 'hub.push.rate_limit is used up', waitMs);
    try {
      await this.#pace.turn(targets.size, this.#closing.signal);
    } catch {
      return giveBack(parts, 'the hub is closing', FULL_MS);
    }
    return this.#requests.add(() => this.#carry(request));
  }

  async #carry(request: PeerRequest): Promise<readonly Untaken[]> {
    const living = request.parts.filter((part) => this.#isLiving(part));
    const left = this.#gone.size > 0 ? living.flatMap((part) => this.#left(part)) : living;
    if (left.length < request.parts.length || left.some((part, at) => part !== request.parts[at]))
      return this.#send(left);
    this.#carried.add(request);
    const delivered = await this.#options.delivery.deliver(request).finally(() => this.#carried.delete(request));
    if (delivered.kind === 'untaken') return giveBack(request.parts, delivered.why, delivered.retryAfterMs);
    if (delivered.kind === 'taken') {
      this.#answered(request, outcomesOf(request, delivered.answer, this.#options.providers));
      return [];
    }
    // One of them may be at fault: the others shall not fail with it.
    if (request.parts.length > 1) {
      const results = await Promise.all(alone(request).map((each) => this.#carry(each)));
      return results.flat();
    }
    for (const part of request.parts) this.#end(part, part.targets, delivered.failed);
    return [];
  }

  #answered({ parts }: PeerRequest, outcomes: ReadonlyMap<string, Outcome>): void {
    for (const part of parts) {
      const alike = Map.groupBy(part.targets, (target) => wordsOf(outcomes.get(target) as Outcome));
      for (const targets of alike.values()) this.#outcome(part, targets, outcomes.get(targets[0] as string) as Outcome);
    }
  }

  #outcome(part: BatchPart, targets: readonly string[], outcome: Outcome): void {
    const again = outcome.kind === 'failed' && this.#retry(part, outcome);
    if (!again || !this.#repeats.add({ ...part, targets, attempts: again.attempts }, again.delayMs)) {
      this.#end(part, targets, outcome, part.attempts.sent + 1);
      return;
    }
    const { batch, app } = part;
    const at = this.#now();
    const { sent: attempts } = again.attempts;
    this.#told.retried([{ batch, app, targets, failed: outcome as Failed, attempts, at, nextAt: at + again.delayMs }]);
  }

  #retry({ attempts, since, expiresAt }: BatchPart, failed: Failed): { delayMs: number; attempts: Attempts } | false {
    const decision = decideRetry({
      failed,
      attempts,
      policy: {
        ...PAUSES,
        maxRetry: Number.POSITIVE_INFINITY,
        maxAgeMs: this.#options.maxAgeMs,
        free: { least: 0, renewal: false },
      },
      ageMs: this.#monotonic() - since,
      leftMs: expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt - this.#now(),
      ...(this.#options.random ? { random: this.#options.random } : {}),
    });
    return decision.again ? decision : false;
  }

  /** What was taken before stays here until it ends, also while all are down. */
  async #again(part: BatchPart): Promise<void> {
    for (const { part: back, retryAfterMs = FULL_MS } of await this.#send([part]))
      if (!this.#repeats.add(back, retryAfterMs)) this.#end(back, back.targets, expired, back.attempts.sent);
  }

  #end(part: BatchPart, targets: readonly string[], outcome: Outcome, attempts = part.attempts.sent): void {
    this.#close(part.batch, targets);
    const { batch, app } = part;
    this.#told.outcomes(endedAs({ batch, app, targets }, outcome, this.#now(), attempts));
  }
}

const nameOf = (app: string, target: string): string => `${app}\n${target}`;

/** Equal for outcomes that are alike; ids of the provider are one push's own. */
const wordsOf = (outcome: Outcome): string => JSON.stringify(outcome);

interface Untaken {
  readonly part: BatchPart;
  readonly why: string;
  readonly retryAfterMs: number;
}

const giveBack = (parts: readonly BatchPart[], why: string, retryAfterMs: number): Untaken[] =>
  parts.map((part) => ({ part, why, retryAfterMs }));
