import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { states } from '../../../src/hub/notifications/decision.ts';
import { advance, hasReached, isEnded, type Standing } from '../../../src/hub/notifications/decision-state.ts';
import { reached } from '../../../src/hub/notifications/plan-doc.ts';

const at = (state: Standing['state'], ms: number, reason?: string): Standing => ({
  state,
  at: ms,
  ...(reason === undefined ? {} : { reason }),
});
const all = (start: Standing, events: readonly Standing[]): Standing => events.reduce<Standing>(advance, start);

const late = states.filter((state) => state !== 'pending' && state !== 'deferred');
const event = fc.record({
  state: fc.constantFrom(...late),
  at: fc.integer({ min: 0, max: 5 }),
  reason: fc.constantFrom('Unregistered', 'read', 'cancelled'),
});

describe('what becomes of a decision', () => {
  test('in whatever order receipts come, it ends the same', () => {
    const orders = fc
      .array(event, { minLength: 1, maxLength: 7 })
      .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })));
    fc.assert(
      fc.property(orders, ([events, shuffled]) => {
        expect(all(at('sent', 3), shuffled)).toEqual(all(at('sent', 3), events));
        expect(all(at('pending', 0), shuffled)).toEqual(all(at('pending', 0), events));
      }),
    );
  });

  test('it never goes back', () => {
    const order = ['suppressed', 'expired', 'cancelled', 'sent', 'failed', 'delivered', 'seen', 'read'] as const;
    for (const [i, state] of order.entries())
      for (const [j, next] of order.entries())
        expect([state, next, advance(at(state, 0), at(next, 1)).state]).toEqual([state, next, order[Math.max(i, j)]]);
  });

  test('an accepted one may fail later, a delivered one may not', () => {
    expect(advance(at('sent', 0), at('failed', 9, 'DeviceNotRegistered'))).toMatchObject({ state: 'failed' });
    expect(advance(at('delivered', 0), at('failed', 9)).state).toBe('delivered');
    expect(advance(at('failed', 0), at('delivered', 9)).state).toBe('delivered');
  });

  test('what is planned may be due and wait as often as its time changes', () => {
    const plan = [at('deferred', 1, 'quiet_hours'), at('pending', 2), at('deferred', 3, 'snoozed'), at('pending', 4)];
    for (const [index, each] of plan.entries()) expect(all(at('pending', 0), plan.slice(0, index + 1))).toEqual(each);
    expect(all(at('cancelled', 0, 'acked'), plan)).toEqual(at('cancelled', 0, 'acked'));
  });

  test('the same again changes nothing, not even its time', () => {
    expect(advance(at('seen', 5), at('seen', 9))).toEqual(at('seen', 5));
    expect(advance(at('seen', 5), at('seen', 2))).toEqual(at('seen', 2));
  });

  test('all but what is planned is ended', () => {
    expect(states.filter((state) => !isEnded(state))).toEqual(['pending', 'deferred']);
  });
});

describe('how far a person has come', () => {
  test('a later mark implies the earlier ones', () => {
    for (const [i, mark] of reached.entries())
      for (const [j, asked] of reached.entries())
        expect([mark, asked, hasReached({ [`${mark}_at`]: 1 }, asked)]).toEqual([mark, asked, i >= j]);
  });

  test('no marks, and marks of null, are none', () => {
    expect(hasReached({}, 'delivered')).toBe(false);
    expect(hasReached({ seen_at: null, read_at: null }, 'acked')).toBe(false);
    expect(hasReached({ seen_at: 0 }, 'acked')).toBe(true);
  });
});
