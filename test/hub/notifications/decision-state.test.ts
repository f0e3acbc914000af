import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { State } from '../../../src/hub/notifications/decision.ts';
import { leadingTo, type Receipt } from '../../../src/hub/notifications/decision-state.ts';
import type { PushOutcome } from '../../../src/hub/push/push-carrier.ts';
import { changeOf } from '../../../src/hub/sends/outcomes/outcome-change.ts';

/** As the store writes them: out of these states, else nothing. */
const endOf = (start: State, receipts: readonly Receipt[]): State =>
  receipts.reduce<State>((state, receipt) => (leadingTo(receipt).includes(state) ? receipt : state), start);

const receipt = fc.constantFrom<Receipt[]>('sent', 'failed', 'delivered', 'seen', 'read');

const shuffled = <T>(each: fc.Arbitrary<T>) =>
  fc
    .array(each, { minLength: 1, maxLength: 6 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));

describe('receipts', () => {
  test('end the same in whatever order they come', () => {
    fc.assert(
      fc.property(shuffled(receipt), ([receipts, others]) => endOf('sent', receipts) === endOf('sent', others)),
    );
  });

  test('never lead back', () => {
    const order: readonly Receipt[] = ['sent', 'failed', 'delivered', 'seen', 'read'];
    for (const [i, state] of order.entries())
      for (const [j, next] of order.entries())
        expect([state, next, endOf(state, [next])]).toEqual([state, next, order[Math.max(i, j)]]);
  });

  test.each<State>(['deferred', 'suppressed', 'cancelled', 'expired'])('say nothing of what is %s', (state) => {
    expect(endOf(state, ['sent', 'failed', 'delivered', 'seen', 'read'])).toBe(state);
  });
});

describe('late verdicts of providers', () => {
  const common = { batch: 'b', app: 'default', target: 't', attempts: 1, at: 0 };
  const failed = { kind: 'failed', category: 'unavailable', reason: 'DeviceNotRegistered', error: 'x' } as const;
  const verdict = fc.constantFrom<PushOutcome[]>(
    { ...common, outcome: { kind: 'accepted' }, late: 'delivered' },
    { ...common, outcome: { kind: 'accepted' }, late: 'unknown' },
    { ...common, outcome: failed, late: 'failed' },
  );
  const told = (start: State, outcomes: readonly PushOutcome[]): State =>
    outcomes.reduce<State>((state, outcome) => {
      const change = changeOf(outcome);
      return change?.from.includes(state) ? change.state : state;
    }, start);

  test('end the same in whatever order they come', () => {
    fc.assert(fc.property(shuffled(verdict), ([outcomes, others]) => told('sent', outcomes) === told('sent', others)));
  });

  test('take back what was accepted, and not what was delivered', () => {
    expect(told('sent', [{ ...common, outcome: failed, late: 'failed' }])).toBe('failed');
    expect(told('delivered', [{ ...common, outcome: failed, late: 'failed' }])).toBe('delivered');
    expect(told('failed', [{ ...common, outcome: { kind: 'accepted' }, late: 'delivered' }])).toBe('delivered');
  });
});
