import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { QueueRefusedError } from '../../src/errors.ts';
import { LocalQueue } from '../../src/queue/local-queue.ts';
import { createMemoryQueue } from '../../src/queue/memory-queue.ts';
import type { Batch, Queue, QueueEntry, Restore } from '../../src/queue/queue.ts';

const LANE = 'default/apns/production';

interface Opened {
  readonly queue: Queue;
  readonly woken: string[];
}

interface Engine {
  readonly name: string;
  readonly durable: boolean;
  open(folder: string, limit?: number): Opened;
}

const restore: Restore = ({ id, app, acceptedAt, body, isDone }) => {
  const { notifications } = JSON.parse(Buffer.from(body).toString()) as { notifications: { tokens: string[] }[] };
  return entriesOf(
    notifications.map((n) => n.tokens),
    { id, app, acceptedAt },
  ).flatMap((entry) => {
    const open = entry.notification.tokens.filter((_, place) => !isDone(entry.index, place)).length;
    return open > 0 ? [{ ...entry, open }] : [];
  });
};

const engines: Engine[] = [
  {
    name: 'memory',
    durable: false,
    open(_folder, limit = 1000) {
      const woken: string[] = [];
      return { woken, queue: createMemoryQueue({ limit, wake: (lane) => woken.push(lane) }) };
    },
  },
  {
    name: 'local',
    durable: true,
    open(folder, limit = 1000) {
      const woken: string[] = [];
      const path = join(folder, 'queue.db');
      const queue = new LocalQueue({ path, sync: 'normal', limit, wake: (lane) => woken.push(lane), restore });
      return { woken, queue };
    },
  },
];

let serial = 0;

function entriesOf(
  lists: readonly string[][],
  request?: { id: string; app: string; acceptedAt: number },
): QueueEntry[] {
  const of = request ?? { id: `r${++serial}`, app: 'default', acceptedAt: Date.now() };
  return lists.map((tokens, index) => ({
    request: of,
    index,
    lane: LANE,
    provider: 'apns',
    environment: 'production',
    notification: { platform: 1, tokens },
    groups: [{ kind: 'token', targets: tokens }],
    urgent: false,
    slice: 100,
    since: performance.now(),
    open: tokens.length,
    key: 0,
  }));
}

const append = (queue: Queue, ...lists: string[][]) =>
  queue.append(entriesOf(lists), () => JSON.stringify({ notifications: lists.map((tokens) => ({ tokens })) }));

function takeAll(queue: Queue): Batch[] {
  const batches: Batch[] = [];
  for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) batches.push(batch);
  return batches;
}

const targets = (batches: readonly Batch[]): string[] => batches.flatMap((batch) => batch.targets);
const all = (batch: Batch): number[] => [...batch.targets.keys()];

describe.each(engines)('the $name queue', ({ durable, open }) => {
  const folders: string[] = [];
  const queues: Queue[] = [];

  function start(folder = mkdtempSync(join(tmpdir(), 'martlet-queue-')), limit?: number) {
    folders.push(folder);
    const opened = open(folder, limit);
    queues.push(opened.queue);
    return { ...opened, folder };
  }

  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  test('hands out what was appended, in order, each target once, and wakes the lane', async () => {
    const { queue, woken } = start();
    await append(queue, ['a', 'b'], ['c']);
    await append(queue, ['d']);
    expect(woken).toContain(LANE);
    expect(targets(takeAll(queue))).toEqual(['a', 'b', 'c', 'd']);
    expect(queue.take(LANE, 100)).toBeUndefined();
  });

  test('takes a request wholly or not at all, and says when to come again', async () => {
    const { queue } = start(undefined, 3);
    await append(queue, ['a'], ['b']);
    const attempt = async () => append(queue, ['c'], ['d']);
    await expect(attempt()).rejects.toBeInstanceOf(QueueRefusedError);
    await expect(attempt()).rejects.toMatchObject({ retryAfter: expect.any(Number) });
    expect(targets(takeAll(queue))).toEqual(['a', 'b']);
  });

  test('what is settled makes room', async () => {
    const { queue } = start(undefined, 1);
    await append(queue, ['a']);
    for (const batch of takeAll(queue)) queue.settle(batch, all(batch));
    await append(queue, ['b']);
    expect(targets(takeAll(queue))).toEqual(['b']);
  });

  test('a request larger than the queue is taken when nothing else waits', async () => {
    const { queue } = start(undefined, 2);
    await append(queue, ['a'], ['b'], ['c']);
    expect(takeAll(queue)).toHaveLength(3);
  });

  test('tells its depth and the age of the oldest notification', async () => {
    const { queue } = start();
    expect(queue.depth()).toEqual({ notifications: 0, waiting: 0, deferred: 0 });
    await append(queue, ['a', 'b'], ['c']);
    await sleep(5);
    expect(queue.oldestAge()).toBeGreaterThan(0);
    const [first] = takeAll(queue);
    queue.defer(first as Batch, performance.now() + 60_000);
    expect(queue.depth(LANE)).toEqual({ notifications: 2, waiting: 0, deferred: 2 });
  });

  test('a deferred batch comes back with its attempts when its time has come', async () => {
    const { queue } = start();
    await append(queue, ['a']);
    const [batch] = takeAll(queue) as [Batch];
    queue.defer({ ...batch, attempts: { sent: 3, counted: 2, unsent: 1, free: 0 } }, performance.now() + 10);
    let again: Batch | undefined;
    for (let i = 0; i < 200 && !again; i++) {
      await sleep(5);
      again = queue.take(LANE, 100);
    }
    expect(again?.attempts).toEqual({ sent: 3, counted: 2, unsent: 1, free: 0 });
  });

  test('refuses after close', async () => {
    const { queue } = start();
    await queue.close();
    await expect((async () => append(queue, ['a']))()).rejects.toBeInstanceOf(QueueRefusedError);
  });

  test.runIf(durable)('what was not settled comes back after a restart; what was settled does not', async () => {
    const { queue, folder } = start();
    await append(queue, ['a', 'b', 'c'], ['d']);
    await append(queue, ['e']);
    const batches = takeAll(queue);
    queue.settle(batches[0] as Batch, [1]);
    queue.settle(batches[2] as Batch, [0]);
    await queue.close();

    const again = start(folder);
    await sleep(20);
    expect(targets(takeAll(again.queue))).toEqual(['a', 'c', 'd']);
    expect(again.queue.depth().notifications).toBe(2);
  });

  test.runIf(durable)('progress survives several restarts, and the end of a request forgets it', async () => {
    const { queue, folder } = start();
    await append(queue, ['a', 'b', 'c']);
    let current = queue;
    for (const left of [['a', 'b', 'c'], ['b', 'c'], ['c']]) {
      const [batch] = takeAll(current) as [Batch];
      expect(batch.targets).toEqual(left);
      current.settle(batch, [0]);
      await current.close();
      current = start(folder).queue;
      await sleep(20);
    }
    expect(current.depth().notifications).toBe(0);
    expect(takeAll(current)).toEqual([]);
  });
});
