import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { Journal } from '../../../src/queue/file/journal.ts';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';
import type { QueueEntry } from '../../../src/queue/queue.ts';
import { laneId } from '../../support/lane-id.ts';

const LANE = laneId();
const MIB = 1024 * 1024;
const BODY = 64 * 1024;
const REQUESTS = Number(process.env.REQUESTS ?? 16_384);
/** Of requests that are in memory at a time. */
const MOST = 64 * MIB;

const folder = mkdtempSync(join(tmpdir(), 'martlet-backlog-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'queue.db');

function fill(): void {
  const journal = new Journal(path, 'normal');
  const body = Buffer.alloc(BODY, 'x');
  for (let key = 1; key <= REQUESTS; key += 64) {
    const records = Array.from({ length: 64 }, (_, index) => key + index).map((each) => ({
      ...{ key: each, id: `r${each}`, app: 'default', acceptedAt: 1, pushes: 1, body },
    }));
    journal.commit({ records });
  }
  journal.close();
}

const entry = (id: string): QueueEntry => ({
  ...{ request: { id, app: 'default', acceptedAt: 1 }, index: 0, app: 'default', lane: LANE, platform: 'ios' },
  ...{ provider: 'apns', environment: 'production', notification: { platform: 1, tokens: [id] } },
  ...{ groups: [{ kind: 'token', targets: [id] }], urgent: false, slice: 100, since: 0, open: 1, key: 0, cost: 0 },
});

test('a backlog of 1 GB is served from the first turn on, and in memory there is no more of it than is to be sent', async () => {
  fill();
  expect(statSync(path).size).toBeGreaterThan(REQUESTS * BODY);
  const before = process.memoryUsage().rss;
  const begun = performance.now();
  const queue = new LocalQueue({
    ...{ path, sync: 'normal', wake: () => {}, limit: 1_000_000, maxCost: MOST },
    restore: ({ id }) => [entry(id)],
  });
  expect(queue.depth()).toMatchObject({ notifications: REQUESTS, waiting: REQUESTS });
  let [settled, most] = [0, 0];
  for (let turn = 0; settled < REQUESTS; turn++) {
    const batch = queue.take(LANE, 1000);
    if (batch) {
      if (settled === 0) console.log(`the first is ready after ${Math.round(performance.now() - begun)} ms`);
      queue.settle(batch, [...batch.targets.keys()]);
      settled += batch.targets.length;
    }
    await nextTurn();
    if (turn % 50 === 0) most = Math.max(most, process.memoryUsage().rss - before);
  }
  console.log(`all are settled; the process grew by ${Math.round(most / MIB)} MiB at most`);
  await queue.close();
  expect(most).toBeLessThan(6 * MOST);
}, 600_000);
