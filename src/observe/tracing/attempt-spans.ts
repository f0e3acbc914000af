import type { Failed, Outcome, Provider, RelayEvents, Retry, Settlement } from '../../push/push.ts';
import { isSampled, type TraceContext } from '../../push/trace-context.ts';

/** A finished span. Times are UNIX milliseconds, fractions allowed. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: 'internal' | 'client';
  readonly parent: TraceContext;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  /** Why it failed; absent when it went well. */
  readonly error?: string | undefined;
  /** When what failed is tried again. */
  readonly retryAt?: number | undefined;
}

/** What became of one attempt of a notification, so far. */
interface Attempt {
  readonly parent: TraceContext;
  readonly about: Settlement | Retry;
  readonly sentAt: number;
  answeredAt: number;
  delivered: number;
  failed: number;
  retried: number;
  retryAt: number | undefined;
  last: Failed | undefined;
  session: number | undefined;
}

/** Notifications whose attempts are gathered at a time. */
const MOST = 1000;
/** Of a `notif_id`. */
const LONGEST_NAME = 256;

/**
 * Spans of the way from the queue to the provider: how long a notification waited, and one for each attempt, however many targets
 * and answers it had. Answers that come within `everyMs` share a span.
 */
export class AttemptSpans {
  readonly events: Required<Pick<RelayEvents, 'settled' | 'retried'>>;
  readonly #write: (span: FinishedSpan) => void;
  readonly #everyMs: number;
  readonly #attempts = new Map<string, Attempt>();
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (span: FinishedSpan) => void, everyMs = 250) {
    this.#write = write;
    this.#everyMs = everyMs;
    this.events = {
      settled: (settlement) => this.#settled(settlement),
      retried: (retry) => this.#retried(retry),
    };
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const attempt of this.#attempts.values()) this.#tell(attempt);
    this.#attempts.clear();
  }

  #settled(settlement: Settlement): void {
    const attempt = this.#attempt(settlement);
    if (!attempt) return;
    for (const outcome of settlement.outcomes) note(attempt, outcome);
  }

  #retried(retry: Retry): void {
    const attempt = this.#attempt(retry);
    if (!attempt) return;
    attempt.retried += retry.targets.length;
    attempt.last = retry.failed;
    attempt.session ??= retry.failed.session;
    attempt.retryAt = retry.timing.acceptedAt + retry.timing.ageMs + retry.delayMs;
  }

  #attempt(about: Settlement | Retry): Attempt | undefined {
    const { traceparent, tracestate, requestId, index, attempts, timing, environment } = about;
    if (traceparent === undefined || !isSampled(traceparent)) return undefined;
    const { acceptedAt, ageMs, providerMs } = timing;
    const at = acceptedAt + ageMs;
    const key = `${requestId} ${index} ${environment} ${providerMs === undefined ? 'unsent' : attempts}`;
    let attempt = this.#attempts.get(key);
    if (!attempt) {
      if (this.#attempts.size >= MOST) this.flush();
      attempt = {
        parent: { traceparent, tracestate },
        about,
        sentAt: at - (providerMs ?? 0),
        answeredAt: at,
        delivered: 0,
        failed: 0,
        retried: 0,
        retryAt: undefined,
        last: undefined,
        session: undefined,
      };
      this.#attempts.set(key, attempt);
      this.#timer ??= setTimeout(() => this.flush(), this.#everyMs).unref();
    }
    attempt.answeredAt = Math.max(attempt.answeredAt, at);
    return attempt;
  }

  #tell(attempt: Attempt): void {
    const { about, parent, sentAt, answeredAt, last } = attempt;
    const { acceptedAt, queuedMs, providerMs } = about.timing;
    const common = commonAttributes(about);
    const failure = last && `${last.reason}${last.status === undefined ? '' : ` (${last.status})`}`;
    if (queuedMs !== undefined || providerMs === undefined) {
      const end = queuedMs === undefined ? answeredAt : acceptedAt + queuedMs;
      const error = providerMs === undefined ? failure : undefined;
      this.#write({ name: 'queue', kind: 'internal', parent, start: acceptedAt, end, attributes: common, error });
    }
    if (providerMs === undefined) return;
    const attributes = { ...common, ...attemptAttributes(attempt) };
    const name = `send ${about.provider}`;
    const { retryAt } = attempt;
    this.#write({ name, kind: 'client', parent, start: sentAt, end: answeredAt, attributes, error: failure, retryAt });
  }
}

function note(attempt: Attempt, outcome: Outcome): void {
  attempt.session ??= outcome.session;
  if (outcome.kind === 'accepted') attempt.delivered++;
  else {
    attempt.failed++;
    attempt.last = outcome;
  }
}

const commonAttributes = ({ requestId, app, notification, environment, provider }: Settlement | Retry) => ({
  'martlet.request_id': requestId,
  'martlet.notif_id': notification.notif_id?.slice(0, LONGEST_NAME) || undefined,
  'martlet.app': app,
  'martlet.provider': provider satisfies Provider | undefined,
  'martlet.environment': environment,
});

const attemptAttributes = ({ about, delivered, failed, retried, last, session }: Attempt) => ({
  'martlet.attempt': about.attempts,
  'martlet.delivered': delivered,
  'martlet.failed': failed,
  'martlet.retried': retried,
  'martlet.session': session,
  'martlet.reason': last?.reason,
  'error.type': last?.category,
  'http.response.status_code': last?.status,
});
