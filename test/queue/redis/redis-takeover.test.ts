import { expect, onTestFinished, test, vi } from 'vitest';
import { RedisTakeover } from '../../../src/queue/redis/redis-takeover.ts';

const LEASE_MS = 1000;

/** Another instance with an entry, and what was claimed of it. */
function open({ word = () => '7' as string | undefined, isSure = (): boolean => true } = {}) {
  vi.useFakeTimers();
  const claimed: string[] = [];
  const told: string[] = [];
  const takeover = new RedisTakeover({
    stream: {
      claim: async () => [],
      claimOf: async (other) => {
        claimed.push(other);
        return [['1-0', ['body', '{}']]];
      },
      otherHolders: async () => ['other'],
    },
    alive: {
      async of(names) {
        const said = word();
        return new Map(said === undefined ? [] : names.map((name) => [name, said]));
      },
    },
    claimMs: 600_000,
    leaseMs: LEASE_MS,
    room: () => 10,
    isSure,
    take: async (entries) => entries.length,
    failed: (error) => expect.unreachable(error.message),
    tell: (level, message) => told.push(`${level}: ${message}`),
    now: () => Date.now(),
  });
  onTestFinished(() => {
    takeover.close();
    vi.useRealTimers();
  });
  takeover.start();
  return { takeover, claimed, told };
}

test('what an instance had that says nothing new any more is taken over within its lease, with a line that names it', async () => {
  const { claimed, told } = open();
  await vi.advanceTimersByTimeAsync(LEASE_MS * 0.8);
  expect(claimed).toEqual([]);
  await vi.advanceTimersByTimeAsync(LEASE_MS * 0.2);
  expect(claimed[0]).toBe('other');
  expect(told[0]).toBe('warn: took over 1 messages of other, which has been silent for 0.8 s');
});

test('nothing is taken of one that goes on, or that never showed that it lives', async () => {
  let word = 0;
  const alive = open({ word: () => String(++word) });
  await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
  expect(alive.claimed).toEqual([]);
  const mute = open({ word: () => undefined });
  await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
  expect(mute.claimed).toEqual([]);
});

test('after a lost connection the others have six seconds to be back', async () => {
  const { takeover, claimed } = open();
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  takeover.connected(true);
  await vi.advanceTimersByTimeAsync(6000 + LEASE_MS * 0.7);
  expect(claimed).toEqual([]);
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(claimed[0]).toBe('other');
});

test('an instance that was not heard of itself takes nothing over', async () => {
  const { claimed } = open({ isSure: () => false });
  await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
  expect(claimed).toEqual([]);
});
