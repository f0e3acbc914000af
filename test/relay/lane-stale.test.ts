import { expect, test } from 'vitest';
import type { Failed, PushTransport } from '../../src/push/push.ts';
import { type Batch, NO_ATTEMPTS, type QueueEntry } from '../../src/queue/queue.ts';
import { Lane } from '../../src/relay/lane.ts';
import { laneId } from '../support/lane-id.ts';

const EXPIRED: Failed = { kind: 'failed', category: 'expired', reason: 'Expired', error: '' };
const entry = {
  request: { id: 'r' },
  notification: { tokens: [], platform: 1 },
  environment: 'production',
} as unknown as QueueEntry;

/** How many pushes were settled in each turn of the event loop. */
async function settledByTurn(batches: number, size: number, capacity: number): Promise<number[]> {
  let waiting = batches * size;
  const turns: number[] = [];
  let now = 0;
  const transport: PushTransport = {
    send: () => expect.unreachable('an expired push was sent'),
    status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity }),
    close: async () => {},
  };
  const take = (_: unknown, limit: number): Batch | undefined => {
    const count = Math.min(waiting, size, limit);
    waiting -= count;
    if (count === 0) return undefined;
    return { entry, kind: 'token', targets: Array(count).fill('t'), offset: 0, attempts: NO_ATTEMPTS };
  };
  const onOutcomes = (_: Batch, indexes: readonly number[]): void => {
    now += indexes.length;
  };
  const lane = new Lane({ id: laneId(), transport, queue: { take }, onOutcomes, stale: () => EXPIRED });
  lane.wake();
  let settled = 0;
  while (settled < batches * size) {
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(now);
    settled += now;
    now = 0;
  }
  lane.halt();
  return turns;
}

test.each([
  [2000, 1000, 1000],
  [30_000, 1, 1000],
  [100, 1000, 1],
])(
  '%i batches of %i expired pushes are settled a few thousand a turn (the provider takes %i)',
  async (batches, size, capacity) => {
    const turns = await settledByTurn(batches, size, capacity);
    expect(Math.max(...turns)).toBeLessThanOrEqual(3000);
    expect(turns.reduce((sum, each) => sum + each)).toBe(batches * size);
  },
);
