import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';
import type { QueueEntry } from '../../../src/queue/queue.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
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
});

test('few but huge requests are refused before they fill the memory; one is taken when nothing else waits', async () => {
  const options = { path: join(folder, 'queue.db'), sync: 'normal', wake: () => {}, restore: () => [] } as const;
  const queue = new LocalQueue({ ...options, limit: 1000, maxBytes: 100 });
  queues.push(queue);
  await queue.append([entry('a')], Buffer.alloc(150));
  expect(() => queue.append([entry('b')], Buffer.alloc(10))).toThrow(QueueRefusedError);
  const batch = queue.take(LANE, 9);
  if (batch) queue.settle(batch, [0]);
  await Promise.all([queue.append([entry('c')], Buffer.alloc(50)), queue.append([entry('d')], Buffer.alloc(50))]);
  expect(() => queue.append([entry('e')], Buffer.alloc(10))).toThrow(/the queue is full: requests of 0 MiB wait/);
});
