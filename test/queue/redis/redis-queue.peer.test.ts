import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Queue } from '../../../src/queue/queue.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
import type { RedisQueueSettings } from '../../../src/queue/redis/redis-broker.ts';
import { createRedisQueue } from '../../../src/queue/redis/redis-queue.ts';
import { makeAuthority } from '../../../src/sandbox/certificates.ts';
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
import { brokers, redisSettings } from '../broker/real-brokers.ts';

describe('the Redis queue', needs('redis-server'), () => {
  let broker: RunningProgram;
  let admin: Redis;
  const queues: Queue[] = [];
  const more: RunningProgram[] = [];
  let serial = 0;
  let name = '';

  beforeAll(async () => {
    broker = await brokers.redis.start();
    admin = new Redis(broker.port, '127.0.0.1');
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close();
    for (const other of more.splice(0)) await other.end();
  });
  afterAll(async () => {
    admin?.disconnect();
    await broker?.end();
  });

  function open(own: Partial<RedisQueueSettings> = {}, limit?: number) {
    const options = listening(limit);
    const settings = { ...redisSettings(broker.addr, name), ...own };
    const queue = createRedisQueue({ ...options, settings });
    queues.push(queue);
    return { queue, told: options.told };
  }
  const fresh = (): void => {
    name = `stream-${++serial}`;
  };

  test('an entry is in the stream until it is settled, under names that a Gorush uses', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a', 'b')]);
    const batches = await take(queue, 2);
    const [entry] = await admin.xrange(name, '-', '+');
    const message = JSON.parse(entry?.[1][1] ?? '') as { body: string; timeout: number };
    expect(entry?.[1][0]).toBe('body');
    expect(JSON.parse(Buffer.from(message.body, 'base64').toString())).toEqual({ platform: 1, tokens: ['a', 'b'] });
    expect(message.timeout).toBe(3_600_000_000_000);
    settleAll(queue, batches);
    await until(async () => (await admin.xlen(name)) === 0, 'the stream is empty');
    expect((await admin.xpending(name, 'gorush'))[0]).toBe(0);
  });

  test('what a Gorush queued is delivered, what it had acknowledged is not, and is cleared away', async () => {
    fresh();
    await admin.xgroup('CREATE', name, 'gorush', '$', 'MKSTREAM');
    const body = (token: string) => gorushMessage({ ...gorushNotification, tokens: [token] });
    for (const token of ['sent', 'sent too', 'waiting']) await admin.xadd(name, '*', 'body', body(token));
    const read = (await admin.xreadgroup('GROUP', 'gorush', 'gorush', 'COUNT', 2, 'STREAMS', name, '>')) as [
      string,
      [string, string[]][],
    ][];
    for (const [id] of read[0]?.[1] ?? []) await admin.xack(name, 'gorush', id);
    const { queue, told } = open();
    const batches = await take(queue, 1);
    expect(targetsIn(batches)).toEqual(['waiting']);
    expect(batches[0]?.entry.notification.message).toBe('hi');
    await until(async () => (await admin.xlen(name)) === 1, 'what was acknowledged is cleared away');
    settleAll(queue, batches);
    await until(async () => (await admin.xlen(name)) === 0, 'the stream is empty');
    expect(told.filter((line) => !line.startsWith('info:'))).toEqual([]);
  });

  test('FLUSHALL is got over: the next push is delivered', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a')]);
    settleAll(queue, await take(queue, 1));
    await admin.flushall();
    await queue.append([push('b')]);
    expect(targetsIn(await take(queue, 1))).toEqual(['b']);
  });

  test('what an instance that died had under way is taken over, with the progress that it kept', async () => {
    fresh();
    const first = open();
    await first.queue.append([push('a', 'b', 'c')]);
    const [batch] = await take(first.queue, 3);
    if (batch) first.queue.settle(batch, [2]);
    await until(async () => (await admin.keys(`${name}.progress:*`)).length === 1, 'progress is kept');
    // As if it had fallen silent long ago.
    const id = (await admin.xrange(name, '-', '+'))[0]?.[0] ?? '';
    await admin.call('XCLAIM', name, 'gorush', 'dead', 0, id, 'IDLE', 60_000, 'JUSTID');
    const other = open();
    expect(targetsIn(await take(other.queue, 2))).toEqual(['a', 'b']);
  });

  test('of an instance that held a lease all is taken over when it is silent, of one that held none nothing before claim_after', async () => {
    fresh();
    const read = async (consumer: string): Promise<void> => {
      await admin.xadd(name, '*', 'body', gorushMessage({ ...gorushNotification, tokens: [consumer] }));
      await admin.xreadgroup('GROUP', 'gorush', consumer, 'COUNT', 1, 'STREAMS', name, '>');
    };
    await admin.xgroup('CREATE', name, 'gorush', '0', 'MKSTREAM');
    // Its key may be gone, too: Redis was restarted without it.
    await read('gorush-before');
    await read('gorush-dead');
    await admin.set(`${name}.alive:gorush-dead`, 7);
    const { queue, told } = open({ lease: 0.5, claim_after: 600 });
    const batches = await take(queue, 1);
    expect(targetsIn(batches)).toEqual(['gorush-dead']);
    expect(told.join()).toMatch(/warn: .* took over 1 messages of gorush-dead, which has been silent for/);
    settleAll(queue, batches);
    await until(async () => (await admin.xlen(name)) === 1, 'it is settled');
    expect(await admin.xpending(name, 'gorush', '-', '+', 10, 'gorush-before')).toHaveLength(1);
  });

  test('what Redis has forgotten during a silence is not taken for what others have finished', async () => {
    fresh();
    const { queue } = open({ lease: 0.5 });
    await queue.append([push('a', 'b')]);
    await until(() => queue.depth(LANE).waiting === 2, 'it is here');
    await admin.flushall();
    broker.signal('SIGSTOP');
    onTestFinished(() => broker.signal('SIGCONT'));
    await sleep(900);
    broker.signal('SIGCONT');
    expect(targetsIn(await take(queue, 2))).toEqual(['a', 'b']);
  });

  test('for a user that may not write a lease there is a warning, and claim_after counts', async () => {
    fresh();
    await admin.acl('SETUSER', 'leaseless', 'on', '>s3cret', `~${name}`, `~${name}.deaths`, '+@all');
    const { queue, told } = open({ username: 'leaseless', password: 's3cret', lease: 0.5, claim_after: 600 });
    await queue.append([push('a')]);
    settleAll(queue, await take(queue, 1));
    await until(async () => (await admin.xlen(name)) === 0, 'it is settled');
    expect(told.filter((line) => /^warn: .*cannot show that this instance lives/.test(line))).toHaveLength(1);
  });

  test('while Redis is away the password is neither in the health nor in a message', async () => {
    const port = await freePort();
    const { queue, told } = open({ addr: `127.0.0.1:${port}`, password: 'hunter2' });
    await until(() => queue.health().status === 'fail' && told.length > 0, 'it is known to be away');
    expect(`${queue.health().output} ${told.join()}`).not.toContain('hunter2');
    expect(told).toHaveLength(1);
  });

  test('a request is refused while Redis stands still, and the health says so', async () => {
    fresh();
    const { queue } = open();
    await queue.append([push('a')]);
    broker.signal('SIGSTOP');
    onTestFinished(() => broker.signal('SIGCONT'));
    await expect(queue.append([push('b')])).rejects.toBeInstanceOf(QueueRefusedError);
    await until(() => queue.health().status === 'fail', 'health fails');
    broker.signal('SIGCONT');
    await until(() => queue.health().status === 'pass', 'it is back');
  });

  test('users and passwords of Redis are used', async () => {
    fresh();
    // What docs/queues.md asks for.
    const commands =
      '+@stream +@transaction +ping +info +set +get +unlink +hset +hmget +hdel +expire +client|setname'.split(' ');
    await admin.acl('SETUSER', 'pusher', 'on', '>s3cret', `~${name}*`, ...commands);
    const { queue } = open({ username: 'pusher', password: 's3cret' });
    await queue.append([push('a', 'b'), push('c')]);
    const batches = await take(queue, 3);
    for (const batch of batches) queue.settle(batch, [0]);
    await until(async () => (await admin.keys(`${name}.progress:*`)).length === 1, 'progress is kept');
    for (const batch of batches.filter(({ targets }) => targets.length > 1)) queue.settle(batch, [1]);
    const left = async (): Promise<string[]> => (await admin.keys(`${name}*`)).map((key) => key.split(':')[0] ?? '');
    await until(async () => (await left()).toSorted().join() === `${name},${name}.alive`, 'progress is forgotten');
    expect(await admin.xlen(name)).toBe(0);
    const wrong = open({ username: 'pusher', password: 'wrong' });
    await until(() => /WRONGPASS/.test(wrong.queue.health().output ?? ''), 'it is refused');
    expect(wrong.told.join()).not.toContain('wrong');
  });

  test('for a user that may not note deaths there is one warning, and pushes go out', async () => {
    fresh();
    await admin.acl('SETUSER', 'narrow', 'on', '>s3cret', `~${name}`, `~${name}.progress:*`, '+@all');
    await admin.xgroup('CREATE', name, 'gorush', '0', 'MKSTREAM');
    const id = (await admin.xadd(name, '*', 'body', gorushMessage(gorushNotification))) as string;
    await admin.xreadgroup('GROUP', 'gorush', 'dead', 'COUNT', 1, 'STREAMS', name, '>');
    await admin.call('XCLAIM', name, 'gorush', 'dead', 0, id, 'IDLE', 60_000, 'JUSTID');
    const { queue, told } = open({ username: 'narrow', password: 's3cret' });
    settleAll(queue, await take(queue, 1));
    await until(async () => (await admin.xlen(name)) === 0, 'it is settled');
    expect(told.filter((line) => /^warn: .*cannot count the instances that die/.test(line))).toHaveLength(1);
  });

  test('in a stream that no group has read all is delivered; beside a group of another name what comes from then on', async () => {
    const body = (token: string) => gorushMessage({ ...gorushNotification, tokens: [token] });
    fresh();
    await admin.xadd(name, '*', 'body', body('old'));
    expect(targetsIn(await take(open().queue, 1))).toEqual(['old']);

    fresh();
    await admin.xgroup('CREATE', name, 'theirs', '$', 'MKSTREAM');
    await admin.xadd(name, '*', 'body', body('theirs'));
    const { queue } = open();
    await until(() => queue.health().status === 'pass', 'it is connected');
    await admin.xadd(name, '*', 'body', body('new'));
    expect(targetsIn(await take(queue, 1))).toEqual(['new']);
  });

  test('TLS is spoken and the certificate checked, against core.ca_path too', async () => {
    fresh();
    const authority = makeAuthority();
    const { cert, key } = authority.leaf(['127.0.0.1']);
    const secure = await startProgram('redis-server', (port, dir) => {
      writeFileSync(join(dir, 'cert.pem'), cert);
      writeFileSync(join(dir, 'key.pem'), key);
      const files = ['--tls-cert-file', join(dir, 'cert.pem'), '--tls-key-file', join(dir, 'key.pem')];
      return ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', '--save', '', ...files];
    });
    more.push(secure);
    const settings = { ...redisSettings(secure.addr, name), with_tls: true };
    const queue = createRedisQueue({ ...listening(), settings, ca: [authority.ca] });
    queues.push(queue);
    await queue.append([push('a')]);
    expect(targetsIn(await take(queue, 1))).toEqual(['a']);
    const wary = createRedisQueue({ ...listening(), settings });
    queues.push(wary);
    await until(() => /certificate/.test(wary.health().output ?? ''), 'an unknown authority is refused');
  });

  test('a cluster works', async () => {
    fresh();
    const halves = [
      [0, 8191],
      [8192, 16_383],
    ] as const;
    const nodes = await Promise.all(
      halves.map(async ([first, last]) => {
        const node = await startProgram('redis-server', (port, dir) => [
          ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
          ...['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
        ]);
        more.push(node);
        const client = new Redis(node.port, '127.0.0.1');
        await client.cluster('ADDSLOTSRANGE', first, last);
        return { ...node, client };
      }),
    );
    const [node, second] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    await node.client.call('CLUSTER', 'MEET', '127.0.0.1', second.port);
    for (const { client } of nodes)
      await until(async () => {
        const info = (await client.cluster('INFO')) as string;
        return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2');
      }, 'the cluster is up');
    const { queue } = open({ addr: node.addr, cluster: true });
    await queue.append([push('a', 'b'), push('c')]);
    const batches = await take(queue, 3);
    if (batches[0]) queue.settle(batches[0], [0]);
    const progress = async (): Promise<number> =>
      (await Promise.all(nodes.map(({ client }) => client.keys(`${name}.progress:*`)))).flat().length;
    await until(async () => (await progress()) > 0, 'progress is kept');
    for (const { client } of nodes) client.disconnect();
    await queue.close();
    const again = open({ addr: node.addr, cluster: true });
    expect(targetsIn(await take(again.queue, 2)).toSorted()).toEqual(['b', 'c']);
  });

  test('sentinels tell where the master is', async () => {
    fresh();
    const sentinel = await startProgram('redis-server', (port, dir) => {
      writeFileSync(
        `${dir}/sentinel.conf`,
        `port ${port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 ${broker.port} 1\n`,
      );
      return [`${dir}/sentinel.conf`, '--sentinel'];
    });
    more.push(sentinel);
    const { queue } = open({ addr: sentinel.addr, sentinel: 'mymaster' });
    await queue.append([push('a')]);
    expect(targetsIn(await take(queue, 1))).toEqual(['a']);
  });
});
