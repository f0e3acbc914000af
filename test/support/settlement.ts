import { ACCEPTED, type Failed, type Outcome, type Settlement } from '../../src/push/push.ts';

export const failed = (more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  category: 'invalid_token',
  reason: 'Unregistered',
  error: 'Unregistered',
  status: 410,
  ...more,
});

/** A settled iOS push of `targets`, all accepted unless said otherwise. */
export function settlement(
  targets: readonly string[],
  outcomes: readonly Outcome[] = targets.map(() => ACCEPTED),
  more: Partial<Settlement> = {},
): Settlement {
  return {
    requestId: 'r1',
    app: 'default',
    platform: 'ios',
    provider: 'apns',
    environment: 'production',
    notification: { tokens: [...targets], platform: 1, message: 'hi' },
    kind: 'token',
    targets,
    total: targets.length,
    outcomes,
    attempts: 1,
    timing: { acceptedAt: 0, ageMs: 3, providerMs: 1, queuedMs: 2 },
    ...more,
  };
}
