import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Broker } from '../../../src/queue/broker/broker.ts';
import { NatsBroker } from '../../../src/queue/nats/nats-broker.ts';
import { NsqBroker } from '../../../src/queue/nsq/nsq-broker.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
import { RedisBroker } from '../../../src/queue/redis/redis-broker.ts';
import { freePort } from '../../support/free-port.ts';
import { needs } from '../../support/needs.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import {
  entryOf,
  gorushMessage,
  gorushNotification,
  LANE,
  listening,
  push,
  settleAll,
  take,
  targetsIn,
} from './broker-entries.ts';
import { type BrokerView, brokerViews } from './broker-views.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

const contracts: Record<BrokerEngine['name'], { readonly prototype: Broker }> = {
  redis: RedisBroker,
  nats: NatsBroker,
  nsq: NsqBroker,
};

/** Resolves when messages under way were touched so often; the third time is when a broker would have taken back what was not. */
async function touches(engine: BrokerEngine, count: number): Promise<void> {
  const touch = vi.spyOn(contracts[engine.name].prototype, 'touch');
  onTestFinished(() => touch.mockRestore());
  await until(() => touch.mock.calls.filter(([ids]) => ids.length > 0).length >= count, 'messages are touched');
}

for (const engine of Object.values(brokers) as BrokerEngine[])
  describe(`the queue in ${engine.name}`, needs(engine.program), () => {
    let broker: RunningProgram;
    let view: BrokerView;
    let name = '';
    let serial = 0;
    const queues: Queue[] = [];

    beforeAll(async () => {
      broker = await engine.start();
      view = await brokerViews[engine.name](broker);
    });
    beforeEach(() => {
      name = `contract-${++serial}`;
    });
    afterEach(async () => {
      for (const queue of queues.splice(0)) await queue.close();
    });
    afterAll(async () => {
      await view?.close();
      await broker?.end();
    });

    function open({ addr = broker.addr, limit = 1000, claimAfter = 30, apps = 1, maxCost = 1e9 } = {}) {
      const options = listening(limit, { apps: () => apps, maxCost });
      const queue = engine.open({ addr }, name, options, claimAfter);
      queues.push(queue);
      return { queue, told: options.told, failed: options.failed };
    }
    /** What another program publishes is kept once there is a place for it. */
    async function opened() {
      const { queue, told, failed } = open();
      await queue.append([push('first')]);
      settleAll(queue, await take(queue, 1));
      await isEmpty();
      return { queue, told, failed };
    }
    const isEmpty = (): Promise<void> => until(async () => (await view.count(name)) === 0, 'nothing is left');

    test('a message is with the broker until it is settled', async () => {
      const { queue } = open();
      await queue.append([push('a', 'b')]);
      const batches = await take(queue, 2);
      expect(await view.count(name)).toBe(1);
      settleAll(queue, batches);
      await isEmpty();
    });

    test('an app that fills its share leaves room for another, which has its turn while the first one waits', async () => {
      const { queue } = open({ limit: 60, apps: 2, claimAfter: 1 });
      const send = (app: string) => queue.append([entryOf({ platform: 1, app, tokens: ['t'] })]);
      let flood = 0;
      for (; flood < 60; flood++) if (await send('flood').catch((error) => error)) break;
      expect(flood).toBe(30);
      await send('acme');
      const batches = await take(queue, flood + 1);
      expect(batches.map(({ entry }) => entry.app)).toContain('acme');
      settleAll(queue, batches);
      await isEmpty();
    });

    test('what there is no room for goes back, and is handed out when there is', async () => {
      const { queue } = open({ limit: 1000, claimAfter: 1 });
      const { queue: small } = open({ limit: 1000, claimAfter: 1, apps: 2, maxCost: 16_000 });
      for (let i = 0; i < 20; i++) await queue.append([push(`t${i}`)]);
      const seen = new Set<string>();
      await until(async () => {
        for (const from of [queue, small])
          for (let batch = from.take(LANE, 1); batch; batch = from.take(LANE, 1)) {
            for (const target of batch.targets) seen.add(target);
            settleAll(from, [batch]);
          }
        return (await view.count(name)) === 0;
      }, 'all are worked off');
      expect(seen.size).toBe(20);
    });

    test('what a Gorush published is delivered', async () => {
      const { queue, told } = await opened();
      await view.put(name, gorushMessage(gorushNotification));
      const batches = await take(queue, 1);
      expect(targetsIn(batches)).toEqual(['old']);
      expect(batches[0]?.entry.notification.message).toBe('hi');
      expect(await view.count(name)).toBe(1);
      settleAll(queue, batches);
      await isEmpty();
      expect(told).toEqual([]);
    });

    test('messages that are no push are reported as failed, removed, and kept apart as they were', async () => {
      const { told, failed } = await opened();
      const texts = ['no json', '{}', '{"body":42,"martlet":{"id":"r7","app":"shop"}}', '{"body":"bm8="}'];
      for (const text of texts) await view.put(name, text);
      await until(() => failed.length === 4, 'all are reported');
      await isEmpty();
      expect(failed).toContain('r7 Unreadable: it has no body');
      expect(failed.join()).not.toContain('no json');
      await until(async () => (await view.aside(name)).length === 4, 'all are kept');
      expect((await view.aside(name)).toSorted()).toEqual(texts.toSorted());
      expect(told).toEqual([]);
    });

    test('a backlog larger than a read is handed out whole, each message once', async () => {
      const { queue } = open({ limit: 20_000 });
      const tokens = Array.from({ length: 3000 }, (_, n) => `t${n}`);
      for (let from = 0; from < tokens.length; from += 100)
        await queue.append(tokens.slice(from, from + 100).map((token) => push(token)));
      const seen: string[] = [];
      await until(() => {
        for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) {
          seen.push(...batch.targets);
          settleAll(queue, [batch]);
        }
        return seen.length >= tokens.length;
      }, 'all are handed out');
      expect(seen.toSorted()).toEqual(tokens.toSorted());
      await isEmpty();
    });

    test('what is under way is kept from others; when its instance closes it goes to them, with its progress', async () => {
      const first = open({ claimAfter: 2 });
      await first.queue.append([push('a', 'b', 'c')]);
      const [batch] = await take(first.queue, 3);
      if (batch) first.queue.settle(batch, [1]);
      const other = open({ claimAfter: 2 });
      await touches(engine, 5);
      expect(other.queue.take(LANE, 100)).toBeUndefined();
      await first.queue.close();
      const batches = await take(other.queue, 2);
      expect(targetsIn(batches)).toEqual(['a', 'c']);
      settleAll(other.queue, batches);
      await isEmpty();
    });

    test('while the broker is away requests are refused without waiting for it, and health names it', async () => {
      const port = await freePort();
      const { queue, told } = open({ addr: `127.0.0.1:${port}` });
      await until(() => queue.health().status === 'fail' && told.length > 0, 'it is known to be away');
      // No time passes: whatever waits for a timer waits for ever.
      vi.useFakeTimers();
      onTestFinished(() => void vi.useRealTimers());
      await expect(queue.append([push('a')])).rejects.toBeInstanceOf(QueueRefusedError);
      vi.useRealTimers();
      expect(queue.health().output).toContain(`127.0.0.1:${port}`);
      expect(told).toHaveLength(1);
    });
  });
