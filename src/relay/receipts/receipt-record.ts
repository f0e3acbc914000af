import type { ReceiptVerdict } from '../../carrier/late-outcomes.ts';
import { entryText } from '../../push/entry-text.ts';
import { ACCEPTED, type Accepted, type LateOutcome, type Settlement, type TargetForm } from '../../push/push.ts';
import type { KeptReceipt, ToldReceipt } from './receipt-file.ts';

/** What of a settled push is kept for the listeners of its verdict. */
interface About
  extends Pick<
    Settlement,
    'requestId' | 'traceparent' | 'tracestate' | 'platform' | 'environment' | 'kind' | 'attempts'
  > {
  readonly index?: number | undefined;
  readonly number: number;
  readonly target: string;
  readonly notifId: string | undefined;
  readonly message: string | undefined;
  readonly acceptedAt: number;
}

/** A push of a settlement that waits for a verdict; undefined: it does not, or has no id to know it by. */
export function receiptOf(settlement: Settlement, place: number, now: number): KeptReceipt | undefined {
  const { receipt, providerId } = settlement.outcomes[place] as Accepted;
  const { provider, app, notification } = settlement;
  if (!receipt || !provider || !providerId) return undefined;
  const { requestId, traceparent, tracestate, platform, environment, index, kind, attempts, timing } = settlement;
  const text = (value: string | undefined) => (value === undefined ? value : entryText(value, notification));
  const about: About = {
    ...{ requestId, traceparent, tracestate, platform, environment, index, kind, attempts },
    number: notification.platform,
    target: settlement.targets[place] as string,
    notifId: text(notification.notif_id),
    message: text(notification.message),
    acceptedAt: timing.acceptedAt,
  };
  const ask = receipt.askAt === undefined ? null : Math.round(receipt.askAt);
  const until = Math.round(receipt.until);
  return { provider, id: providerId, app, since: Math.round(now), until, ask, about: JSON.stringify(about) };
}

/** What the listeners are given. @param verdict undefined: none came */
export function lateOutcome(
  { provider, id, app, about }: KeptReceipt,
  verdict: Exclude<ReceiptVerdict, { kind: 'sent' }> | undefined,
  targetForm: TargetForm | undefined,
  now: number,
): LateOutcome {
  const { number, target, notifId, message, acceptedAt, index, ...facts } = JSON.parse(about) as About;
  const failed = verdict?.kind === 'failed' ? { providerId: id, ...verdict } : undefined;
  return {
    verdict: verdict?.kind ?? 'unknown',
    settlement: {
      ...facts,
      ...(index === undefined ? {} : { index }),
      app,
      provider,
      notification: {
        platform: number,
        tokens: [],
        ...(notifId === undefined ? {} : { notif_id: notifId }),
        ...(message === undefined ? {} : { message }),
      },
      targets: [target],
      targetForm,
      total: 1,
      outcomes: [failed ?? { ...ACCEPTED, providerId: id }],
      timing: { acceptedAt, ageMs: now - acceptedAt },
      late: true,
    },
  };
}

/** The verdict as it was reported to the file. */
export const verdictOf = ({ verdict }: ToldReceipt): Exclude<ReceiptVerdict, { kind: 'sent' }> => JSON.parse(verdict);
