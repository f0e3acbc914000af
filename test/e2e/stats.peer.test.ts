import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startRedis } from '../observe/stats/redis-server.ts';
import { startTcpProxy } from '../observe/stats/tcp-proxy.ts';
import { listening } from '../support/listening.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { type RunningRelay, startRelay } from './running-relay.ts';

interface Counters {
  readonly total_count: number;
  readonly ios: { readonly push_success: number };
}

interface Stat extends Counters {
  readonly apps?: { readonly [app: string]: Counters };
}

const stat = async (relay: RunningRelay) => (await relay.get('/api/stat/app')) as unknown as Stat;

/** Each request on a connection of its own, so that every worker gets some. */
async function push(relay: RunningRelay, count: number, app?: string): Promise<void> {
  const headers = { connection: 'close' };
  const body = JSON.stringify({ notifications: [{ platform: 1, tokens: ['aa'], message: 'x', app }] });
  const answers = Array.from({ length: count }, () =>
    fetch(`${relay.url}/api/push`, { method: 'POST', headers, body }),
  );
  for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
}

test.each([1, 2])('counters in a file survive kill -9, and are told once, with %i process(es)', async (processes) => {
  await using relay = await startRelay({
    core: { sync: true, processes },
    stat: { engine: 'buntdb', buntdb: { path: 'bunt.db' } },
  });
  await push(relay, 20);
  await until(async () => (await stat(relay)).ios.push_success === 20);
  expect((await stat(relay)).total_count).toBe(20);
  using file = new DatabaseSync(join(relay.folder, 'bunt.db'), { readOnly: true });
  const written = file.prepare(
    "SELECT sum(count) AS sum FROM counters WHERE bucket = 'gorush' AND name LIKE '%total%'",
  );
  await until(() => written.get()?.sum === 20, 'the counts are written');
  relay.child.kill('SIGKILL');
  await relay.ended();
  await until(async () => !(await listening(Number(new URL(relay.url).port))), 'its workers are gone');
  await relay.restart();
  expect((await stat(relay)).total_count).toBe(20);
  await push(relay, 5);
  await until(async () => (await stat(relay)).total_count === 25);
  const metrics = await (await fetch(`${relay.url}/metrics`)).text();
  expect(metrics).toMatch(/^gorush_total_push_count 25$/m);
});

test.each(['memory', 'sqlite'])(
  'counters by app of two processes add up, with stat.engine %s, while workers are replaced',
  async (engine) => {
    await using relay = await startRelay({
      core: { sync: true, processes: 2 },
      stat: { engine },
      apps: { acme: {} },
      log: { access_level: 'info' },
    });
    await Promise.all([push(relay, 20), push(relay, 30, 'acme')]);
    expect(await stat(relay)).toMatchObject({
      total_count: 50,
      apps: { acme: { total_count: 30, ios: { push_success: 30 } }, default: { total_count: 20 } },
    });
    relay.child.kill('SIGUSR2');
    await until(async () => relay.output().includes('all workers were restarted'));
    await push(relay, 10, 'acme');
    // Several times: each worker has to know of all.
    for (let i = 0; i < 6; i++) {
      const { total_count, apps } = await stat(relay);
      expect([total_count, apps?.acme, apps?.default?.total_count]).toMatchObject([
        60,
        { total_count: 40, ios: { push_success: 40 } },
        20,
      ]);
    }
    const one = await relay.get('/api/stat/app?app=acme');
    expect(one).toMatchObject({ total_count: 40, ios: { push_success: 40 } });
  },
);

test(
  'counters in a Redis that is slow, then gone, then back, hold up no push and are complete',
  needs('redis-server'),
  async () => {
    const redis = await startRedis();
    const line = await startTcpProxy(redis.port);
    line.delayMs = 50;
    try {
      await using relay = await startRelay({
        core: { sync: true },
        log: { error_level: 'warn' },
        stat: { engine: 'redis', redis: { addr: line.addr } },
      });
      await push(relay, 10);
      expect((await stat(relay)).total_count).toBe(10);
      await redis.kill();
      await push(relay, 10);
      expect((await stat(relay)).total_count).toBe(20);
      await until(async () => relay.output().includes('counters cannot be written'));
      await redis.start();
      await until(async () => (await redis.client.get('gorush-ios-success-count')) === '20');
      relay.child.kill('SIGTERM');
      expect(await relay.ended()).toBe(0);
      expect(await redis.client.get('gorush-total-count')).toBe('20');
    } finally {
      await line.close();
      await redis.close();
    }
  },
);
