import { DEFAULT_APP } from '../../push/app-name.ts';
import type {
  AcceptedRequest,
  Failed,
  HookCall,
  LateOutcome,
  Outcome,
  RelayEvents,
  Retry,
  Settlement,
  Timing,
} from '../../push/push.ts';
import { shownTargets } from '../../push/push-entry.ts';
import { errorRedactor } from '../log/redaction.ts';
import { Allowance } from './allowance.ts';
import type { Details, Fact, FactKind } from './fact.ts';
import { withoutTargets } from './without-targets.ts';

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

/** A fact as it is gathered, its targets still in full: `targets[i]` got `ids[i]` from the provider. */
export interface GatheredFact {
  readonly fact: Fact;
  readonly targets: string[];
  readonly ids: (string | undefined)[];
}

/** A request all of which is recorded. */
interface Followed {
  /** Targets without a final outcome. */
  open: number;
  /** It has one target: its one row is paid for. */
  readonly isSingle: boolean;
  /** Until its facts stand on a row. */
  request: AcceptedRequest | undefined;
  /** The row that its last delivery joined: of a large fan-out nearly all join one. */
  last:
    | { group: Group; taken: number; index: number | undefined; attempts: number; session: number | undefined }
    | undefined;
}

type RequestFacts = Pick<Details, 'requested' | 'notifications' | 'principal' | 'mixed'>;

interface Group extends GatheredFact {
  readonly fact: Fact & { at: number; details: Details & { count: number; providerMs?: number | undefined } };
}

/** Requests that are followed at a time; the oldest go. */
const MOST_FOLLOWED = 10_000;
/** Targets that a row names; of more it tells the number. */
const MOST_TARGETS = 10;
/** Names of notifications of one request under which it can be found before any of them has an outcome. */
const MOST_NAMES = 20;
/** Of a provider's text. */
const LONGEST_ERROR = 300;
const LONGEST_REASON = 200;
/** Of a `notif_id`: it stands on each row. */
const LONGEST_NAME = 256;

/** A `notif_id` as the history knows it. */
export const historyName = (notifId: string | undefined): string | undefined =>
  notifId?.slice(0, LONGEST_NAME) || undefined;

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
  readonly #followed = new Map<string, Followed>();
  #gathered: GatheredFact[] = [];
  /** Rows of `gathered` that further targets join. */
  readonly #groups = new Map<string, Group>();
  /** Followed requests of which nothing is written yet. */
  readonly #untold = new Set<Followed>();
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
    const followed: Followed = { open: request.targets, isSingle: request.targets === 1, request, last: undefined };
    this.#followed.set(request.requestId, followed);
    this.#untold.add(followed);
    if (this.#followed.size <= MOST_FOLLOWED) return;
    const [oldest] = this.#followed.keys();
    this.#followed.delete(oldest as string);
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
    if (!followed) return;
    followed.open -= targets.length;
    if (followed.open <= 0) this.#followed.delete(requestId);
  }

  /** The row that an outcome belongs to: one of its own for a failure, one for all that was delivered alike. */
  #groupOf(settlement: Settlement, outcome: Outcome, followed: Followed | undefined): Group | undefined {
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
  #crowd(settlement: Settlement, failed: Failed, followed: Followed | undefined): Group {
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

  #row(kind: FactKind, about: Settlement | Retry, outcome: Outcome, followed: Followed | undefined): Fact {
    if (!followed || kind !== 'delivered') this.#tookTrouble(about.app);
    else if (!followed.isSingle) this.#follows.take(about.app);
    const { requestId, notification, app, provider, environment, timing, traceparent } = about;
    const { acceptedAt, ageMs, providerMs, queuedMs } = timing;
    const details: Details = {
      index: about.index,
      platform: about.platform || undefined,
      provider,
      environment: provider === undefined ? undefined : environment,
      receivedAt: acceptedAt,
      queuedMs: rounded(queuedMs),
      providerMs: rounded(providerMs),
      attempt: about.attempts,
      count: 1,
      kind: about.kind === 'token' ? undefined : about.kind,
      session: outcome.session,
      ...(outcome.kind === 'failed' ? failureOf(outcome, about, this.#hideMessages) : {}),
      traceparent,
      ...this.#receivedOnce(followed),
    };
    const reason =
      outcome.kind === 'failed' ? withoutTargets(outcome.reason.slice(0, LONGEST_REASON), about) : undefined;
    return {
      at: acceptedAt + ageMs,
      kind,
      requestId,
      notifId: historyName(notification.notif_id),
      app,
      reason,
      details,
    };
  }

  /** Stands on the first row of a request. */
  #receivedOnce(followed: Followed | undefined): RequestFacts {
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

function requestFacts({ targets, notifications, principal }: AcceptedRequest): RequestFacts {
  const app = notifications[0]?.app || DEFAULT_APP;
  const mixed = notifications.some((each) => (each.app || DEFAULT_APP) !== app);
  return { requested: targets, notifications: notifications.length, principal, ...(mixed ? { mixed } : {}) };
}

const rounded = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(ms * 10) / 10;

/** A provider's text may quote what it refuses. */
function failureOf(failed: Failed, about: Settlement | Retry, hideMessages: boolean): Partial<Details> {
  const { status, category, error, reason, unregisteredAt } = failed;
  const providerId = failed.providerId === undefined ? undefined : withoutTargets(failed.providerId, about);
  const whole = { status, category, providerId, unregisteredAt };
  if (error === reason) return whole;
  const clean = withoutTargets(error, about);
  const redact = errorRedactor(about, { tokens: false, messages: hideMessages });
  return { ...whole, error: redact(clean).slice(0, LONGEST_ERROR) };
}

/** The end of the deliveries by one connection that begin here. */
function endOfRun(outcomes: readonly Outcome[], from: number): number {
  const { session } = outcomes[from] as Outcome;
  let end = from + 1;
  for (; end < outcomes.length; end++) {
    const outcome = outcomes[end] as Outcome;
    if (outcome.kind !== 'accepted' || outcome.session !== session) break;
  }
  return end;
}

/** The targets from `from` to before `end` join a row. */
function join(
  { fact, targets: named, ids }: Group,
  timing: Timing,
  targets: readonly string[],
  outcomes: readonly Outcome[],
  from: number,
  end: number,
): void {
  const before = fact.details.count;
  fact.details.count += end - from;
  fact.at = Math.max(fact.at, timing.acceptedAt + timing.ageMs);
  if (fact.details.count > MOST_TARGETS && outcomes[from]?.kind === 'accepted') {
    // Of many deliveries a few names tell nothing, and they are what a row costs most.
    named.length = ids.length = 0;
    return;
  }
  for (let index = from; index < end && before + index - from < MOST_TARGETS; index++) {
    const outcome = outcomes[index] as Outcome;
    named.push(targets[index] as string);
    ids.push(outcome.kind === 'accepted' ? outcome.providerId : undefined);
  }
}
