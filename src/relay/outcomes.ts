import { toMs } from '../kit/seconds.ts';
import type { Failed, Outcome, Provider, RelayEvents, Settlement, Timing } from '../push/push.ts';
import { targetCount } from '../push/targets.ts';
import { type Attempts, type Batch, placeOf, type QueueEntry } from '../queue/queue.ts';
import type { LastingRequests } from './lasting-requests.ts';
import { placeInRequest, requestFacts } from './request-facts.ts';
import { decideRetry, type RetryPolicy } from './retry-decision.ts';
import type { SyncRequests } from './sync-requests.ts';

export interface OutcomesOptions {
  /** As the settings of the app are now. */
  readonly policyOf: (app: string, provider: Provider) => RetryPolicy;
  readonly sync: SyncRequests;
  /** Requests that are repeated for longer; absent: there are none. */
  readonly lasting?: Pick<LastingRequests, 'has' | 'maxAgeMs'> | undefined;
  readonly events: Required<Pick<RelayEvents, 'settled' | 'retried'>>;
  /** Monotonic milliseconds. */
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

/** What the queue is to do with targets of a batch. Those in neither list stay taken: the next process sends them. */
export interface Decisions {
  /** Indexes of targets that have their final outcome. */
  readonly final: readonly number[];
  readonly retries: readonly { readonly batch: Batch; readonly at: number }[];
}

/** Targets to try again: what failed alike is deferred together. */
interface AlikeFailures {
  readonly failed: Failed;
  readonly delayMs: number;
  readonly attempts: Attempts;
  readonly indexes: number[];
}

/** One flush of outcomes, sorted by what happens next. */
interface Sorted {
  readonly final: readonly number[];
  /** The targets and outcomes of `final`. */
  readonly targets: readonly string[];
  readonly outcomes: readonly Outcome[];
  readonly failures: readonly AlikeFailures[];
}

const UNLIMITED = { maxRetry: Number.POSITIVE_INFINITY };
const CUT_OFF: ReadonlySet<string> = new Set(['not_sent', 'unanswered']);

/**
 * Decides about each outcome: final, or once more. Every accepted target gets exactly one final outcome, which the listeners hear
 * and the sync request that waits for it. Listeners hear it before the queue forgets it: a crash between the two repeats a push
 * rather than losing its result.
 */
export class Outcomes {
  readonly #options: OutcomesOptions;
  readonly #monotonic: () => number;
  readonly #random: () => number;
  #closed = false;

  constructor(options: OutcomesOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
  }

  /**
   * Some targets of a batch have ended: `indexes[i]` as `outcomes[indexes[i]]`.
   * @param sentAt monotonic milliseconds of the hand-over to the transport; absent: there was none
   */
  decide(batch: Batch, indexes: readonly number[], outcomes: readonly Outcome[], sentAt?: number): Decisions {
    const sorted = this.#sort(batch, indexes, outcomes);
    const timing = this.#timing(batch, sentAt);
    const retries = sorted.failures.map((alike) => this.#retry(batch, alike, timing));
    if (sorted.final.length > 0) this.#settle(batch, sorted, timing, sentAt !== undefined);
    return { final: sorted.final, retries };
  }

  /** The outcome of a batch that waited too long to be worth sending; undefined for the others. */
  stale(batch: Batch): Failed | undefined {
    const { entry } = batch;
    const maxAge = this.#policy(entry).maxAgeMs;
    if (this.#monotonic() - entry.since < Math.min(maxAge, lifetimeOf(entry))) return undefined;
    return expired('waited in the queue until it expired');
  }

  /** Targets that no lane takes. */
  refused(settlements: readonly Settlement[]): void {
    for (const settlement of settlements) {
      this.#options.events.settled(settlement);
      this.#options.sync.of(settlement.requestId)?.note(settlement);
    }
  }

  /**
   * Before the connections are cut: sync requests that still wait are answered with what they have, and pushes that lose their
   * connection from now on stay in the queue for the next process.
   */
  close(): void {
    this.#closed = true;
    this.#options.sync.giveUp();
  }

  #sort(batch: Batch, indexes: readonly number[], outcomes: readonly Outcome[]): Sorted {
    // Most batches end whole: nothing of them need be copied.
    if (isWholeAndAccepted(batch, indexes, outcomes)) {
      return { final: indexes, targets: batch.targets, outcomes, failures: [] };
    }
    const final: number[] = [];
    const finals: Outcome[] = [];
    const failures: AlikeFailures[] = [];
    for (const index of indexes) {
      const outcome = outcomes[index] as Outcome;
      if (this.#closed && outcome.kind === 'failed' && CUT_OFF.has(outcome.category)) continue;
      if (outcome.kind === 'failed' && this.#isRetried(batch, outcome, index, failures)) continue;
      final.push(index);
      finals.push(outcome.kind === 'failed' && outcome.category === 'not_sent' ? gaveUp(outcome) : outcome);
    }
    return { final, targets: final.map((index) => batch.targets[index] as string), outcomes: finals, failures };
  }

  /** True when the target is to be tried again; it has joined those that failed alike. */
  #isRetried(batch: Batch, failed: Failed, index: number, failures: AlikeFailures[]): boolean {
    const alike = failures.find((other) => isAlike(other.failed, failed));
    if (alike) {
      alike.indexes.push(index);
      return true;
    }
    const { entry, attempts } = batch;
    const ageMs = this.#monotonic() - entry.since;
    const leftMs = lifetimeOf(entry) - ageMs;
    const decision = decideRetry({
      failed,
      attempts,
      policy: this.#policy(entry),
      ageMs,
      leftMs,
      random: this.#random,
    });
    if (decision.again)
      failures.push({ failed, indexes: [index], delayMs: decision.delayMs, attempts: decision.attempts });
    return decision.again;
  }

  #settle(batch: Batch, { final, targets, outcomes }: Sorted, timing: Timing, wasSent: boolean): void {
    const { entry, kind, attempts } = batch;
    const { request, app, platform, provider, environment, notification, targetForm } = entry;
    const settlement: Settlement = {
      ...requestFacts(request),
      app,
      platform,
      provider,
      environment,
      notification,
      index: placeInRequest(request, entry.index),
      kind,
      targets,
      targetForm,
      total: targetCount(entry.groups),
      outcomes,
      attempts: attempts.sent + (wasSent ? 1 : 0),
      timing,
    };
    this.#options.events.settled(settlement);
    this.#options.sync.of(request.id)?.settled(
      entry,
      final.map((place) => placeOf(batch, place)),
      settlement,
    );
  }

