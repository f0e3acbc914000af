import { DEFAULT_APP } from '../../push/app-name.ts';
import type { AcceptedRequest, Failed, Outcome, Retry, Settlement } from '../../push/push.ts';
import { errorRedactor } from '../log/redaction.ts';
import type { Details, Fact, FactKind } from './fact.ts';
import { withoutTargets } from './without-targets.ts';

export type WholeRequest = Pick<Details, 'requested' | 'notifications' | 'principal' | 'mixed'>;

/** Of a provider's text. */
const LONGEST_ERROR = 300;
const LONGEST_REASON = 200;
/** Of a `notif_id`: it stands on each row. */
const LONGEST_NAME = 256;

/** A `notif_id` as the history knows it. */
export const historyName = (notifId: string | undefined): string | undefined =>
  notifId?.slice(0, LONGEST_NAME) || undefined;

/** What became of a push, without its targets. @param hideMessages `log.hide_messages` */
export function factRow(kind: FactKind, about: Settlement | Retry, outcome: Outcome, hideMessages: boolean): Fact {
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
    ...(outcome.kind === 'failed' ? failureOf(outcome, about, hideMessages) : {}),
    traceparent,
  };
  const reason = outcome.kind === 'failed' ? withoutTargets(outcome.reason.slice(0, LONGEST_REASON), about) : undefined;
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

/** What is known of a request as a whole. */
export function requestFacts({ targets, notifications, principal }: AcceptedRequest): WholeRequest {
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
