import { randomUUID } from 'node:crypto';
import { toMs } from '../kit/seconds.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { LaneId } from '../push/lane-id.ts';
import type {
  Category,
  Environment,
  Failed,
  Notification,
  Outcome,
  Provider,
  RelayEvents,
  Settlement,
  Timing,
} from '../push/push.ts';
import type { PushEntry } from '../push/push-entry.ts';
import { countOf, targetsOf } from '../push/targets.ts';
import type { Attempts, Batch, Queue, QueuedRequest, QueueEntry, RequestBody, StoredRequest } from '../queue/queue.ts';
import { placeOf } from '../queue/queue.ts';
import { decideRetry, type RetryPolicy } from './retry-decision.ts';
import { SyncAnswer } from './sync-answer.ts';

/** Where a notification goes; `refused` says why nowhere. */
export type Route =
  | { readonly app: string; readonly lane: LaneId; readonly provider: Provider; readonly environment: Environment }
  | { readonly app: string; readonly refused: Failed };

export interface RelayOptions {
  readonly queue: Queue;
  /** @param app that of notifications which choose none */
  readonly route: (notification: Notification, app: string) => Route;
  readonly policyOf: (app: string, provider: Provider) => RetryPolicy;
  /** Most targets of one notification that go out before others have their turn. */
  readonly sliceOf: (app: string, provider: Provider) => number;
  /** `log.hide_messages`, which in Gorush reaches the answers, too; default false. */
  readonly hideMessages?: boolean;
  readonly events: Required<Pick<RelayEvents, 'accepted' | 'settled' | 'retried' | 'refused'>>;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly random?: () => number;
  readonly newId?: () => string;
}

export interface AcceptedPush {
  readonly requestId: string;
  /** As Gorush counts; platforms that are off count nothing. */
  readonly counts: number;
  /** Failed pushes of a sync request; empty otherwise. */
  readonly logs: readonly PushEntry[];
}

export interface AcceptOptions {
  /** Of notifications that choose none; default `default`. */
  readonly app?: string;
  readonly requestId?: string;
  /** W3C Trace Context. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** Whose key or certificate sent it, for those who listen. */
  readonly principal?: string | undefined;
  /** Milliseconds to wait for the outcomes; absent: do not wait. */
  readonly syncMs?: number;
}

const URGENT_LEVELS = new Set(['time-sensitive', 'critical']);

const CUT_OFF = new Set<Category>(['not_sent', 'unanswered']);

const isUrgent = (n: Notification): boolean =>
  n.priority === 'high' || n.push_type === 'voip' || URGENT_LEVELS.has(n.interruption_level ?? '');

/** One flush of outcomes, sorted by what happens next. */
interface Sorted {
  readonly final: number[];
  readonly outcomes: Outcome[];
  readonly again: Again[];
}

/** Targets to try again: what failed alike is deferred together. */
interface Again {
  readonly failed: Failed;
  readonly delayMs: number;
  readonly attempts: Attempts;
  readonly indexes: number[];
}

/**
 * Takes notifications, hands them to their lanes by way of the queue, and decides about each outcome: final, or once more.
 * Every accepted target gets exactly one final outcome, told to the events and to the sync request that waits for it.
 */
