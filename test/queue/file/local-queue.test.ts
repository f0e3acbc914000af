import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LocalQueue, type LocalQueueOptions } from '../../../src/queue/file/local-queue.ts';
import type { QueueEntry } from '../../../src/queue/queue.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
import { MemoryFile } from '../../simulation/memory-file.ts';
import { laneId } from '../../support/lane-id.ts';

const LANE = laneId();

const folder = mkdtempSync(join(tmpdir(), 'martlet-local-queue-'));
const queues: LocalQueue[] = [];

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  rmSync(folder, { recursive: true, force: true });
});

const entry = (id: string): QueueEntry => ({
  request: { id, app: 'default', acceptedAt: Date.now() },
  index: 0,
  app: 'default',
  lane: LANE,
  platform: 'ios',
  provider: 'apns',
  environment: 'production',
  notification: { platform: 1, tokens: [id] },
  groups: [{ kind: 'token', targets: [id] }],
  urgent: false,
  slice: 100,
  since: performance.now(),
  open: 1,
  key: 0,
  cost: 0,
});

const huge = Buffer.alloc(20_000, 'x');
const open = (path: string, more: Partial<LocalQueueOptions> = {}): LocalQueue => {
  const options = { path: join(folder, path), sync: 'normal', wake: () => {}, restore: () => [], limit: 1000 } as const;
  const queue = new LocalQueue({ ...options, ...more });
  queues.push(queue);
  return queue;
};

test('few but huge requests are refused before they fill the memory; one is taken when nothing else waits', async () => {
  const queue = open('queue.db', { maxCost: 50_000 });
  await queue.append([entry('a')], Buffer.alloc(150_000, 'x'));
  expect(() => queue.append([entry('b')], Buffer.alloc(10))).toThrow(QueueRefusedError);
  const batch = queue.take(LANE, 9);
  if (batch) queue.settle(batch, [0]);
  await Promise.all([queue.append([entry('c')], huge), queue.append([entry('d')], huge)]);
  expect(() => queue.append([entry('e')], huge)).toThrow(/the queue is full: 0 MiB of memory are taken/);
});

test('what a request takes of the memory counts, not how long it is', async () => {
  const queue = open('objects.db', { maxCost: 1_000_000 });
  const objects = Buffer.from(`{"notifications":[{"data":{"a":[${'{},'.repeat(10_000)}{}]}}]}`);
  await queue.append([entry('a')], objects);
  expect(() => queue.append([entry('b')], objects)).toThrow(QueueRefusedError);
  await queue.append([entry('c')], Buffer.alloc(objects.length, 'x'));
});

test('room of a request that could not be written is free again', async () => {
  const file = new MemoryFile();
  const queue = open('', { limit: 2, openFile: () => file, onTrouble: () => {} });
  file.full = true;
  await expect(queue.append([entry('a'), entry('b')], huge)).rejects.toThrow(QueueRefusedError);
  file.full = false;
  await queue.append([entry('c'), entry('d')], huge);
});

test('of a request that is half done only what is left counts as waiting, from the opening of the file on', async () => {
  const three = (): QueueEntry => ({
    ...entry('r'),
    groups: [{ kind: 'token', targets: ['a', 'b', 'c'] }],
    open: 3,
  });
  const first = open('half.db');
  await first.append([three(), { ...entry('other'), index: 1 }], huge);
  const batch = first.take(LANE, 2);
  if (batch) first.settle(batch, [0, 1]);
  await first.close();
  const restore: LocalQueueOptions['restore'] = () => [
    { ...three(), open: 1 },
    { ...entry('other'), index: 1 },
  ];
  const queue = open('half.db', { restore });
  expect(queue.depth()).toMatchObject({ notifications: 1, waiting: 2 });
  await expect.poll(() => queue.depth()).toMatchObject({ notifications: 2, waiting: 2 });
});

test('an earlier process may have left more than memory has room for: it comes back in portions, the oldest first', async () => {
  const first = open('left.db');
  for (let i = 0; i < 10; i++) await first.append([entry(`r${i}`)], huge);
  await first.close();
  const restored: string[] = [];
  const restore = ({ id }: { id: string }): QueueEntry[] => {
    restored.push(id);
    return [entry(id)];
  };
  const queue = open('left.db', { maxCost: 60_000, restore });
  await expect.poll(() => restored).toEqual(['r0', 'r1']);
  // On a busy machine the turn may have ended before the third was looked at.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(queue.depth()).toMatchObject({ notifications: 10, waiting: 10 });
  expect(() => queue.append([entry('new')], huge)).toThrow(/requests of an earlier process wait in the file/);
  for (let settled = 0; settled < 10; ) {
    const batch = queue.take(LANE, 1);
    if (batch) {
      queue.settle(batch, [0]);
      settled++;
    } else await new Promise((resolve) => setImmediate(resolve));
  }
  expect(restored).toEqual(Array.from({ length: 10 }, (_, i) => `r${i}`));
  expect(queue.depth()).toMatchObject({ notifications: 0, waiting: 0 });
  await queue.append([entry('new')], huge);
});

test('says which requests of a name it keeps, and how many of their targets are open, also before they are back in memory', async () => {
  const first = open('kept.db');
  const three = { ...entry('hub-1'), groups: [{ kind: 'token', targets: ['a', 'b', 'c'] }], open: 3 } as QueueEntry;
  await first.append([three], Buffer.alloc(10, 'x'));
  await first.append([entry('other')], Buffer.alloc(10, 'x'));
  const batch = first.take(LANE, 2);
  if (batch) first.settle(batch, [0, 1]);
  await first.close();
  const queue = open('kept.db', { restore: () => [] });
  expect(queue.kept('hub-')).toEqual([{ id: 'hub-1', open: 1 }]);
});
