import { afterEach, expect, test } from 'vitest';
import type { Notification } from '../../../src/push/push.ts';
import { BrokerQueue, type BrokerQueueOptions } from '../../../src/queue/broker/broker-queue.ts';
import type { Batch, Queue, QueueEntry } from '../../../src/queue/queue.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
import { storedCost } from '../../../src/queue/request-cost.ts';
import { until } from '../../support/until.ts';
import { entryOf, LANE, listening, settleAll } from './broker-entries.ts';
import { ScriptedBroker } from './scripted-broker.ts';

const queues: Queue[] = [];
afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
});

function open(limit: number, room: Pick<BrokerQueueOptions, 'apps' | 'maxCost'> = {}) {
  const broker = new ScriptedBroker();
  const queue = new BrokerQueue(broker, listening(limit, room));
  queues.push(queue);
  return { broker, queue };
}

const push = (app: string, data: Notification['data'] & {} = {}): QueueEntry =>
  entryOf({ platform: 1, app, tokens: ['t'], data });
/** Three bytes for each object of it. */
const wide = (objects: number) => ({ a: Array.from({ length: objects }, () => ({})) });

/** Batches that the lane has now. */
function taken(queue: Queue): Batch[] {
  const batches: Batch[] = [];
  for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) batches.push(batch);
  return batches;
}

async function fill(queue: BrokerQueue, app: string): Promise<number> {
  for (let accepted = 0; ; accepted++) {
    try {
      await queue.append([push(app)]);
    } catch (error) {
      expect(error).toBeInstanceOf(QueueRefusedError);
      return accepted;
    }
  }
}

test('an app that fills its share of the queue leaves room for another, whose pushes come through', async () => {
  const { queue } = open(100, { apps: () => 2 });
  expect(await fill(queue, 'flood')).toBe(50);
  await queue.append([push('acme')]);
  let found: Batch[] = [];
  await until(() => {
    found = [...found, ...taken(queue)];
    return found.some(({ entry }) => entry.app === 'acme');
  }, 'the push of the other app is handed out');
});

test('messages are counted in what they take of the memory once they are decoded', async () => {
  const data = wide(10_000);
  const cost = storedCost(Buffer.from(JSON.stringify({ notifications: [push('default', data).notification] })));
  const { broker, queue } = open(1000, { maxCost: 5 * cost });
  for (let i = 0; i < 12; i++) await queue.append([push('default', data)]);
  await until(() => queue.depth().waiting > 0, 'messages are handed over');
  let most = 0;
  const settled: string[] = [];
  await until(() => {
    const batches = taken(queue);
    most = Math.max(most, batches.length);
    settled.push(...batches.map(({ entry }) => entry.request.id));
    settleAll(queue, batches);
    return broker.kept.size === 0;
  }, 'all of them are worked off');
  expect(most).toBeLessThanOrEqual(5);
  expect(new Set(settled).size).toBe(12);
});

test('one app does not fill the memory of an instance: what is more than its share goes back to the broker', async () => {
  const data = wide(10_000);
  const cost = storedCost(Buffer.from(JSON.stringify({ notifications: [push('flood', data).notification] })));
  const { broker, queue } = open(1000, { apps: () => 2, maxCost: 10 * cost });
  for (let i = 0; i < 10; i++) await queue.append([push('flood', data)]);
  await queue.append([push('acme')]);
  const found: Batch[] = [];
  await until(() => {
    found.push(...taken(queue));
    return found.some(({ entry }) => entry.app === 'acme');
  }, 'the other app has its turn');
  expect(found.filter(({ entry }) => entry.app === 'flood').length).toBeLessThanOrEqual(5);
  expect(broker.handedBack).toBeGreaterThan(0);
  await until(() => {
    settleAll(queue, found.splice(0));
    found.push(...taken(queue));
    return broker.kept.size === 0;
  }, 'what went back is delivered, too');
});

test('requests on their way to the broker have a limit of bytes, too', async () => {
  const { queue, broker } = open(1000, { maxCost: 200_000 });
  broker.publish = () => new Promise(() => {});
  const large = push('default', { text: 'x'.repeat(60_000) });
  const first = queue.append([large]);
  await expect(queue.append([large])).rejects.toThrow('MiB of memory');
  await expect(first).rejects.toThrow(QueueRefusedError);
});

test('what another instance has settled makes room again', async () => {
  const { broker, queue } = open(100, { apps: () => 2 });
  broker.want = () => {};
  await fill(queue, 'flood');
  broker.finishElsewhere(30);
  let accepted = 0;
  await until(async () => {
    accepted += await fill(queue, 'flood');
    return accepted >= 20;
  }, 'the app may send again');
});