export class Relay {
  readonly #queue: Queue;
  readonly #options: RelayOptions;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #random: () => number;
  readonly #newId: () => string;
  readonly #waiting = new Map<string, SyncAnswer>();
  #closed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#queue = options.queue;
    this.#now = options.now ?? Date.now;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#newId = options.newId ?? randomUUID;
  }

  /**
   * Takes all notifications of a request or none.
   * @throws QueueRefusedError (or rejects with it): nothing was taken.
   */
  accept(
    notifications: readonly Notification[],
    body: RequestBody = () => JSON.stringify({ notifications }),
    options: AcceptOptions = {},
  ): AcceptedPush | Promise<AcceptedPush> {
    const request: QueuedRequest = {
      id: options.requestId ?? this.#newId(),
      app: options.app ?? DEFAULT_APP,
      acceptedAt: this.#now(),
      ...(options.traceparent === undefined ? {} : traceOf(options)),
    };
    const { entries, refused, untargeted, counts, appCounts } = this.#plan(request, notifications);
    const accepted = { requestId: request.id, counts, logs: [] };
    let sync: SyncAnswer | undefined;
    if (options.syncMs !== undefined) {
      sync = new SyncAnswer(entries, this.#options.hideMessages ?? false);
      if (entries.length > 0) this.#waiting.set(request.id, sync);
    }
    const done = (): AcceptedPush | Promise<AcceptedPush> => {
      this.#options.events.accepted({
        requestId: request.id,
        ...traceOf(request),
        app: entries[0]?.app ?? request.app,
        notifications,
        counts,
        ...(appCounts ? { appCounts } : {}),
        ...(untargeted.length > 0 ? { untargeted } : {}),
        targets: sizeOf(entries, refused),
        acceptedAt: request.acceptedAt,
        principal: options.principal,
      });
      for (const settlement of refused) this.#tell(settlement, sync);
      return sync ? this.#answer(sync, accepted, options.syncMs as number) : accepted;
    };
    try {
      const appended = entries.length > 0 ? this.#queue.append(entries, body) : undefined;
      return appended ? appended.then(done, (error) => this.#refuse(request.id, notifications.length, error)) : done();
    } catch (error) {
      return this.#refuse(request.id, notifications.length, error);
    }
  }

  /**
   * Entries of a request that was accepted before, by this process or another; without those that are settled. Notifications
   * that no lane takes any more fail now, and are told.
   */
  restore(stored: StoredRequest, notifications: readonly Notification[]): QueueEntry[] {
    const { body: _, isDone, ...request } = stored;
    const { acceptedAt } = request;
    const { entries, refused } = this.#plan(request, notifications);
    for (const settlement of refused) this.#tell(settlement, undefined);
    const since = this.#monotonic() - Math.max(0, this.#now() - acceptedAt);
    return entries.flatMap((entry) => {
      let open = 0;
      for (let place = 0; place < entry.open; place++) if (!isDone(entry.index, place)) open++;
      return open > 0 ? [{ ...entry, since, open }] : [];
    });
  }

  /** Outcomes of some targets of a batch, from its lane. @param sentAt monotonic milliseconds of the hand-over; absent: never. */
  settle(batch: Batch, indexes: readonly number[], outcomes: readonly Outcome[], sentAt?: number): void {
    const { final, outcomes: finals, again } = this.#sort(batch, indexes, outcomes);
    const timing = this.#timing(batch, sentAt);
    for (const retry of again) this.#retry(batch, retry, timing);
    if (final.length === 0) return;
    const { entry } = batch;
    const settlement: Settlement = {
      requestId: entry.request.id,
      ...traceOf(entry.request),
      app: entry.app,
      provider: entry.provider,
      environment: entry.environment,
      notification: entry.notification,
      index: entry.index,
      kind: batch.kind,
      targets: final.map((index) => batch.targets[index] as string),
      outcomes: finals,
      attempts: batch.attempts.sent + (sentAt === undefined ? 0 : 1),
      timing,
    };
    // Told before it is forgotten: a crash between the two repeats a push rather than losing its result.
    const sync = this.#waiting.get(entry.request.id);
    sync?.settled(
      entry,
      final.map((index) => placeOf(batch, index)),
    );
    this.#tell(settlement, sync);
    sync?.check();
    this.#queue.settle(batch, final);
  }

  /** The outcome of a batch that waited too long to be worth sending. */
  stale(batch: Batch): Failed | undefined {
    const { entry } = batch;
    const maxAge = this.#policy(entry).maxAgeMs;
    if (this.#monotonic() - entry.since < Math.min(maxAge, this.#lifetime(entry))) return undefined;
    return expired('waited in the queue until it expired');
  }

  /**
   * Before the connections are cut: sync requests that still wait are answered with what they have, and pushes that lose their
   * connection from now on stay in the queue for the next process.
   */
  close(): void {
    this.#closed = true;
    for (const sync of this.#waiting.values()) sync.giveUp();
  }

  #plan(request: QueuedRequest, notifications: readonly Notification[]) {
    const entries: QueueEntry[] = [];
    const refused: Settlement[] = [];
    const untargeted: (Provider | undefined)[] = [];
    let counts = 0;
    let appCounts: Map<string, number> | undefined;
    for (const [index, notification] of notifications.entries()) {
      const route = this.#options.route(notification, request.app);
      const groups = targetsOf(notification);
      if (groups.length === 0) untargeted.push('refused' in route ? undefined : route.provider);
      if ('refused' in route) {
        refused.push(...refusal(request, index, notification, route));
        continue;
      }
      const count = countOf(notification);
      counts += count;
      if (count > 0 && route.app !== DEFAULT_APP) {
        appCounts ??= new Map();
        appCounts.set(route.app, (appCounts.get(route.app) ?? 0) + count);
      }
      if (groups.length === 0) continue;
      const open = groups.reduce((sum, group) => sum + group.targets.length, 0);
      const since = this.#monotonic();
      const slice = this.#options.sliceOf(route.app, route.provider);
      const urgent = isUrgent(notification);
      entries.push({ request, index, ...route, notification, groups, urgent, slice, since, open, key: 0 });
    }
    return { entries, refused, untargeted, counts, appCounts };
  }

  #refuse(requestId: string, notifications: number, error: unknown): never {
    this.#waiting.delete(requestId);
    this.#options.events.refused({ reason: error instanceof Error ? error.message : String(error), notifications });
    throw error;
  }

  async #answer(sync: SyncAnswer, accepted: AcceptedPush, ms: number): Promise<AcceptedPush> {
    const open = await sync.wait(ms);
    this.#waiting.delete(accepted.requestId);
    for (const { entry, kind, targets, attempts, last } of open) {
      const outcome = last ? { ...PENDING, error: `${PENDING.error}; last: ${last.error}` } : PENDING;
      const settlement = {
        ...identity(entry.request, entry),
        kind,
        targets,
        outcomes: targets.map(() => outcome),
        timing: this.#timing({ entry }),
      };
      sync.tell({ ...settlement, provider: entry.provider, attempts });
    }
    return { ...accepted, logs: sync.logs };
  }

  #tell(settlement: Settlement, sync: SyncAnswer | undefined): void {
    this.#options.events.settled(settlement);
    sync?.tell(settlement);
  }

  #sort(batch: Batch, indexes: readonly number[], outcomes: readonly Outcome[]): Sorted {
    const sorted: Sorted = { final: [], outcomes: [], again: [] };
    for (const index of indexes) {
      const outcome = outcomes[index] as Outcome;
      if (this.#closed && outcome.kind === 'failed' && CUT_OFF.has(outcome.category)) continue;
      if (outcome.kind === 'failed' && this.#again(batch, outcome, index, sorted.again)) continue;
      sorted.final.push(index);
      sorted.outcomes.push(outcome.kind === 'failed' && outcome.category === 'not_sent' ? gaveUp(outcome) : outcome);
    }
    return sorted;
  }

  /** True when the target is to be tried again; it has joined those that failed alike. */
  #again(batch: Batch, failed: Failed, index: number, again: Again[]): boolean {
    const alike = again.find((other) => isAlike(other.failed, failed));
    if (alike) {
      alike.indexes.push(index);
      return true;
    }
    const { entry } = batch;
    const age = this.#monotonic() - entry.since;
    const left = this.#lifetime(entry) - age;
    const decision = decideRetry(failed, batch.attempts, this.#policy(entry), age, left, this.#random);
    if (decision.again)
      again.push({ failed, indexes: [index], delayMs: decision.delayMs, attempts: decision.attempts });
    return decision.again;
  }

  #timing({ entry, attempts }: Pick<Batch, 'entry'> & Partial<Batch>, sentAt?: number): Timing {
    const now = this.#monotonic();
    const { acceptedAt } = entry.request;
    const ageMs = now - entry.since;
    if (sentAt === undefined) return { acceptedAt, ageMs };
    const providerMs = now - sentAt;
    return attempts?.sent === 0
      ? { acceptedAt, ageMs, providerMs, queuedMs: sentAt - entry.since }
      : { acceptedAt, ageMs, providerMs };
  }

  #retry(batch: Batch, { failed, indexes, delayMs, attempts }: Again, timing: Timing): void {
    const { entry, kind, targets } = batch;
    const slice = {
      entry,
      kind,
      targets: indexes.map((index) => targets[index] as string),
      places: indexes.map((index) => placeOf(batch, index)),
      offset: 0,
      attempts,
    } satisfies Batch;
    this.#waiting.get(entry.request.id)?.retried(entry, slice.places, batch.attempts.sent + 1, failed);
    this.#queue.defer(slice, this.#monotonic() + delayMs);
    const { app, provider, environment, notification, request } = entry;
    this.#options.events.retried({
      requestId: request.id,
      ...traceOf(request),
      app,
      provider,
      environment,
      notification,
      index: entry.index,
      kind,
      targets: slice.targets,
      failed,
      attempts: batch.attempts.sent + 1,
      delayMs,
      timing,
    });
  }

  /** Gorush's rule: a request can lower `max_retry`, not raise it. */
  #policy(entry: QueueEntry): RetryPolicy {
    const policy = this.#options.policyOf(entry.app, entry.provider);
    const { retry } = entry.notification;
    return retry && retry > 0 && retry < policy.maxRetry ? { ...policy, maxRetry: retry } : policy;
  }

  /** Milliseconds from acceptance to the push's own expiration. An expiration of 0 (or one in the past) is for APNs to judge. */
  #lifetime(entry: QueueEntry): number {
    const { expiration } = entry.notification;
    const lifetime = expiration ? toMs(expiration) - entry.request.acceptedAt : 0;
    return lifetime > 0 ? lifetime : Number.POSITIVE_INFINITY;
  }
}

