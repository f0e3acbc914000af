import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../../observe/stats/redis-server.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { folderWith } from '../../tls/tls-kit.ts';
import { startTenantProviders, type TenantProviders } from '../tenant-providers.ts';
import { newMasterKey, startSelfService } from './self-service-relay.ts';

describe('several instances with one Redis', needs('redis-server'), () => {
  let providers: TenantProviders;
  let redis: RedisServer;
  beforeAll(async () => {
    [providers, redis] = await Promise.all([startTenantProviders(), startRedis()]);
  });
  afterEach(async () => {
    await redis.client.flushall();
  });
  afterAll(async () => {
    await Promise.all([providers.close(), redis.close()]);
  });

  const masterKey = newMasterKey();
  const instance = () =>
    startSelfService(providers, { masterKey, more: { apps: { redis: `redis://${redis.addr}`, ttl: 3600 } } });

  test('know at once what one of them was told: apps, changes and their end', async () => {
    const [one, other] = [await instance(), await instance()];
    const push = { platform: 1, tokens: ['a1'], app: 'acme' };
    await one.ask('PUT', '/v1/apps/acme', providers.tenant('acme').settings);
    await until(async () => (await other.push(push)).status === 200);
    const next = providers.tenant('acme').settings;
    await other.ask('PUT', '/v1/apps/acme/providers/ios', next.ios);
    expect((await one.ask('GET', '/v1/apps/acme')).body.ios.key_id).toBe(next.ios?.key_id);
    await one.ask('DELETE', '/v1/apps/acme');
    await until(async () => (await other.push(push)).status === 400);
  });

  test('go on with what they know while the Redis is away, say so, and change nothing', async () => {
    const one = await instance();
    await one.ask('PUT', '/v1/apps/acme', providers.tenant('acme').settings);
    await redis.kill();
    const put = await one.ask('PUT', '/v1/apps/beta', {});
    expect(put).toMatchObject({ status: 503, text: expect.stringContaining('cannot be reached') });
    expect((await one.ask('GET', '/v1/apps/acme')).status).toBe(200);
    expect(await one.push({ platform: 1, tokens: ['a1'], app: 'acme' })).toMatchObject({
      status: 200,
      body: { logs: [] },
    });
    const ready = await one.ask('GET', '/readyz');
    expect(ready.status).toBe(200);
    expect(ready.body.checks).toContainEqual(expect.objectContaining({ name: 'apps', status: 'warn' }));
    await redis.start();
    await until(async () => (await one.ask('PUT', '/v1/apps/beta', {})).status === 201);
    await until(async () => (await one.ask('GET', '/readyz')).body.status === 'pass');
  });

  test('that start without it take pushes of config.yml, hold back the rest, and know all when it is there', async () => {
    const first = await instance();
    await first.ask('PUT', '/v1/apps/acme', providers.tenant('acme').settings);
    await redis.kill();
    const one = await instance();
    const push = { platform: 1, tokens: ['a1'], app: 'acme' };
    expect(await one.push(push)).toMatchObject({ status: 503, text: expect.stringContaining('cannot be read') });
    expect((await one.push({ platform: 1, tokens: ['m1'], topic: 'com.main' })).status).toBe(200);
    await redis.start();
    await until(async () => (await one.push(push)).status === 200);
  });

  test('lose no push that waited for an app while neither provider nor Redis could be reached', async () => {
    const apps = { redis: `redis://${redis.addr}`, ttl: 3600 };
    const core = { sync: false, shutdown_timeout: 0.1 };
    const folder = folderWith({ 'ca.pem': providers.ca });
    const queue = { local: { path: join(folder, 'queue.db') } };
    const unreachable = { ios: { endpoint: 'https://localhost:1' } };
    const first = await startSelfService(providers, { masterKey, folder, more: { apps, core, queue, ...unreachable } });
    await first.ask('PUT', '/v1/apps/acme', providers.tenant('acme').settings);
    expect((await first.push({ platform: 1, tokens: ['waited'], app: 'acme' })).status).toBe(200);
    await first.close();
    await redis.kill();
    const second = await startSelfService(providers, { masterKey, folder, more: { apps, core, queue } });
    expect((await second.ask('GET', '/readyz')).body.checks).toContainEqual(
      expect.objectContaining({ name: 'apps', status: 'warn' }),
    );
    await redis.start();
    await until(async () => providers.seen.some(({ token, by }) => token === 'waited' && by === 'acme'));
  });
});
