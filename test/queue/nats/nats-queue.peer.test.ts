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

  test('a request of several notifications is one atomic batch', async () => {
    const entries = Array.from({ length: 1500 }, (_, n) => push(`t${n}`));
    fresh();
    // On a busy machine a request so large takes longer than a second.
    const queue = createNatsQueue({
      ...listening(5000),
      settings: natsSettings(broker.addr, name),
      confirmMs: 60_000,
    });
    queues.push(queue);
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

  test('a stream that an operator has made stays as it is, with limits of its own', async () => {
    fresh();
    const { streams } = await jetstreamManager(admin);
    const own = { max_msgs: 3, retention: 'workqueue', discard: 'new', storage: 'memory' } as const;
    await streams.add({ name: `${name}-martlet`, subjects: [`${name}.martlet`], ...own });
    const { queue } = open();
    for (const token of ['a', 'b', 'c']) await queue.append([push(token)]);
    await expect(queue.append([push('d')])).rejects.toBeInstanceOf(QueueRefusedError);
    expect((await streams.info(`${name}-martlet`)).config).toMatchObject(own);
    expect(targetsIn(await take(queue, 3)).sort()).toEqual(['a', 'b', 'c']);
  });

  test('a notification larger than the server takes is refused, and others go on', async () => {
    fresh();
    const { queue } = open();
    const big = (bytes: number) => {
      const entry = push('big');
      return { ...entry, notification: { ...entry.notification, message: 'x'.repeat(bytes) } };
    };
    await queue.append([push('a')]);
    await expect(queue.append([big(800_000)])).rejects.toBeInstanceOf(QueueRefusedError);
    await queue.append([big(690_000)]);
    await queue.append([push('b')]);
    expect(targetsIn(await take(queue, 3)).sort()).toEqual(['a', 'b', 'big']);
  });

  test('without JetStream it says so, and refuses', async () => {
    const plain = await startProgram('nats-server', (port) => ['-a', '127.0.0.1', '-p', String(port)]);
    more.push(plain);
    const { queue } = open({ addr: plain.addr });
    await until(() => /jetstream/i.test(queue.health().output ?? ''), 'it says so');
    await expect(queue.append([push('a')])).rejects.toBeInstanceOf(QueueRefusedError);
  });

  test('while NATS is away the password is neither in the health nor in a message', async () => {
    const port = await freePort();
    const { queue, told } = open({ addr: `nats://me:hunter2@127.0.0.1:${port}` });
    await until(() => queue.health().status === 'fail' && told.length > 0, 'it is known to be away');
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