const traceOf = ({ traceparent, tracestate }: Pick<QueuedRequest, 'traceparent' | 'tracestate'>) =>
  tracestate === undefined ? { traceparent } : { traceparent, tracestate };

const sizeOf = (entries: readonly QueueEntry[], refused: readonly Settlement[]): number =>
  entries.reduce((sum, { open }) => sum + open, 0) + refused.reduce((sum, { targets }) => sum + targets.length, 0);

const isAlike = (a: Failed, b: Failed): boolean =>
  a === b || (a.category === b.category && a.reason === b.reason && a.retryAfterMs === b.retryAfterMs);

const expired = (why: string): Failed => ({
  kind: 'failed',
  category: 'expired' satisfies Category,
  reason: 'Expired',
  error: why,
});

const gaveUp = (last: Failed): Failed => expired(`not delivered in time: ${last.error}`);

const PENDING: Failed = {
  kind: 'failed',
  category: 'pending',
  reason: 'Pending',
  error: 'no outcome within core.sync_timeout; delivery goes on',
};

const identity = (
  request: QueuedRequest,
  { app, notification, environment }: Pick<QueueEntry, 'app' | 'notification' | 'environment'>,
) => ({ requestId: request.id, ...traceOf(request), app, environment, notification });

/** A notification that no lane takes: one failure for each target. */
function refusal(
  request: QueuedRequest,
  index: number,
  notification: Notification,
  { app, refused }: Extract<Route, { refused: Failed }>,
): Settlement[] {
  return targetsOf(notification).map(({ kind, targets }) => ({
    ...identity(request, { app, notification, environment: 'production' }),
    provider: undefined,
    index,
    kind,
    targets,
    outcomes: targets.map(() => refused),
    attempts: 0,
    timing: { acceptedAt: request.acceptedAt, ageMs: 0 },
  }));
}
