import type { SendTrouble } from '../../apps/choose-app.ts';
import { RefusedError } from '../../kit/refusal.ts';
import { toMs, toSeconds } from '../../kit/seconds.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { isOfHub, REQUEST_PREFIX } from '../../push/hub-request.ts';
import type { Failed, LateOutcome, Notification, RelayEvents, Retry, Settlement } from '../../push/push.ts';
import type { KeptRequest, QueueHealth } from '../../queue/queue.ts';
import { type Withdrawal, withdrawalOf } from '../../queue/withdrawal.ts';
import type { Accept } from '../../relay/accept.ts';
import type { LastingRequests } from '../../relay/lasting-requests.ts';
import { EarlyOutcomes } from './early-outcomes.ts';
import { endedAs, expired } from './ended.ts';
import type {
  CarrierHealth,
  HubBatch,
  NotTaken,
  PushCarrier,
  PushListener,
  PushOutcome,
  WithdrawnPushes,
} from './push-carrier.ts';

/** The relay of this process, as far as the hub uses it. */
export interface RelayDoor {
  readonly accept: Accept;
  readonly queue: {
    /** Absent: the queue is behind a broker. */
    kept?(prefix: string): readonly KeptRequest[];
    health(): QueueHealth;
  };
  readonly lanes: {
    providerTrouble(app: string, platform: number): SendTrouble | undefined;
    readonly withdrawing?: {
      withdraw(withdrawal: Withdrawal): number;
      endWithdrawn(withdrawal: Withdrawal): number;
      doubt(withdrawal: Withdrawal): void;
      sending(withdrawal: Withdrawal): number;
    };
  };
  readonly providers: Pick<ProviderTable, 'ofPlatform'>;
}

export interface LocalCarrierOptions {
  /** Milliseconds after which a push that could not be delivered is given up (`hub.push.max_age`). */
  readonly maxAgeMs: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** Refusals of the relay that another attempt would meet again. */
const FINAL: Partial<Record<RefusedError['kind'], Failed['category']>> = {
  unknown_app: 'disabled',
  no_provider: 'disabled',
  forbidden: 'disabled',
  invalid: 'invalid_request',
  too_large: 'invalid_request',
};

/**
 * Sends through the relay of this process: each batch is a request of its own, by whose id it is known in the queue, after a restart
 * and on another instance.
 *
 * Made before the relay, which is opened with `events` and `lasting`, so that nothing of what the queue brings back is missed;
 * `connect` gives it the relay. Until then it takes nothing.
 */
export class LocalCarrier implements PushCarrier {
  readonly events: RelayEvents = {
    settled: (settlement) => this.#settled(settlement),
    retried: (retry) => this.#retried(retry),
    late: (outcome) => this.#late(outcome),
  };
  readonly lasting: LastingRequests;
  readonly #now: () => number;
  readonly #told = new EarlyOutcomes();
  /** Open targets of each batch that the queue has. */
  readonly #open = new Map<string, number>();
  #relay: RelayDoor | undefined;

  constructor({ maxAgeMs, now = Date.now }: LocalCarrierOptions) {
    this.#now = now;
    this.lasting = {
      maxAgeMs,
      has: isOfHub,
      isDoubtful: (since) => this.#told.isDoubtful(since),
      stillWanted: ({ requestId, ...waiting }) => this.#told.stillWanted({ batch: batchOf(requestId), ...waiting }),
    };
  }

  /** The relay that was opened with this carrier. Reads once what its queue has of former processes. */
  connect(relay: RelayDoor): void {
    for (const { id, open } of relay.queue.kept?.(REQUEST_PREFIX) ?? []) this.#open.set(batchOf(id), open);
    this.#relay = relay;
  }

