import type { Trouble } from '../../providers/advice.ts';
import type { Category } from '../../push/push.ts';
import { type Details, isLate, type StoredFact } from './fact.ts';

/** What to do about a failure, one sentence; undefined: unknown. */
export type Advise = (trouble: Trouble) => string | undefined;

interface TargetView {
  readonly token?: string;
  readonly topic?: string;
  readonly condition?: string;
  readonly provider_id?: string;
}

/** One line of a timeline. Times are ISO 8601, `ms` milliseconds; absent fields are left out of the JSON. */
export interface TimelineEvent {
  readonly at: string;
  readonly event: 'received' | 'queued' | 'attempt' | 'failed' | 'late' | 'reported';
  readonly notif_id?: string | undefined;
  /** Place of the notification within its request. */
  readonly notification?: number | undefined;
  readonly platform?: string | undefined;
  readonly provider?: string | undefined;
  readonly environment?: string | undefined;
  readonly attempt?: number | undefined;
  readonly outcome?: 'delivered' | 'failed' | 'retried' | undefined;
  readonly ms?: number | undefined;
  /** Number of the HTTP/2 session, since the start of the process. */
  readonly session?: number | undefined;
  /** HTTP status of the provider. */
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly category?: Category | undefined;
  readonly error?: string | undefined;
  readonly advice?: string | undefined;
  readonly invalid_token?: boolean | undefined;
  readonly unregistered_at?: string | undefined;
  readonly provider_id?: string | undefined;
  readonly retry_at?: string | undefined;
  readonly ok?: boolean | undefined;
  /** How many targets it is about; `targets` names the first ten. */
  readonly count?: number | undefined;
  readonly targets?: readonly TargetView[] | undefined;
}

export type PushStatus = 'queued' | 'retrying' | 'delivered' | 'failed' | 'partly_failed' | 'nothing_sent';

/** What became of one request, or of those of its notifications that were asked for. */
export interface PushTimeline {
  readonly request_id: string;
  readonly app: string;
  readonly trace_id?: string | undefined;
  /** Whose key or certificate sent it. */
  readonly sent_by?: string | undefined;
  readonly received_at: string;
  readonly status: PushStatus;
  /** Targets of the request, where all of it is recorded. */
  readonly targets?: number | undefined;
  readonly delivered: number;
  readonly failed: number;
  /** Targets without a final outcome, as far as it is known. */
  readonly waiting: number;
  /** `failures`: what was delivered at the first attempt is not recorded. */
  readonly recorded: 'all' | 'failures';
  readonly events: readonly TimelineEvent[];
}

const iso = (ms: number): string => new Date(ms).toISOString();

const traceId = (traceparent: string | undefined): string | undefined => traceparent?.split('-')[1];

function targetsOf({ targets, kind }: Details): TargetView[] | undefined {
  if (!targets || targets.length === 0) return undefined;
  return targets.map(([mask, , id]) => ({ [kind ?? 'token']: mask, ...(id === undefined ? {} : { provider_id: id }) }));
}

const outcomeOf = (kind: Exclude<StoredFact['kind'], 'received' | 'reported'>): TimelineEvent['outcome'] =>
  kind === 'late_delivered' ? 'delivered' : kind === 'late_failed' ? 'failed' : kind;

/** A fact as one line. */
export function eventOf({ at, kind, notifId, reason, details }: StoredFact, advise: Advise): TimelineEvent {
  const { index, platform, provider, environment, attempt, count, session, status, category, error, ok } = details;
  const common = { notif_id: notifId, notification: index, count, targets: targetsOf(details) };
  if (kind === 'received') return { at: iso(at), event: 'received', notif_id: notifId, count: details.requested };
  if (kind === 'reported') return { at: iso(at), event: 'reported', ...common, ok, error };
  const { providerMs, retryMs, providerId, unregisteredAt } = details;
  return {
    at: iso(at - (providerMs ?? 0)),
    event: isLate(kind) ? 'late' : providerMs === undefined ? 'failed' : 'attempt',
    attempt: providerMs === undefined ? undefined : attempt,
    outcome: outcomeOf(kind),
    ...common,
    platform,
    provider,
    environment,
    ms: providerMs,
    session,
    status,
    reason,
    category,
    error,
    advice:
      reason === undefined
        ? undefined
        : advise({ reason, category, provider, environment, status, isFinal: kind === 'failed' }),
    invalid_token: kind !== 'retried' && category === 'invalid_token' ? true : undefined,
    unregistered_at: unregisteredAt,
    provider_id: providerId,
    retry_at: retryMs === undefined ? undefined : iso(at + retryMs),
  };
}

