import { expect, test } from 'vitest';
import type { Notification, Settlement } from '../../src/push/push.ts';
import { QueueRefusedError } from '../../src/queue/queue-refused-error.ts';
import { answerCost, entriesCost } from '../../src/relay/entries-cost.ts';
import { SyncAnswer } from '../../src/relay/sync-answer.ts';
import { SyncRoom } from '../../src/relay/sync-room.ts';
import { entryOf } from '../queue/broker/broker-entries.ts';
import { settledHeap } from '../support/settled-heap.ts';

const about = (app: string, targets: number) => ({
  entries: [entryOf({ platform: 1, app, tokens: Array.from({ length: targets }, (_, i) => `t${i}`) })],
  refused: [],
});

test('one app does not take the memory of another', () => {
  const room = new SyncRoom({ maxCost: 320_000, apps: () => 2 });
  for (let i = 0; i < 5; i++) room.take(about('flood', 100));
  expect(() => room.take(about('flood', 100))).toThrow(QueueRefusedError);
  room.take(about('acme', 100))();
});

test('a request that is larger than the room is taken when there is no other', () => {
  const room = new SyncRoom({ maxCost: 1000 });
  const release = room.take(about('default', 10_000));
  expect(() => room.take(about('default', 1))).toThrow(QueueRefusedError);
  release();
  release();
  expect(room.taken).toBe(0);
});

/** Bytes of the heap that the answer takes when all of these targets have failed. */
function measured(notification: Notification, targets: readonly string[]): { bytes: number; cost: number } {
  const entry = entryOf({ ...notification, tokens: [...targets] });
  const before = settledHeap();
  const answer = new SyncAnswer([entry]);
  const failed = { kind: 'failed', category: 'invalid_token', reason: 'Unregistered', error: 'Unregistered' } as const;
  answer.note({
    ...entry,
    requestId: 'r',
    kind: 'token',
    targets,
    outcomes: targets.map((_, i) => ({ ...failed, providerId: `${i}-1111-2222` })),
    attempts: 1,
    total: targets.length,
    timing: { acceptedAt: 0, ageMs: 0 },
  } as unknown as Settlement);
  const bytes = settledHeap() - before;
  return { bytes, cost: answerCost(entry.notification, answer === undefined ? 0 : targets.length) };
}

test.each(['hello', 'x'.repeat(100_000)])('what an answer is counted with is about what it takes', (message) => {
  const targets = Array.from({ length: 20_000 }, (_, i) => `${i}`.padStart(64, 'a'));
  const { bytes, cost } = measured({ platform: 1, tokens: [], message }, targets);
  expect(cost).toBeGreaterThan(bytes * 0.6);
  expect(cost).toBeLessThan(bytes * 12);
});

test('remembered entries count with their texts, which they share where they are short', () => {
  const entry = { token: 't', error: '', type: 'failed-push', platform: 'ios' } as const;
  const short = entriesCost(Array.from({ length: 10 }, () => ({ ...entry, message: 'm'.repeat(1000) })));
  const long = entriesCost(Array.from({ length: 10 }, () => ({ ...entry, message: 'm'.repeat(10_000) })));
  expect(short).toBeLessThan(10 * 400 + 2000);
  expect(long).toBeGreaterThan(10 * 10_000);
});
