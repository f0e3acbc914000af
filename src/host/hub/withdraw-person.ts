import { setTimeout as pause } from 'node:timers/promises';
import { sinkStart } from '../../feedback/event-sinks.ts';
import type { Gone, WithdrawnWork } from '../../hub/people/person.ts';
import type { PushCarrier } from '../../hub/push/push-carrier.ts';
import { background } from '../../kit/background.ts';
import { withdrawalOf } from '../../queue/withdrawal.ts';
import type { Relay } from '../relay.ts';
import { noChannelStart } from './no-channel-hook.ts';

export interface WithdrawPersonParts {
  readonly relay: Pick<Relay, 'forget' | 'forgetEvents'>;
  readonly carrier: Pick<PushCarrier, 'withdraw' | 'doubt'>;
}

const LOOK_MS = 10;
/** Longer than any provider takes to answer. */
const LONGEST_MS = 120_000;

/**
 * Takes back what this process still has to send to someone who was erased, and what it keeps of it. What had begun to be sent is waited
 * for; should that take longer, what becomes of it is forgotten when it is over.
 */
export function personWithdrawal({ relay, carrier }: WithdrawPersonParts) {
  return async ({ app, user, own, shared }: Gone, waitMs: number): Promise<WithdrawnWork> => {
    const withdrawal = withdrawalOf(app, own);
    const texts = [
      ...[...withdrawal.names].map((name) => `"token":${JSON.stringify(name)}`),
      noChannelStart(app, user),
    ];
    const withdrawn = own.length > 0 ? carrier.withdraw?.(app, own) : undefined;
    const doubted = shared.length > 0 ? carrier.doubt?.(app, shared) : undefined;
    const sending = (): number => (withdrawn?.sending() ?? 0) + (doubted?.sending() ?? 0);
    const begun = sending();
    relay.forget(withdrawal, texts);
    relay.forgetEvents([sinkStart({ app, user })]);
    const forgetRest = (): void => {
      withdrawn?.endLeft();
      relay.forget(withdrawal, texts);
    };
    const inFlight = begun > 0 ? await over(sending, waitMs) : 0;
    if (inFlight > 0) background(over(sending, LONGEST_MS).then(forgetRest));
    else if (begun > 0) forgetRest();
    return { ended: withdrawn?.ended ?? 0, inFlight };
  };
}

/** @returns how many are left after so many milliseconds; 0 as soon as there are none */
async function over(sending: () => number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  for (let left = sending(); ; left = sending()) {
    if (left === 0 || performance.now() >= until) return left;
    await pause(LOOK_MS, undefined, { ref: false });
  }
}
