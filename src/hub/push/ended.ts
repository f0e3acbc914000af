import type { Failed, Outcome } from '../../push/push.ts';
import type { PushOutcome, PushQuestion } from './push-carrier.ts';

/** The outcome of what expired before a carrier had it. */
export const expired: Failed = {
  kind: 'failed',
  category: 'expired',
  reason: 'Expired',
  error: 'expired before it could be sent',
};

/** The outcome of what was taken back while it waited. */
export const cancelled: Failed = {
  kind: 'failed',
  category: 'cancelled',
  reason: 'Cancelled',
  error: 'taken back while it waited',
};

/** Targets that end alike. @param at UNIX milliseconds */
export const endedAs = ({ batch, app, targets }: PushQuestion, outcome: Outcome, at: number, attempts = 0) =>
  targets.map((target): PushOutcome => ({ batch, app, target, outcome, attempts, at }));
