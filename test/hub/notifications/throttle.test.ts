import { describe, expect, test } from 'vitest';
import type { LimitPolicy } from '../../../src/hub/notifications/policy.ts';
import { longestWindow, throttledBy, type UsageEntry } from '../../../src/hub/notifications/throttle.ts';
import type { Channel } from '../../../src/hub/words/channel.ts';
import { NOON } from './decide-cases.ts';

const MINUTE = 60_000;
/** GoAlert's numbers. */
const sms = [
  { max: 5, per_ms: 15 * MINUTE },
  { max: 11, per_ms: 60 * MINUTE },
  { max: 21, per_ms: 180 * MINUTE },
];

const entries = (count: number, everyMs: number, type = 'incident.created', channel: Channel = 'sms'): UsageEntry[] =>
  Array.from({ length: count }, (_, index) => ({ type, channel, at: NOON - 1 - index * everyMs, count: 1 }));

const asked = { type: 'incident.created', priority: 'high', channel: 'sms', now: NOON } as const;
const policy = (limits: Partial<LimitPolicy>): LimitPolicy => ({ channels: {}, types: {}, ...limits });
const goAlert = policy({ channels: { sms } });

describe('limits', () => {
  test("GoAlert's: the sixth in 15 minutes, the twelfth in an hour, the 22nd in three", () => {
    expect(throttledBy(goAlert, entries(4, 1000), asked)).toBeUndefined();
    expect(throttledBy(goAlert, entries(5, 1000), asked)).toEqual(sms[0]);
    expect(throttledBy(goAlert, entries(10, 5 * MINUTE), asked)).toBeUndefined();
    expect(throttledBy(goAlert, entries(11, 5 * MINUTE), asked)).toEqual(sms[1]);
    expect(throttledBy(goAlert, entries(20, 8 * MINUTE), asked)).toBeUndefined();
    expect(throttledBy(goAlert, entries(21, 8 * MINUTE), asked)).toEqual(sms[2]);
  });

  test('what is as old as the window does not count any more', () => {
    const old = [{ type: 'x', channel: 'sms', at: NOON - 15 * MINUTE, count: 9 }] as const;
    const five = policy({ channels: { sms: [sms[0] as (typeof sms)[0]] } });
    expect(throttledBy(five, old, asked)).toBeUndefined();
    expect(throttledBy(five, [{ ...old[0], at: old[0].at + 1 }], asked)).toEqual(sms[0]);
  });

  test('critical passes, and other channels have limits of their own', () => {
    expect(throttledBy(goAlert, entries(50, 1000), { ...asked, priority: 'critical' })).toBeUndefined();
    expect(throttledBy(goAlert, entries(50, 1000), { ...asked, channel: 'push' })).toBeUndefined();
    expect(throttledBy(goAlert, entries(50, 1000, 'x', 'push'), asked)).toBeUndefined();
  });

  test('a channel counts all types, a pattern its own only and in the place of the channel', () => {
    expect(throttledBy(goAlert, entries(5, 1000, 'task.done'), asked)).toEqual(sms[0]);
    const one = { max: 1, per_ms: MINUTE };
    const typed = policy({ channels: { sms }, types: { 'incident.*': { sms: [one] }, '*': { push: [one] } } });
    expect(throttledBy(typed, entries(9, 1000, 'task.done'), asked)).toBeUndefined();
    expect(throttledBy(typed, entries(1, 1000, 'incident.resolved'), asked)).toEqual(one);
    expect(throttledBy(typed, entries(9, 1000), { ...asked, type: 'task.done' })).toEqual(sms[0]);
  });

  test('the closest pattern that has the channel decides, and an empty list is no limit', () => {
    const one = { max: 1, per_ms: MINUTE };
    const typed = policy({
      channels: { sms },
      types: { 'incident.created': { push: [one] }, 'incident.*': { sms: [] }, '*': { sms: [one] } },
    });
    expect(throttledBy(typed, entries(9, 1000), asked)).toBeUndefined();
    expect(throttledBy(typed, entries(9, 1000), { ...asked, type: 'task.done' })).toEqual(one);
  });

  test('say how far back entries matter', () => {
    expect(longestWindow(goAlert)).toBe(180 * MINUTE);
    expect(longestWindow(policy({ types: { a: { push: [{ max: 1, per_ms: 7 }] } } }))).toBe(7);
    expect(longestWindow(policy({}))).toBe(0);
  });
});
