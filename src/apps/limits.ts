import type { Notification } from '../push/push.ts';
import { type TargetRules, UNKNOWN_TARGETS } from '../push/targets.ts';
import type { FieldMistake } from '../push/wire/decoding.ts';

/** What one notification of an app may hold; absent or 0: no limit but that of the body. */
export interface AppLimits {
  /** Targets: tokens, `to`, and one for a topic or a condition. */
  readonly tokens?: number;
  /** Bytes of the notification as JSON, without its tokens. */
  readonly payload?: number;
}

const NO_LIMITS: AppLimits = {};

const targetsOf = (notification: Notification, { moreTargets }: TargetRules): number => {
  const { tokens, to, topic, condition } = notification;
  const more = moreTargets?.(notification).targets.length ?? 0;
  return tokens.length + (to ? 1 : 0) + (topic || condition ? 1 : 0) + more;
};

/** Measured as it is queued, so with what the decoder knows: unknown fields do not count. */
const payloadBytes = (notification: Notification): number =>
  Buffer.byteLength(JSON.stringify({ ...notification, tokens: undefined, to: undefined }));

/** What is too large about a notification, for a 400; `path` is the field in it. Undefined when nothing is. */
export function checkLimits(
  notification: Notification,
  limits: AppLimits = NO_LIMITS,
  rules: TargetRules = UNKNOWN_TARGETS,
): FieldMistake | undefined {
  const { tokens = 0, payload = 0 } = limits;
  const targets = tokens > 0 ? targetsOf(notification, rules) : 0;
  if (targets > tokens) return { path: 'tokens', reason: `holds ${targets} targets, the app may send to ${tokens}` };
  const bytes = payload > 0 ? payloadBytes(notification) : 0;
  // No single field is to blame, so it is the notification itself.
  if (bytes > payload)
    return { path: '', reason: `has ${bytes} bytes without its tokens, the app may send ${payload}` };
  return undefined;
}