  async send(batches: readonly HubBatch[]): Promise<readonly NotTaken[]> {
    const results = await Promise.all(batches.map((batch) => this.#send(batch)));
    return results.filter((result) => result !== undefined);
  }

  holds(batch: string): boolean | undefined {
    if (this.#open.has(batch)) return true;
    return this.#relay?.queue.kept ? false : undefined;
  }

  listen(listener: PushListener): void {
    this.#told.listen(listener);
  }

  withdraw(app: string, targets: readonly string[]): WithdrawnPushes {
    const withdrawal = withdrawalOf(app, targets);
    const lanes = this.#relay?.lanes.withdrawing;
    return {
      ended: lanes?.withdraw(withdrawal) ?? 0,
      sending: () => lanes?.sending(withdrawal) ?? 0,
      endLeft: () => lanes?.endWithdrawn(withdrawal),
    };
  }

  doubt(app: string, targets: readonly string[]): Pick<WithdrawnPushes, 'sending'> {
    const withdrawal = withdrawalOf(app, targets);
    const lanes = this.#relay?.lanes.withdrawing;
    lanes?.doubt(withdrawal);
    return { sending: () => lanes?.sending(withdrawal) ?? 0 };
  }

  health(): CarrierHealth {
    return this.#relay?.queue.health() ?? { status: 'fail', output: 'the relay is not open yet' };
  }

  can(app: string, platform: string): boolean {
    const row = this.#relay?.providers.ofPlatform(platform);
    return row !== undefined && this.#relay?.lanes.providerTrouble(app, row.number) === undefined;
  }

  async close(): Promise<void> {}

  async #send({ batch, app, notification, expiresAt }: HubBatch): Promise<NotTaken | undefined> {
    if (this.#open.has(batch)) return undefined;
    const now = this.#now();
    if (expiresAt !== undefined && expiresAt <= now) return this.#end(batch, app, notification, expired);
    if (!this.#relay) return { batch, why: 'the relay is not open yet', retryAfterMs: 1000 };
    this.#open.set(batch, notification.tokens.length);
    const request = { ...expirationOf(expiresAt), ...notification, app };
    try {
      await this.#relay.accept([request], undefined, { requestId: REQUEST_PREFIX + batch, principal: 'hub' });
      return undefined;
    } catch (error) {
      this.#open.delete(batch);
      return this.#refused(batch, app, notification, error);
    }
  }

  #refused(batch: string, app: string, notification: Notification, error: unknown): NotTaken | undefined {
    // A mistake of ours: to try again would not mend it.
    if (!(error instanceof RefusedError)) throw error;
    const category = FINAL[error.kind];
    if (!category) return { batch, why: error.message, retryAfterMs: error.retryAfter && toMs(error.retryAfter) };
    const failed: Failed = { kind: 'failed', category, reason: 'Refused', error: error.message };
    return this.#end(batch, app, notification, failed);
  }

  #end(batch: string, app: string, { tokens }: Notification, failed: Failed): undefined {
    this.#told.outcomes(endedAs({ batch, app, targets: tokens }, failed, this.#now()));
  }

  #settled(settlement: Settlement): void {
    if (!isOfHub(settlement.requestId)) return;
    const batch = batchOf(settlement.requestId);
    const open = this.#open.get(batch);
    if (open !== undefined) {
      if (open > settlement.targets.length) this.#open.set(batch, open - settlement.targets.length);
      else this.#open.delete(batch);
    }
    this.#told.outcomes(this.#outcomes(settlement));
  }

  #outcomes({ requestId, app, targets, outcomes, attempts }: Settlement): PushOutcome[] {
    const common = { batch: batchOf(requestId), app, attempts, at: this.#now() };
    return targets.map((target, index) => ({
      ...common,
      target,
      outcome: outcomes[index] as PushOutcome['outcome'],
    }));
  }

  #late({ verdict, settlement }: LateOutcome): void {
    if (!isOfHub(settlement.requestId)) return;
    this.#told.outcomes(this.#outcomes(settlement).map((outcome) => ({ ...outcome, late: verdict })));
  }

  #retried({ requestId, app, targets, failed, attempts, delayMs }: Retry): void {
    if (!isOfHub(requestId)) return;
    const at = this.#now();
    const retry = { batch: batchOf(requestId), app, targets, failed, attempts, at, nextAt: at + delayMs };
    this.#told.retried([retry]);
  }
}

const batchOf = (requestId: string): string => requestId.slice(REQUEST_PREFIX.length);

/** The relay counts in whole seconds; rounded down, what expires within a second would never expire. */
const expirationOf = (expiresAt: number | undefined): Pick<Notification, 'expiration'> =>
  expiresAt === undefined ? {} : { expiration: Math.ceil(toSeconds(expiresAt)) };
