import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LaneId } from '../../src/push/lane-id.ts';
import { LocalQueue } from '../../src/queue/file/local-queue.ts';
import { createMemoryQueue } from '../../src/queue/memory-queue.ts';
import type { Batch, Queue, QueueEntry, Restore } from '../../src/queue/queue.ts';
import { QueueRefusedError } from '../../src/queue/queue-refused-error.ts';
import { type BrokerEngine, brokers } from '../queue/broker/real-brokers.ts';
import { laneId } from '../support/lane-id.ts';
import { needs } from '../support/needs.ts';
import type { RequirementName } from '../support/requirements.ts';
import type { RunningProgram } from '../support/start-program.ts';
import { until } from '../support/until.ts';

const LANE = laneId();

interface Opened {
  readonly queue: Queue;
  readonly woken: string[];
}

interface Engine {
  readonly name: string;
  readonly durable: boolean;
  /** False where requests may come out in another order than they went in. */
  readonly ordered: boolean;
  readonly program?: readonly RequirementName[];
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /** The same folder is the same queue. */
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

function onBroker(engine: BrokerEngine): Engine {
  let broker: RunningProgram;
  return {
    name: engine.name,
    durable: true,
    ordered: engine.name === 'redis',
    program: [engine.program],
    async start() {
      broker = await engine.start();
    },
    async stop() {
      await broker?.end();
    },
    open(folder, limit = 1000) {
      const woken: string[] = [];
      const wake = (lane: LaneId): void => void woken.push(lane.key);
      const queue = engine.open(broker, basename(folder), { limit, wake, restore, tell: () => {} });
      return { woken, queue };
    },
  };
}

const engines: Engine[] = [
  {
    name: 'memory',
    durable: false,
    ordered: true,
    open(_folder, limit = 1000) {
      const woken: string[] = [];
      return { woken, queue: createMemoryQueue({ limit, wake: (lane) => woken.push(lane.key) }) };
    },
  },
  {
    name: 'local',
    durable: true,
    ordered: true,
    open(folder, limit = 1000) {
      const woken: string[] = [];
      const path = join(folder, 'queue.db');
      const queue = new LocalQueue({ path, sync: 'normal', limit, wake: (lane) => woken.push(lane.key), restore });
      return { woken, queue };
    },
  },
  ...Object.values(brokers).map(onBroker),
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
    app: 'default',
    lane: LANE,
    platform: 'ios',
    provider: 'apns',
    environment: 'production',
    notification: { platform: 1, tokens },
    groups: [{ kind: 'token', targets: tokens }],
    urgent: false,
    slice: 100,
    since: performance.now(),
    open: tokens.length,
    key: 0,
    cost: 0,
  }));
}

const append = (queue: Queue, ...lists: string[][]) =>
  queue.append(entriesOf(lists), () => JSON.stringify({ notifications: lists.map((tokens) => ({ tokens })) }));

/** So many targets; a broker hands them over a little later. */
async function take(queue: Queue, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  await until(
    () => {
      for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) batches.push(batch);
      return targets(batches).length >= count;
    },
    `${count} targets are handed out, ${targets(batches).length} were`,
  );
  return batches;
}

const targets = (batches: readonly Batch[]): string[] => batches.flatMap((batch) => batch.targets);
const all = (batch: Batch): number[] => [...batch.targets.keys()];

