import { leadingTo } from '../../notifications/decision-state.ts';
import type { PushOutcome } from '../../push/push-carrier.ts';

/** What an outcome makes of a decision. */
export interface OutcomeChange {
  readonly state: 'sent' | 'delivered' | 'failed' | 'expired' | 'cancelled';
  /** States out of which it leads: an outcome that comes late or twice takes nothing back. */
  readonly from: readonly string[];
  readonly reason: string | null;
  readonly category: string | null;
  readonly attempts: number;
  readonly at: number;
  /** Until when a later verdict may come, UNIX milliseconds; null: none does. */
  readonly until: number | null;
  readonly providerId: string | null;
}

const BEFORE_SENT = leadingTo('sent');
const BEFORE_VERDICT = leadingTo('failed');

/** What ended a push, in states of a decision; undefined: nothing that changes one. */
export function changeOf({ outcome, attempts, at, late }: PushOutcome): OutcomeChange | undefined {
  const common = { attempts, at, reason: null, category: null, until: null, providerId: outcome.providerId ?? null };
  if (outcome.kind === 'failed') {
    const { category, reason } = outcome;
    const from = late === undefined ? BEFORE_SENT : BEFORE_VERDICT;
    // Another person's device, or none any more: src/hub/sends/outcomes/still-wanted.ts says so.
    if (category === 'cancelled') return { ...common, state: 'cancelled', from, reason: 'no_devices' };
    if (category === 'expired') return { ...common, state: 'expired', from, reason: 'expired' };
    return { ...common, state: 'failed', from, reason, category };
  }
  if (late === 'delivered') return { ...common, state: 'delivered', from: leadingTo('delivered') };
  // No verdict came in time: it stays sent, and none is waited for any more.
  if (late === 'unknown') return { ...common, state: 'sent', from: BEFORE_VERDICT };
  return { ...common, state: 'sent', from: BEFORE_SENT, until: outcome.receipt?.until ?? null };
}
