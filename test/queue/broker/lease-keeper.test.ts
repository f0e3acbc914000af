import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LeaseKeeper } from '../../../src/queue/broker/lease-keeper.ts';

/** A keeper, what was asked of the messages, and a clock. */
function open({ hasLease = true, lost = async () => 0 } = {}) {
  const calls: string[] = [];
  const told: string[] = [];
  let time = 0;
  let isHeard = true;
  const keeper = new LeaseKeeper({
    broker: { name: 'scripted', touchMs: 250, leaseMs: hasLease ? 1000 : undefined },
    taken: {
      async touch() {
        calls.push('touch');
        if (!isHeard) throw new Error('not connected');
      },
      async letGo() {
        calls.push('let go');
        return lost();
      },
      wakeAll: () => void calls.push('wake'),
    },
    tell: (level, message) => told.push(`${level}: ${message}`),
    now: () => time,
  });
  const at = async (ms: number): Promise<void> => {
    time = ms;
    keeper.tick();
    await turn();
  };
  const cutOff = (): void => {
    isHeard = false;
  };
  const back = (): void => {
    isHeard = true;
  };
  return { keeper, calls, told, at, cutOff, back };
}

test('it is said four times in a lease that the instance lives', async () => {
  const { keeper, calls, at } = open();
  for (let ms = 0; ms < 1000; ms += 50) await at(ms);
  expect(calls.filter((call) => call === 'touch')).toHaveLength(4);
  expect(keeper.isSure).toBe(true);
});

test('an instance that was cut off is in doubt, lets go of what others have once it is heard, says so, and wakes its lanes', async () => {
  const { keeper, calls, told, at, cutOff, back } = open({ lost: async () => 3 });
  await at(0);
  expect(calls).toEqual(['touch']);
  cutOff();
  for (let ms = 250; ms <= 3000; ms += 250) await at(ms);
  expect(keeper.isSure).toBe(false);
  back();
  await at(3250);
  expect(keeper.isSure).toBe(true);
  expect(calls.slice(-3)).toEqual(['touch', 'let go', 'wake']);
  expect(told).toEqual([
    'warn: scripted: let go of 3 messages that others have, for nothing of this instance reached it for 3.25 s',
  ]);
});

test('a broker that cannot be asked holds nothing up for ever', async () => {
  const { keeper, told, at } = open({ lost: () => Promise.reject(new Error('not allowed')) });
  await at(0);
  for (const ms of [2000, 2250]) await at(ms);
  expect(keeper.isSure).toBe(false);
  await at(2500);
  expect(keeper.isSure).toBe(true);
  expect(told).toEqual(['warn: scripted: cannot ask what others have taken over, it may be sent twice: not allowed']);
});

test('where the broker knows no lease nothing is in doubt, and what is under way is touched all the same', async () => {
  const { keeper, calls, at } = open({ hasLease: false });
  expect(keeper.isSure).toBe(true);
  await at(0);
  await at(60_000);
  expect(calls).toEqual(['touch', 'touch']);
});
