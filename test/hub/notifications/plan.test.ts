import { describe, expect, test } from 'vitest';
import { learnedOrder, wilsonLowerBound } from '../../../src/hub/notifications/learned-order.ts';
import { planOf } from '../../../src/hub/notifications/plan.ts';
import { policy } from './decide-cases.ts';

describe('the plan of a notification', () => {
  const about = { priority: 'high', channels: ['slack', 'push', 'email', 'realtime'] } as const;

  test('hybrid: the stream and push first, the others in the order in which they are named', () => {
    expect(planOf({ ...about, mode: 'hybrid' }, policy).map(({ channel }) => channel)).toEqual([
      'realtime',
      'push',
      'slack',
      'email',
    ]);
  });

  test('hybrid without push: the first of the others waits for the stream as push would', () => {
    expect(planOf({ priority: 'high', channels: ['realtime', 'sms'] }, policy)).toEqual([
      { channel: 'realtime' },
      { channel: 'sms', wait: { unless: 'acked', wait_ms: 5000, delay_ms: 2000 } },
    ]);
  });

  test('a person who is meant by devices alone gets a push, whatever the channels are', () => {
    expect(planOf({ priority: 'low', channels: ['email'] }, policy, { devicesOnly: true })).toEqual([
      { channel: 'push' },
    ]);
  });

  test('with learn_channels: what has failed lately goes behind what has not, and says so', () => {
    const records = { push: { worked: 1, failed: 9 }, email: { worked: 9, failed: 1 } };
    const asked = { priority: 'high', channels: ['realtime', 'push', 'email', 'sms'] } as const;
    const learning = planOf(asked, { ...policy, learnChannels: true }, { records });
    expect(learning.map(({ channel, learned }) => [channel, learned])).toEqual([
      ['realtime', undefined],
      ['sms', undefined],
      ['email', undefined],
      ['push', { worked: 1, failed: 9 }],
    ]);
    expect(learning[1]?.wait).toEqual({ unless: 'acked', wait_ms: 5000, delay_ms: 2000 });
    expect(planOf(asked, policy, { records }).map(({ channel }) => channel)).toEqual(asked.channels);
  });
});

describe('the order that was learned', () => {
  test("is by Wilson's lower bound, which trusts many attempts more than few", () => {
    expect(wilsonLowerBound({ worked: 0, failed: 0 })).toBe(0);
    expect(wilsonLowerBound({ worked: 10, failed: 0 })).toBeCloseTo(0.722, 3);
    expect(wilsonLowerBound({ worked: 90, failed: 10 })).toBeCloseTo(0.826, 3);
    expect(wilsonLowerBound({ worked: 9, failed: 1 })).toBeCloseTo(0.596, 3);
    expect(wilsonLowerBound({ worked: 0, failed: 5 })).toBe(0);
  });

  test('leaves channels without failures where they are, and the stream always', () => {
    const channels = ['realtime', 'push', 'email', 'sms'] as const;
    expect(learnedOrder(channels, {})).toEqual(channels);
    expect(learnedOrder(channels, { push: { worked: 5, failed: 0 }, realtime: { worked: 0, failed: 9 } })).toEqual(
      channels,
    );
    expect(learnedOrder(channels, { push: { worked: 90, failed: 10 }, email: { worked: 9, failed: 1 } })).toEqual([
      'realtime',
      'sms',
      'push',
      'email',
    ]);
  });
});
