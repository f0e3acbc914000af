import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NatsQueueSettings } from '../../../src/queue/nats/nats-broker.ts';
import { createNatsQueue } from '../../../src/queue/nats/nats-queue.ts';
import type { Queue } from '../../../src/queue/queue.ts';
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
import { brokers, natsSettings } from '../broker/real-brokers.ts';

describe('the NATS queue', needs('nats-server'), () => {
  let broker: RunningProgram;
  let admin: NatsConnection;
  const queues: Queue[] = [];
  const more: RunningProgram[] = [];
  let serial = 0;
  let name = '';

  beforeAll(async () => {
    broker = await brokers.nats.start();
    admin = await connect({ servers: broker.addr });
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close();
    for (const other of more.splice(0)) await other.end();
  });
  afterAll(async () => {
    await admin?.close();
    await broker?.end();
  });

  function open(own: Partial<NatsQueueSettings> = {}, limit?: number) {
    const options = listening(limit);
    const queue = createNatsQueue({ ...options, settings: { ...natsSettings(broker.addr, name), ...own } });
    queues.push(queue);
    return { queue, told: options.told };
  }
  const fresh = (): void => {
    name = `subject-${++serial}`;
  };
  const messages = async (stream = `${name}-martlet`): Promise<number> =>
    (await (await jetstreamManager(admin)).streams.info(stream)).state.messages;

  test('a message is in the stream until it is settled', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a', 'b')]);
    const batches = await take(queue, 2);
    expect(await messages()).toBe(1);
    settleAll(queue, batches);
    await until(async () => (await messages()) === 0, 'the stream is empty');
  });

  test('a request of several notifications is one atomic batch', async () => {
    fresh();
    const { queue } = open({}, 5000);
    const entries = Array.from({ length: 1500 }, (_, n) => push(`t${n}`));
    await queue.append(entries);
    expect(await messages()).toBe(1500);
    const batches = await take(queue, 1500);
    expect(new Set(targetsIn(batches)).size).toBe(1500);
    settleAll(queue, batches);
    await until(async () => (await messages()) === 0, 'the stream is empty');
  });

  test('what a Gorush publishes meanwhile is stored and delivered, shared with it by the queue group', async () => {
    fresh();
    const { queue, told } = open();
    await queue.append([push('a')]);
    settleAll(queue, await take(queue, 1));
    admin.publish(name, gorushMessage(gorushNotification));
    const batches = await take(queue, 1);
    expect(targetsIn(batches)).toEqual(['old']);
    expect(batches[0]?.entry.notification.message).toBe('hi');
    expect(await messages()).toBe(1);
    settleAll(queue, batches);
    await until(async () => (await messages()) === 0, 'the stream is empty');
    // What Martlet publishes is not seen by a Gorush, which would send it a second time.
    const gorush = admin.subscribe(name, { queue: 'gorush' });
    await queue.append([push('b')]);
    await sleep(50);
    expect(gorush.getReceived()).toBe(0);
    gorush.unsubscribe();
    expect(told).toEqual([]);
  });

  test('messages that are no push are told and taken out of the way', async () => {
    fresh();
    const { queue, told } = open();
    await queue.append([push('a')]);
    for (const text of ['no json', '{}', '{"body":"bm8="}']) admin.publish(name, text);
    settleAll(queue, await take(queue, 1));
    await until(() => told.length === 3, 'all are told');
    await until(async () => (await messages()) === 0, 'the stream is empty');
  });

  test('a deleted stream is made anew: the next push is delivered', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a')]);
    settleAll(queue, await take(queue, 1));
    await (await jetstreamManager(admin)).streams.delete(`${name}-martlet`);
    await until(async () => {
      try {
        await queue.append([push('b')]);
        return true;
      } catch {
        return false;
      }
    }, 'a push is taken again');
    expect(targetsIn(await take(queue, 1))).toEqual(['b']);
  });

  test('what is under way is kept from others; when its instance closes it goes to them, with its progress', async () => {
    fresh();
    const first = open({ claim_after: 1 });
    await first.queue.append([push('a', 'b', 'c')]);
    const [batch] = await take(first.queue, 3);
    if (batch) first.queue.settle(batch, [1]);
    const other = open({ claim_after: 1 });
    await sleep(2000);
    expect(other.queue.take(LANE, 100)).toBeUndefined();
    await first.queue.close();
    const batches = await take(other.queue, 2);
    expect(targetsIn(batches)).toEqual(['a', 'c']);
    expect(await messages(`${name}-martlet-progress`)).toBe(1);
    settleAll(other.queue, batches);
    await until(async () => (await messages(`${name}-martlet-progress`)) === 0, 'progress is forgotten');
  });

  test('without JetStream it says so, and refuses', async () => {
    const plain = await startProgram('nats-server', (port) => ['-a', '127.0.0.1', '-p', String(port)]);
    more.push(plain);
    const { queue } = open({ addr: plain.addr });
    await until(() => /jetstream/i.test(queue.health().output ?? ''), 'it says so');
    await expect(queue.append([push('a')])).rejects.toBeInstanceOf(QueueRefusedError);
  });

  test('while NATS is away requests are refused at once, and health names it without the password', async () => {
    const port = await freePort();
    const { queue, told } = open({ addr: `nats://me:hunter2@127.0.0.1:${port}` });
    await until(() => queue.health().status === 'fail' && told.length > 0, 'it is known to be away');
    const before = performance.now();
    await expect(queue.append([push('a')])).rejects.toBeInstanceOf(QueueRefusedError);
    expect(performance.now() - before).toBeLessThan(500);
    expect(queue.health().output).toContain(`127.0.0.1:${port}`);
    expect(`${queue.health().output} ${told.join()}`).not.toContain('hunter2');
  });

  test('users, passwords and tokens are used, from the address or from keys', async () => {
    fresh();
    const guarded = await startProgram('nats-server', (port, dir) =>
      ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', dir].concat('--user', 'me', '--pass', 'p@ss'),
    );
    more.push(guarded);
    const [, port] = guarded.addr.split(':');
    for (const own of [
      { addr: guarded.addr, username: 'me', password: 'p@ss' },
      { addr: `nats://me:p%40ss@127.0.0.1:${port}` },
    ]) {
      const { queue } = open(own);
      await queue.append([push('a')]);
      settleAll(queue, await take(queue, 1));
      await queue.close();
    }
    const stranger = open({ addr: guarded.addr });
    await until(() => /auth/i.test(stranger.queue.health().output ?? ''), 'a stranger is refused');
  });
});
