import type {
  AcceptedRequest,
  Failed,
  HookCall,
  LateOutcome,
  Outcome,
  RelayEvents,
  Retry,
  Settlement,
} from '../../push/push.ts';
import { shownTargets } from '../../push/push-entry.ts';
import { Allowance } from './allowance.ts';
import type { Details, Fact, FactKind } from './fact.ts';
import { factRow, historyName, requestFacts, type WholeRequest } from './fact-row.ts';
import { type FollowedRequest, FollowedRequests } from './followed-requests.ts';
import { endOfRun, type GatheredFact, type Group, join, MOST_TARGETS } from './gathered-fact.ts';

export interface RecorderOptions {
  /** Share of the requests whose deliveries are recorded, 0 to 1. What fails is recorded of all. */
  readonly sample: number;
  /** Rows about deliveries a second; then no further request is followed. Default 1,000. */
  readonly maxFollowed?: number;
  /** Rows about trouble a second; default 1,000. What is beyond is counted in rows that stand for many. */
  readonly maxTroubles?: number;
  /** How many apps there are, which share both; default: one. */
  readonly apps?: (() => number) | undefined;
  /** `log.hide_messages`; default false. */
  readonly hideMessages?: boolean;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Names of notifications of one request under which it can be found before any of them has an outcome. */
const MOST_NAMES = 20;

/**
 * Turns the facts of the relay into rows of the history: what was delivered alike, in one row; what failed, in a row for each
 * target as long as they are not too many. Costs next to nothing for a delivery that is not recorded.
 */
export class Recorder {
  readonly events: Required<Pick<RelayEvents, 'accepted' | 'settled' | 'retried' | 'late' | 'reported'>>;
  readonly #sample: number;
  readonly #hideMessages: boolean;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #startedAt: number;
  readonly #followed = new FollowedRequests();
  #gathered: GatheredFact[] = [];
  /** Rows of `gathered` that further targets join. */
  readonly #groups = new Map<string, Group>();
  /** Followed requests of which nothing is written yet. */
  readonly #untold = new Set<FollowedRequest>();
  readonly #follows: Allowance;
  /** Rows about trouble with a target each, and those that stand for many. */
  readonly #troubles: Allowance;
  readonly #crowds: Allowance;
  /** How often rows were taken: those from before are closed. */
  #taken = 0;

  constructor(options: RecorderOptions) {
    this.#sample = options.sample;
    this.#hideMessages = options.hideMessages ?? false;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#startedAt = this.#now();
    const { maxFollowed = 1000, maxTroubles = 1000, apps = () => 1 } = options;
    this.#follows = new Allowance(maxFollowed, apps);
    this.#troubles = new Allowance(maxTroubles, apps);
    this.#crowds = new Allowance(2 * maxTroubles, apps);
    this.events = {
      accepted: (request) => this.#accepted(request),
      settled: (settlement) => this.#settled(settlement),
      retried: (retry) => this.#retried(retry),
      late: (outcome) => this.#late(outcome),
      reported: (call) => this.#reported(call),
    };
  }

  /** Rows that wait to be taken. */
  get waiting(): number {
    return this.#gathered.length;
  }

  /** A second has passed: the limits are reset. */
  renew(): void {
    this.#follows.renew();
    this.#troubles.renew();
    this.#crowds.renew();
  }

  /** Everything since the last time, oldest first. */
  take(): readonly GatheredFact[] {
    for (const followed of this.#untold) {
      this.#tellReceived(followed.request as AcceptedRequest);
      followed.request = undefined;
    }
    this.#untold.clear();
    this.#groups.clear();
    this.#taken++;
    const gathered = this.#gathered;
    this.#gathered = [];
    return gathered;
  }

  #accepted(request: AcceptedRequest): void {
    if (!this.#follows.hasRoom(request.app)) return;
    if (this.#sample < 1 && this.#random() >= this.#sample) return;
    this.#follows.take(request.app, request.notifications.length);
    this.#untold.add(this.#followed.begin(request));
  }

  #settled(settlement: Settlement): void {
    const { requestId, outcomes, attempts, timing } = settlement;
    const targets = shownTargets(settlement);
    const followed = this.#followed.get(requestId);
    // After a restart it is unknown whether a request was followed; what was tried again has rows already.
    const deliveries = followed !== undefined || attempts > 1 || timing.acceptedAt < this.#startedAt;
    for (let from = 0; from < outcomes.length; ) {
      const outcome = outcomes[from] as Outcome;
      const end = outcome.kind === 'accepted' ? endOfRun(outcomes, from) : from + 1;
      if (outcome.kind === 'failed' || deliveries) {
        const group = this.#groupOf(settlement, outcome, followed);
        if (group) join(group, timing, targets, outcomes, from, end);
      }
      from = end;
    }
    if (followed) this.#followed.settled(followed, targets.length);
  }

