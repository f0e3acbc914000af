import { expect, test } from 'vitest';
import { BrokenDeliveryError } from '../../src/kit/vital.ts';
import { ACCEPTED, type Outcome, type PushTransport } from '../../src/push/push.ts';
import { type Batch, NO_ATTEMPTS, type QueueEntry } from '../../src/queue/queue.ts';
import { Lane, type LaneOptions } from '../../src/relay/lane.ts';
import { laneId } from '../support/lane-id.ts';
import { collectUncaught } from '../support/uncaught.ts';

const entry = {
  request: { id: 'r' },
  notification: { tokens: [], platform: 1 },
  environment: 'production',
} as unknown as QueueEntry;
const batch = (...targets: string[]): Batch => ({ entry, kind: 'token', targets, offset: 0, attempts: NO_ATTEMPTS });

function startLane(waiting: Batch[], send: PushTransport['send'], options: Partial<LaneOptions> = {}) {
  const settled: string[] = [];
  const lane = new Lane({
    id: laneId(),
    transport: {
      send,
      status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 1000 }),
      close: async () => {},
    },
    queue: { take: () => waiting.shift() },
    onOutcomes: (of, indexes, outcomes) => {
      for (const index of indexes) {
        const outcome = outcomes[index] as Outcome;
        settled.push(`${of.targets[index]} ${outcome.kind === 'failed' ? outcome.reason : 'sent'}`);
      }
    },
    stale: () => undefined,
    ...options,
  });
  lane.wake();
  return { lane, settled };
}

const turns = async (until: () => boolean): Promise<void> => {
  while (!until()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('a notification at which the transport throws fails alone: what it has sent is sent, and the others go on', async () => {
  const uncaught = collectUncaught();
  const { lane, settled } = startLane([batch('a', 'poison', 'c'), batch('d')], ({ targets }, settle) => {
    targets.forEach((target, index) => {
      if (target === 'poison') throw new RangeError('Invalid string length');
      settle(index, ACCEPTED);
    });
  });
  await turns(() => settled.length === 4);
  await lane.idle();
  expect(settled.sort()).toEqual(['a sent', 'c InternalError', 'd sent', 'poison InternalError']);
  expect(lane.status()).toMatchObject({ inFlight: 0, batches: 0, breaker: 'closed' });
  expect(uncaught.map(({ name }) => name)).toEqual(['RangeError']);
  lane.halt();
});

test('outcomes that cannot be settled are an error that ends the process', async () => {
  const uncaught = collectUncaught();
  const send: PushTransport['send'] = (_, settle) => settle(0, ACCEPTED);
  const { lane } = startLane([batch('a')], send, {
    onOutcomes: () => {
      throw new TypeError('no such record');
    },
  });
  await turns(() => uncaught.length > 0);
  expect(uncaught[0]).toBeInstanceOf(BrokenDeliveryError);
  lane.halt();
});
