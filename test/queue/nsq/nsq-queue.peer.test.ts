import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NsqQueueSettings } from '../../../src/queue/nsq/nsq-broker.ts';
import { NsqConnection } from '../../../src/queue/nsq/nsq-connection.ts';
import { createNsqQueue } from '../../../src/queue/nsq/nsq-queue.ts';
import { nsqBacklog } from '../../../src/queue/nsq/nsq-stats.ts';
import type { Batch, Queue } from '../../../src/queue/queue.ts';
import { freePort } from '../../support/free-port.ts';
import { needs } from '../../support/needs.ts';
import { type RunningProgram, startProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import { LANE, listening, push, settleAll, take, targetsIn } from '../broker/broker-entries.ts';
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
    // The one that was given back is not handed out when its time comes, but forgotten.
    await until(() => {
      expect(queue.take(LANE, 100)).toBeUndefined();
      return queue.depth(LANE).notifications === 0;
    }, 'it is forgotten');
    await queue.close();
    await strict.end();
  });

  test('without the HTTP side of nsqd pushes go on, and it is told once', async () => {
    fresh();
    let asked = 0;
    await using server = createServer(({ socket }) => {
      asked++;
      socket.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { queue, told } = open({ http_addr: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    await queue.append([push('a')]);
    settleAll(queue, await take(queue, 1));
    await until(() => asked >= 3, 'it was asked several times');
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('queue.nsq.http_addr');
  });
});
