import { expect, test } from 'vitest';
import { ACCEPTED, type Failed, type Outcome, type PushTransport } from '../../src/push/push.ts';
import { type Batch, NO_ATTEMPTS, type QueueEntry } from '../../src/queue/queue.ts';
import { Lane } from '../../src/relay/lane.ts';
import { laneId } from '../support/lane-id.ts';

const entry = {
  request: { id: 'r' },
  notification: { tokens: [], platform: 1 },
  environment: 'production',
} as unknown as QueueEntry;
const batchTo = (target: string): Batch => ({
  entry,
  kind: 'token',
  targets: [target],
  offset: 0,
  attempts: NO_ATTEMPTS,
});

/** A lane over these targets, one batch each. @param outcomeOf what becomes of a target. */
function laneOver(targets: readonly string[], outcomeOf: (target: string) => Outcome, heldMs: () => number) {
  const waiting = targets.map(batchTo);
  const all = Promise.withResolvers<void>();
  let settled = 0;
  const transport: PushTransport = {
    send: ({ targets: sent }, settle) => sent.forEach((target, index) => void settle(index, outcomeOf(target))),
    status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 1, heldMs: heldMs() }),
    close: async () => {},
  };
  const lane = new Lane({
    id: laneId(),
    transport,
    maxInFlight: 1,
    queue: { take: () => waiting.shift() },
    onOutcomes: (_, indexes) => {
      settled += indexes.length;
      if (settled === targets.length) all.resolve();
    },
    stale: () => undefined,
  });
  lane.wake();
  return { lane, done: all.promise, waiting };
}

test('a lane takes nothing while its provider wants no push, and goes on by itself afterwards', async () => {
  const asked: number[] = [];
  const { lane, done, waiting } = laneOver(
    ['a', 'b'],
    () => ACCEPTED,
    () => {
      asked.push(waiting.length);
      return asked.length < 4 ? 5 : 0;
    },
  );
  await done;
  expect(asked.slice(0, 4)).toEqual([2, 2, 2, 2]);
  lane.halt();
});

test('what is the fault of single targets does not open the breaker, however many there are', async () => {
  const refused: Failed = { kind: 'failed', category: 'credential', reason: 'X', error: '' };
  const targets = Array.from({ length: 40 }, (_, index) => String(index));
  const spared = laneOver(
    targets,
    () => ({ ...refused, sparesLane: true }),
    () => 0,
  );
  await spared.done;
  expect(spared.lane.status().breaker).toBe('closed');
  spared.lane.halt();
  const counted = laneOver(
    targets,
    () => refused,
    () => 0,
  );
  await expect.poll(() => counted.lane.status().breaker).toBe('open');
  counted.lane.halt();
});

test.each([
  ['not_sent', 5],
  ['unanswered', 5],
  ['credential', 20],
] as const)('%s in %i turns with nothing else opens the breaker', async (category, turns) => {
  const targets = Array.from({ length: 40 }, (_, index) => String(index));
  const { lane, waiting } = laneOver(
    targets,
    () => ({ kind: 'failed', category, reason: 'X', error: '' }),
    () => 0,
  );
  await expect.poll(() => lane.status().breaker).toBe('open');
  expect(targets.length - waiting.length).toBe(turns);
  lane.halt();
});

test('429 and 5xx say that the provider is there: they open no breaker', async () => {
  const { lane, done } = laneOver(
    Array.from({ length: 40 }, (_, index) => String(index)),
    () => ({ kind: 'failed', category: 'unavailable', reason: 'X', error: '' }),
    () => 0,
  );
  await done;
  expect(lane.status().breaker).toBe('closed');
  lane.halt();
});

test('what is certain to fail all targets alike opens the breaker at once', async () => {
  const refused: Failed = { kind: 'failed', category: 'credential', reason: 'X', error: '', stopsLane: true };
  const stopped = laneOver(
    ['a', 'b', 'c'],
    () => refused,
    () => 0,
  );
  await expect.poll(() => stopped.lane.status().breaker).toBe('open');
  expect(stopped.waiting).toHaveLength(2);
  stopped.lane.halt();
});