  #retry(batch: Batch, { failed, indexes, delayMs, attempts }: AlikeFailures, timing: Timing): Decisions['retries'][0] {
    const { entry, kind } = batch;
    const { lane } = batch;
    const { request, app, platform, provider, environment, notification, targetForm } = entry;
    const index = placeInRequest(request, entry.index);
    const targets = indexes.map((place) => batch.targets[place] as string);
    const places = indexes.map((place) => placeOf(batch, place));
    const sent = batch.attempts.sent + 1;
    this.#options.sync.of(request.id)?.retried(entry, places, sent, failed);
    const about = { app, platform, provider, environment, notification, index, kind, targets, targetForm };
    const facts = { ...requestFacts(request), ...about };
    this.#options.events.retried({ ...facts, failed, attempts: sent, delayMs, timing });
    const again: Batch = { entry, ...(lane ? { lane } : {}), kind, targets, places, offset: 0, attempts };
    return { batch: again, at: this.#monotonic() + delayMs };
  }

  #timing({ entry, attempts }: Batch, sentAt?: number): Timing {
    const now = this.#monotonic();
    const { acceptedAt } = entry.request;
    const ageMs = now - entry.since;
    if (sentAt === undefined) return { acceptedAt, ageMs };
    const providerMs = now - sentAt;
    return attempts.sent === 0
      ? { acceptedAt, ageMs, providerMs, queuedMs: sentAt - entry.since }
      : { acceptedAt, ageMs, providerMs };
  }

  /** Gorush's rule: a request can lower `max_retry`, not raise it. */
  #policy({ request, app, provider, notification }: QueueEntry): RetryPolicy {
    const { policyOf, lasting } = this.#options;
    const usual = policyOf(app, provider);
    const policy = lasting?.has(request.id) ? { ...usual, ...UNLIMITED, maxAgeMs: lasting.maxAgeMs } : usual;
    const { retry } = notification;
    return retry && retry > 0 && retry < policy.maxRetry ? { ...policy, maxRetry: retry } : policy;
  }
}

/** All targets of a batch were accepted, in their order. */
function isWholeAndAccepted({ targets }: Batch, indexes: readonly number[], outcomes: readonly Outcome[]): boolean {
  if (indexes.length !== targets.length) return false;
  for (let index = 0; index < indexes.length; index++)
    if (indexes[index] !== index || outcomes[index]?.kind !== 'accepted') return false;
  return true;
}

/** Milliseconds from acceptance to the push's own expiration. An expiration of 0 (or one in the past) is for APNs to judge. */
function lifetimeOf({ notification: { expiration }, request }: QueueEntry): number {
  const lifetime = expiration ? toMs(expiration) - request.acceptedAt : 0;
  return lifetime > 0 ? lifetime : Number.POSITIVE_INFINITY;
}

const isAlike = (a: Failed, b: Failed): boolean =>
  a === b || (a.category === b.category && a.reason === b.reason && a.retryAfterMs === b.retryAfterMs);

const expired = (why: string): Failed => ({ kind: 'failed', category: 'expired', reason: 'Expired', error: why });

const gaveUp = (last: Failed): Failed => expired(`not delivered in time: ${last.error}`);
