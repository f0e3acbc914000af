import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NsqQueueSettings } from '../../../src/queue/nsq/nsq-broker.ts';
import { NsqConnection } from '../../../src/queue/nsq/nsq-connection.ts';
import { createNsqQueue } from '../../../src/queue/nsq/nsq-queue.ts';
import { nsqBacklog } from '../../../src/queue/nsq/nsq-stats.ts';
import type { Batch, Queue } from '../../../src/queue/queue.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
import { freePort } from '../../support/free-port.ts';
import { needs } from '../../support/needs.ts';
import { type RunningProgram, startProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import {
  gorushMessage,
  gorushNotification,
  LANE,
  listening,
  push,
  settleAll,
  take,
  targetsIn,
} from '../broker/broker-entries.ts';
import { brokers, nsqSettings } from '../broker/real-brokers.ts';

describe('the NSQ queue', needs('nsqd'), () => {
  let broker: RunningProgram;
  let admin: NsqConnection;
  const queues: Queue[] = [];
  let serial = 0;
  let name = '';

  beforeAll(async () => {
    broker = await brokers.nsq.start();
    const address = { host: '127.0.0.1', port: broker.port };
    admin = new NsqConnection({ address, messageTimeoutMs: 60_000, onMessage: () => {}, onClose: () => {} });
    await admin.open();
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close();
  });
  afterAll(async () => {
    await admin?.close();
    await broker?.end();
  });

  function open(own: Partial<NsqQueueSettings> = {}, limit?: number) {
    const options = listening(limit);
    const queue = createNsqQueue({ ...options, settings: { ...nsqSettings(broker.addr, name), ...own } });
    queues.push(queue);
    return { queue, told: options.told };
  }
  const fresh = (): void => {
    name = `topic-${++serial}`;
  };
  const messages = (): Promise<number> => nsqBacklog(nsqSettings(broker.addr, name));

  test('a message is with nsqd until it is settled', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a', 'b')]);
    const batches = await take(queue, 2);
    expect(await messages()).toBe(1);
    settleAll(queue, batches);
    await until(async () => (await messages()) === 0, 'nothing is left');
  });

  test('what a Gorush queued is delivered', async () => {
    fresh();
    await admin.publish(name, [Buffer.from(gorushMessage(gorushNotification))]);
    const { queue, told } = open();
    const batches = await take(queue, 1);
    expect(targetsIn(batches)).toEqual(['old']);
    expect(batches[0]?.entry.notification.message).toBe('hi');
    settleAll(queue, batches);
    await until(async () => (await messages()) === 0, 'nothing is left');
    expect(told).toEqual([]);
  });

  test('messages that are no push are told and taken out of the way', async () => {
    fresh();
    await admin.publish(name, [Buffer.from('no json'), Buffer.from('{}'), Buffer.from('{"body":"bm8="}')]);
    const { told } = open();
    await until(() => told.length === 3, 'all are told');
    await until(async () => (await messages()) === 0, 'nothing is left');
  });

  test('a large backlog is handed out whole, each message once', async () => {
    fresh();
    const { queue } = open({}, 20_000);
    const tokens = Array.from({ length: 3000 }, (_, n) => `t${n}`);
    for (let from = 0; from < tokens.length; from += 100) {
      await queue.append(tokens.slice(from, from + 100).map((token) => push(token)));
    }
    const seen: string[] = [];
    await until(() => {
      for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) {
        seen.push(...batch.targets);
        settleAll(queue, [batch]);
      }
      return seen.length >= tokens.length;
    }, 'all are handed out');
    expect(seen.toSorted()).toEqual(tokens.toSorted());
    await until(async () => (await messages()) === 0, 'nothing is left');
  });

  test('what is under way is kept from others; when its instance closes it goes to them, with its progress', async () => {
    fresh();
    const first = open({ claim_after: 1 });
    await first.queue.append([push('a', 'b', 'c')]);
    const [batch] = await take(first.queue, 3);
    if (batch) first.queue.settle(batch, [1]);
    const other = open({ claim_after: 1 });
    await sleep(2500);
    expect(other.queue.take(LANE, 100)).toBeUndefined();
    await first.queue.close();
    const batches = await take(other.queue, 2);
    expect(targetsIn(batches)).toEqual(['a', 'c']);
    settleAll(other.queue, batches);
    await until(async () => (await messages()) === 0, 'nothing is left');
  });

  test('a lost connection repeats nothing at the instance that has it under way', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a', 'b'), push('c')]);
    const batches = await take(queue, 3);
    await broker.stop('SIGTERM');
    await until(() => queue.health().status === 'fail', 'it is known to be away');
    await broker.start();
    await until(() => queue.health().status === 'pass', 'it is back');
    await sleep(500);
    expect(queue.take(LANE, 100)).toBeUndefined();
    settleAll(queue, batches);
    await until(async () => (await messages()) === 0, 'nothing is left');
    await admin.close();
  });

  test('what nsqd would take back because of its --max-msg-timeout is given back before', async () => {
    const strict = await startProgram('nsqd', async (port, dir) => {
      const places = [`--tcp-address=127.0.0.1:${port}`, `--http-address=127.0.0.1:${await freePort()}`];
      return [...places, `--data-path=${dir}`, '--msg-timeout=1s', '--max-msg-timeout=2s'];
    });
    fresh();
    const { queue } = open({ addr: strict.addr, claim_after: 1 });
    await queue.append([push('a', 'b')]);
    const [batch] = (await take(queue, 2)) as [Batch];
    queue.settle(batch, [0]);
    queue.defer({ ...batch, targets: ['b'], places: [1] }, performance.now() + 3000);
    const again = await take(queue, 1);
    expect(targetsIn(again)).toEqual(['b']);
    expect(queue.depth(LANE).notifications).toBe(2);
    settleAll(queue, again);
    // The one that was given back is not handed out when its time comes.
    await sleep(2500);
    expect(queue.take(LANE, 100)).toBeUndefined();
    expect(queue.depth(LANE).notifications).toBe(0);
    await queue.close();
    await strict.end();
  });

  test('without the HTTP side of nsqd pushes go on, and it is told once', async () => {
    fresh();
    const { queue, told } = open({ http_addr: `127.0.0.1:${await freePort()}` });
    await queue.append([push('a')]);
    settleAll(queue, await take(queue, 1));
    await sleep(1200);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('queue.nsq.http_addr');
  });

  test('while nsqd is away requests are refused at once, and health names it', async () => {
    const port = await freePort();
    const { queue, told } = open({ addr: `127.0.0.1:${port}` });
    await until(() => queue.health().status === 'fail' && told.length > 0, 'it is known to be away');
    const before = performance.now();
    await expect(queue.append([push('a')])).rejects.toBeInstanceOf(QueueRefusedError);
    expect(performance.now() - before).toBeLessThan(500);
    expect(queue.health().output).toContain(`127.0.0.1:${port}`);
  });
});
