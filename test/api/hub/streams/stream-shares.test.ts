import { describe, expect, test } from 'vitest';
import { StreamShares } from '../../../../src/api/hub/streams/stream-shares.ts';

describe('streams that may be open', () => {
  test('are divided among apps: one that opens all that it can leaves the others theirs', () => {
    const room = new StreamShares({ max: 1000, perApp: 0, perUser: 0, apps: () => 3 });
    const open = (app: string): number => {
      let count = 0;
      for (; count < 2000; count++) {
        try {
          room.admit(app);
        } catch {
          break;
        }
        room.take(app);
      }
      return count;
    };
    expect(open('loud')).toBe(500);
    expect(open('louder')).toBeGreaterThan(83);
    expect(open('quiet')).toBeGreaterThanOrEqual(83);
    room.give('quiet');
    expect(open('quiet')).toBe(1);
    expect(() => room.admit('loud')).toThrow('of this app');
  });

  test('are all for the only app', () => {
    const room = new StreamShares({ max: 3, perApp: 0, perUser: 0 });
    for (let count = 0; count < 3; count++) {
      room.admit('default');
      room.take('default');
    }
    expect(() => room.admit('default')).toThrow('3 streams are open, and there may be no more');
  });

  test('of one person are a hundredth, at least 16, where nothing else is said', () => {
    expect(new StreamShares({ max: 20_000, perApp: 0, perUser: 0 }).perUser).toBe(200);
    expect(new StreamShares({ max: 50, perApp: 0, perUser: 0 }).perUser).toBe(16);
    expect(new StreamShares({ max: 50, perApp: 0, perUser: 3 }).perUser).toBe(3);
    expect(new StreamShares({ max: 0, perApp: 0, perUser: 0 }).perUser).toBe(0);
  });

  test('leave room for polls of others, however many one person has', () => {
    const room = new StreamShares({ max: 100, perApp: 0, perUser: 0 });
    const over = Array.from({ length: 16 }, () => room.poll('default', 'default/ada'));
    expect(() => room.poll('default', 'default/ada')).toThrow('16 polls of this person wait');
    room.poll('default', 'default/bob')();
    over[0]?.();
    room.poll('default', 'default/ada');
  });
});
