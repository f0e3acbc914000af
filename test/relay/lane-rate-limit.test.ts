import { expect, test } from 'vitest';
import { ACCEPTED, type PushTransport } from '../../src/push/push.ts';
import { type Batch, NO_ATTEMPTS, type QueueEntry } from '../../src/queue/queue.ts';
import { Lane } from '../../src/relay/lane.ts';
import { laneId } from '../support/lane-id.ts';

const transport: PushTransport = {
  send({ targets }, settle) {
    for (let index = 0; index < targets.length; index++) settle(index, ACCEPTED);
  },
  status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 1000 }),
  close: async () => {},
};

const entry = {
  request: { id: 'r' },
  notification: { tokens: [], platform: 1 },
  environment: 'production',
} as unknown as QueueEntry;
const batch = (target: string): Batch => ({
  entry,
  kind: 'token',
  targets: [target],
  offset: 0,
  attempts: NO_ATTEMPTS,
});

/** Sends batches of one push by a lane that may send 50 a second, one at a time. */
async function send(targets: readonly string[], now?: () => number): Promise<Lane> {
  const waiting = targets.map(batch);
  const all = Promise.withResolvers<void>();
  let settled = 0;
  const lane = new Lane({
    id: laneId(),
    transport,
    queue: { take: () => waiting.shift() },
    rateLimit: 50,
    ...(now ? { now } : {}),
    onOutcomes: (_, indexes) => {
      settled += indexes.length;
      if (settled === targets.length) all.resolve();
    },
    stale: () => undefined,
  });
  lane.wake();
  await all.promise;
  return lane;
}

test('a lane tells how often and how long pushes waited for the rate limit', async () => {
  const lane = await send(['a', 'b', 'c']);
  expect(lane.status().rateLimitWaits).toBe(2);
  expect(lane.status().rateLimitWaitMs).toBeGreaterThan(0);
  lane.halt();
});

test('where nothing waits, the rate limit held nothing back', async () => {
  const lane = await send(['a']);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(lane.status()).toMatchObject({ rateLimitWaits: 0, rateLimitWaitMs: 0 });
  lane.halt();
});

test('a lane never stands still because a permit came while it looked', async () => {
  let looks = 0;
  // Every second look is a little later than the one before: what was not allowed then is allowed now.
  const now = (): number => performance.now() + (looks++ % 2 === 0 ? 0 : 3);
  const lane = await send(
    Array.from({ length: 20 }, (_, i) => `${i}`),
    now,
  );
  expect(lane.status().inFlight).toBe(0);
  lane.halt();
});