const sum = (facts: readonly StoredFact[], kind: StoredFact['kind']): number =>
  facts.reduce((total, fact) => total + (fact.kind === kind ? (fact.details.count ?? 1) : 0), 0);

/** Where successes of first attempts are not recorded: what was tried again and has no outcome of a later attempt. */
function retrying(facts: readonly StoredFact[]): number {
  const later = new Map<number, number>();
  for (const { kind, details } of facts) {
    const { attempt = 0, count = 1 } = details;
    if (kind === 'retried') later.set(attempt, (later.get(attempt) ?? 0) + count);
    if (kind !== 'received' && kind !== 'reported' && !isLate(kind) && attempt > 1)
      later.set(attempt - 1, (later.get(attempt - 1) ?? 0) - count);
  }
  return Math.max(0, ...later.values());
}

function statusOf(facts: readonly StoredFact[], delivered: number, failed: number, waiting: number): PushStatus {
  if (waiting > 0) return facts.some(({ kind }) => kind === 'retried') ? 'retrying' : 'queued';
  if (failed > 0) return delivered > 0 ? 'partly_failed' : 'failed';
  return 'delivered';
}

/** The waiting of each notification before its first attempt. */
function queuedEvents(facts: readonly StoredFact[]): TimelineEvent[] {
  const shortest = new Map<string, StoredFact>();
  for (const fact of facts) {
    const { index, queuedMs } = fact.details;
    const key = `${index} ${fact.notifId}`;
    const known = shortest.get(key)?.details.queuedMs ?? Number.POSITIVE_INFINITY;
    if (queuedMs !== undefined && queuedMs < known) shortest.set(key, fact);
  }
  return [...shortest.values()].map(({ notifId, details: { index, queuedMs, receivedAt } }) => ({
    at: iso(receivedAt),
    event: 'queued',
    notif_id: notifId,
    notification: index,
    ms: queuedMs,
  }));
}

const before = (a: TimelineEvent, b: TimelineEvent): number => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0);

/**
 * The timeline of the facts of one request, oldest first.
 * @param whole false: they are those of some of its notifications only, so that its counts say nothing about them.
 */
export function timelineOf(facts: readonly StoredFact[], advise: Advise, whole: boolean): PushTimeline {
  const first = facts[0] as StoredFact;
  const about = facts.find(({ details }) => details.requested !== undefined)?.details;
  const { receivedAt } = first.details;
  const targets = whole || about?.notifications === 1 ? about?.requested : undefined;
  const delivered = sum(facts, 'delivered');
  const failed = sum(facts, 'failed');
  const waiting = targets === undefined ? retrying(facts) : Math.max(0, targets - delivered - failed);
  const known = targets === undefined && delivered + failed + waiting === 0 ? 1 : waiting;
  const events = facts.filter(({ kind }) => kind !== 'received').map((fact) => eventOf(fact, advise));
  const received: TimelineEvent = { at: iso(receivedAt), event: 'received', count: targets };
  return {
    request_id: first.requestId,
    app: facts.find(({ kind }) => kind !== 'received')?.app ?? first.app,
    trace_id: traceId(first.details.traceparent),
    sent_by: about?.principal,
    received_at: iso(receivedAt),
    status: targets === 0 ? 'nothing_sent' : statusOf(facts, delivered, failed, known),
    targets,
    delivered,
    failed,
    waiting: known,
    recorded: about === undefined ? 'failures' : 'all',
    events: [received, ...queuedEvents(facts), ...events].sort(before),
  };
}