  /** The row that an outcome belongs to: one of its own for a failure, one for all that was delivered alike. */
  #groupOf(settlement: Settlement, outcome: Outcome, followed: FollowedRequest | undefined): Group | undefined {
    const { requestId, index, attempts } = settlement;
    if (outcome.kind === 'accepted') {
      const { session } = outcome;
      const last = followed?.last;
      const isOpen = last?.taken === this.#taken;
      if (isOpen && last.index === index && last.attempts === attempts && last.session === session) return last.group;
      const key = `${requestId} ${index} ${attempts} ${session}`;
      if (!followed && !this.#troubles.hasRoom(settlement.app)) return this.#groups.get(key);
      const group = this.#groups.get(key) ?? this.#open(key, this.#row('delivered', settlement, outcome, followed));
      if (followed) followed.last = { group, taken: this.#taken, index, attempts, session };
      return group;
    }
    if (this.#troubles.hasRoom(settlement.app))
      return this.#open(undefined, this.#row('failed', settlement, outcome, followed));
    return this.#crowd(settlement, outcome, followed);
  }

  /** Failures beyond the limit: one row for those of a request that failed alike, and of too many requests one for all. */
  #crowd(settlement: Settlement, failed: Failed, followed: FollowedRequest | undefined): Group {
    const { requestId, index, attempts, app, provider, environment } = settlement;
    const own = `${requestId} ${index} ${attempts} ${failed.reason}`;
    const known = this.#groups.get(own);
    if (known) return known;
    if (this.#crowds.hasRoom(app)) return this.#open(own, this.#row('failed', settlement, failed, followed));
    const key = `${app} ${provider} ${environment} ${failed.reason}`;
    const all = this.#groups.get(key);
    if (all) return all;
    const row = this.#row('failed', settlement, failed, undefined);
    const { platform, receivedAt, status, category } = row.details;
    const details = { platform, provider, environment, receivedAt, status, category };
    return this.#open(key, { ...row, requestId: '', notifId: undefined, details });
  }

  #open(key: string | undefined, fact: Fact): Group {
    const group: Group = { fact: { ...fact, details: { ...fact.details, count: 0 } }, targets: [], ids: [] };
    if (key !== undefined) this.#groups.set(key, group);
    this.#gathered.push(group);
    return group;
  }

  #retried(retry: Retry): void {
    const { failed, delayMs } = retry;
    const targets = shownTargets(retry);
    if (!this.#troubles.hasRoom(retry.app)) return;
    const fact = this.#row('retried', retry, failed, this.#followed.get(retry.requestId));
    const details = { ...fact.details, count: targets.length, retryMs: Math.round(delayMs) };
    const named = targets.slice(0, MOST_TARGETS);
    this.#gathered.push({ fact: { ...fact, details }, targets: named, ids: named.map(() => undefined) });
  }

  #late({ verdict, settlement }: LateOutcome): void {
    if (verdict === 'unknown' || !this.#troubles.hasRoom(settlement.app)) return;
    const [outcome] = settlement.outcomes as [Outcome];
    const kind = verdict === 'failed' ? 'late_failed' : 'late_delivered';
    const fact = this.#row(kind, settlement, outcome, undefined);
    this.#gathered.push({ fact, targets: [...shownTargets(settlement)], ids: [outcome.providerId] });
  }

  #reported({ requestId, app, notifId, token, ok, error, traceparent }: HookCall): void {
    if (!this.#troubles.hasRoom(app)) return;
    this.#tookTrouble(app);
    const at = this.#now();
    const details: Details = { receivedAt: at, count: 1, ok, error, traceparent };
    this.#gathered.push({
      fact: { at, kind: 'reported', requestId, notifId: historyName(notifId), app, reason: undefined, details },
      targets: [token],
      ids: [undefined],
    });
  }

  #tookTrouble(app: string): void {
    this.#troubles.take(app);
    this.#crowds.take(app);
  }

  #row(kind: FactKind, about: Settlement | Retry, outcome: Outcome, followed: FollowedRequest | undefined): Fact {
    if (!followed || kind !== 'delivered') this.#tookTrouble(about.app);
    else if (!followed.isSingle) this.#follows.take(about.app);
    const row = factRow(kind, about, outcome, this.#hideMessages);
    return followed?.request ? { ...row, details: { ...row.details, ...this.#receivedOnce(followed) } } : row;
  }

  /** Stands on the first row of a request. */
  #receivedOnce(followed: FollowedRequest | undefined): WholeRequest {
    if (!followed?.request) return {};
    const { request } = followed;
    followed.request = undefined;
    this.#untold.delete(followed);
    return requestFacts(request);
  }

  /** Nothing has become of it so far: it gets a row for each name that it can be asked for by. */
  #tellReceived(request: AcceptedRequest): void {
    const { requestId, app, notifications, acceptedAt, traceparent } = request;
    const names = new Set(notifications.map(({ notif_id }) => historyName(notif_id)));
    const details: Details = { receivedAt: acceptedAt, traceparent, ...requestFacts(request) };
    for (const notifId of [...names].slice(0, MOST_NAMES)) {
      const fact: Fact = { at: acceptedAt, kind: 'received', requestId, notifId, app, reason: undefined, details };
      this.#gathered.push({ fact, targets: [], ids: [] });
    }
  }
}
