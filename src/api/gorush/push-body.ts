import type { FieldWarning } from '../../push/wire/misspelled.ts';
import type { AcceptedPush } from '../../relay/accept.ts';
import type { PushAnswer } from './push-answer.ts';

const untargeted = (index: number): FieldWarning => ({
  path: `notifications[${index}]`,
  reason: 'has no target: nothing was sent',
});

/** By the million: a request of which all is well. Its text is ASCII. */
export const isPlain = ({ logs, withoutTargets }: AcceptedPush, misspelled: readonly FieldWarning[]): boolean =>
  logs.length === 0 && withoutTargets === undefined && misspelled.length === 0;

export const plainBody = ({ counts, requestId }: AcceptedPush): string =>
  `{"counts":${counts},"logs":[],"success":"ok","request_id":"${requestId}"}`;

/** What an accepted request is answered. */
export function pushBody(
  { counts, logs, requestId, withoutTargets }: AcceptedPush,
  misspelled: readonly FieldWarning[],
): PushAnswer {
  const warnings = withoutTargets ? [...misspelled, ...withoutTargets.map(untargeted)] : misspelled;
  const common = { counts, logs, success: 'ok', request_id: requestId } as const;
  return warnings.length > 0 ? { ...common, warnings } : common;
}
