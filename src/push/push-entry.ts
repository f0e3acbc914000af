import { DEFAULT_APP } from './app-name.ts';
import { entryText } from './entry-text.ts';
import type { Notification, Outcome, PlatformName, Settlement } from './push.ts';
import { traceIdOf } from './trace-context.ts';

/**
 * One target's result as told to the caller (sync `logs`), to the feedback hook and to the log: Gorush's fields, and those
 * that Martlet adds. Absent fields are left out of the JSON.
 */
export interface PushEntry {
  notif_id?: string;
  type: 'succeeded-push' | 'failed-push';
  platform: PlatformName | '';
  token: string;
  message: string;
  error: string;
  status?: number;
  reason?: string;
  category?: string;
  /** True: the token is dead, delete it. */
  invalid_token?: boolean;
  /** True: the same push may succeed later. */
  retryable?: boolean;
  attempts?: number;
  provider_id?: string;
  unregistered_at?: string;
  environment?: string;
  /** Absent for the app `default`. */
  app?: string;
  request_id?: string;
  /** The push was accepted before, and told so; the provider has taken it back. */
  late?: true;
  /** Where the push is traced (W3C Trace Context). */
  trace_id?: string;
}

/** What stands for the text of a notification with `log.hide_messages`. */
export const REDACTED_MESSAGE = '(message redacted)';

const RETRYABLE = new Set(['unavailable', 'not_sent', 'unanswered', 'stale_credential', 'expired', 'pending']);

function outcomeFields(outcome: Outcome, notification: Notification): Partial<PushEntry> {
  const providerId = outcome.providerId === undefined ? {} : { provider_id: outcome.providerId };
  if (outcome.kind === 'accepted') return providerId;
  return {
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
    reason: entryText(outcome.reason, notification),
    category: outcome.category,
    invalid_token: outcome.category === 'invalid_token',
    retryable: RETRYABLE.has(outcome.category),
    ...providerId,
    ...(outcome.unregisteredAt === undefined ? {} : { unregistered_at: outcome.unregisteredAt }),
  };
}

type Targeted = Pick<Settlement, 'targets' | 'kind' | 'targetForm'>;

/** A target as answers, hooks and logs show it. */
export function shownTarget({ targets, kind, targetForm }: Targeted, index: number): string {
  const target = targets[index] as string;
  return targetForm?.shown?.(target, kind) ?? target;
}

/** All of them. */
export const shownTargets = (about: Targeted): readonly string[] =>
  about.targetForm?.shown ? about.targets.map((_, index) => shownTarget(about, index)) : about.targets;

/** The entry of `settlement.targets[index]`. Gorush writes a topic push with the topic in the place of the token. */
export function pushEntry(settlement: Settlement, index: number, hideMessage = false): PushEntry {
  const { notification, attempts, environment, requestId, traceparent } = settlement;
  const outcome = settlement.outcomes[index] as Outcome;
  return {
    ...(notification.notif_id ? { notif_id: entryText(notification.notif_id, notification) } : {}),
    type: outcome.kind === 'accepted' ? 'succeeded-push' : 'failed-push',
    platform: settlement.platform,
    token: shownTarget(settlement, index),
    message: hideMessage ? REDACTED_MESSAGE : entryText(notification.message ?? '', notification),
    error: outcome.kind === 'accepted' ? '' : entryText(outcome.error, notification),
    ...outcomeFields(outcome, notification),
    attempts,
    environment,
    ...(settlement.app === DEFAULT_APP ? {} : { app: settlement.app }),
    request_id: requestId,
    ...(settlement.late ? { late: true } : {}),
    ...(traceparent === undefined ? {} : { trace_id: traceIdOf(traceparent) }),
  };
}