for (const { name, program = [], durable, ordered, start: begin, stop, open } of engines)
  describe(`the ${name} queue`, needs(...program), () => {
    const folders: string[] = [];
    const queues: Queue[] = [];

    beforeAll(async () => begin?.());
    afterAll(async () => stop?.());

    function start(folder = mkdtempSync(join(tmpdir(), 'martlet-queue-')), limit?: number) {
      folders.push(folder);
      const opened = open(folder, limit);
      queues.push(opened.queue);
      return { ...opened, folder };
    }

    const inOrder = (list: string[]): string[] => (ordered ? list : list.toSorted());

    afterEach(async () => {
      for (const queue of queues.splice(0)) await queue.close();
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    });

    test('hands out what was appended, in order, each target once, and wakes the lane', async () => {
      const { queue, woken } = start();
      await append(queue, ['a', 'b'], ['c']);
      await append(queue, ['d']);
      const batches = await take(queue, 4);
      expect(woken).toContain(LANE.key);
      expect(inOrder(targets(batches))).toEqual(['a', 'b', 'c', 'd']);
      expect(queue.take(LANE, 100)).toBeUndefined();
    });

    test('takes a request wholly or not at all, and says when to come again', async () => {
      const { queue } = start(undefined, 3);
      await append(queue, ['a'], ['b']);
      const attempt = async () => append(queue, ['c'], ['d']);
      await expect(attempt()).rejects.toBeInstanceOf(QueueRefusedError);
      await expect(attempt()).rejects.toMatchObject({ retryAfter: expect.any(Number) });
      expect(inOrder(targets(await take(queue, 2)))).toEqual(['a', 'b']);
    });

    test('what is settled makes room', async () => {
      const { queue } = start(undefined, 1);
      await append(queue, ['a']);
      for (const batch of await take(queue, 1)) queue.settle(batch, all(batch));
      await append(queue, ['b']);
      expect(targets(await take(queue, 1))).toEqual(['b']);
    });

    test('a request larger than the queue is taken when nothing else waits', async () => {
      const { queue } = start(undefined, 2);
      await append(queue, ['a'], ['b'], ['c']);
      const [first] = await take(queue, 1);
      expect(first?.targets).toHaveLength(1);
      expect(queue.depth().notifications).toBe(3);
    });

    test('tells its depth and the age of the oldest notification', async () => {
      const { queue } = start();
      expect(queue.depth()).toEqual({ notifications: 0, waiting: 0, deferred: 0 });
      await append(queue, ['a', 'b'], ['c']);
      const batches = await take(queue, 3);
      await sleep(5);
      expect(queue.oldestAge()).toBeGreaterThan(0);
      const pair = batches.find((batch) => batch.targets.length === 2);
      queue.defer(pair as Batch, performance.now() + 60_000);
      expect(queue.depth(LANE)).toEqual({ notifications: 2, waiting: 0, deferred: 2 });
    });

    test('a deferred batch comes back with its attempts when its time has come', async () => {
      const { queue } = start();
      await append(queue, ['a']);
      const [batch] = (await take(queue, 1)) as [Batch];
      queue.defer({ ...batch, attempts: { sent: 3, counted: 2, unsent: 1, free: 0 } }, performance.now() + 10);
      const [again] = await take(queue, 1);
      expect(again?.attempts).toEqual({ sent: 3, counted: 2, unsent: 1, free: 0 });
    });

    test('refuses after close', async () => {
      const { queue } = start();
      await queue.close();
      await expect((async () => append(queue, ['a']))()).rejects.toBeInstanceOf(QueueRefusedError);
    });

    if (durable)
      test('what was not settled comes back after a restart; what was settled does not', async () => {
        const { queue, folder } = start();
        await append(queue, ['a', 'b', 'c'], ['d']);
        await append(queue, ['e']);
        const batches = await take(queue, 5);
        const of = (target: string): Batch => batches.find((batch) => batch.targets.includes(target)) as Batch;
        queue.settle(of('b'), [1]);
        queue.settle(of('e'), [0]);
        await queue.close();

        const again = start(folder);
        expect(inOrder(targets(await take(again.queue, 3)))).toEqual(['a', 'c', 'd']);
        expect(again.queue.depth().notifications).toBe(2);
      });

    if (durable)
      test('progress survives several restarts, and the end of a request forgets it', async () => {
        const { queue, folder } = start();
        await append(queue, ['a', 'b', 'c']);
        let current = queue;
        for (const left of [['a', 'b', 'c'], ['b', 'c'], ['c']]) {
          const [batch] = (await take(current, left.length)) as [Batch];
          expect(batch.targets).toEqual(left);
          current.settle(batch, [0]);
          await current.close();
          current = start(folder).queue;
        }
        await sleep(50);
        expect(current.depth().notifications).toBe(0);
        expect(current.take(LANE, 100)).toBeUndefined();
      });
  });
