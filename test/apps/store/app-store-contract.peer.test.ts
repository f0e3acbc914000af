import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AppStore, type Loaded, VersionConflictError } from '../../../src/apps/store/app-store.ts';
import { openRedisAppStore } from '../../../src/apps/store/redis-app-store.ts';
import { openSqliteAppStore } from '../../../src/apps/store/sqlite-app-store.ts';
import { type RedisServer, startRedis } from '../../observe/stats/redis-server.ts';
import { needs } from '../../support/needs.ts';

let dir: string;
let redis: RedisServer;
const opened: AppStore[] = [];

const engines = [
  { engine: 'SQLite', options: needs(), open: async () => openSqliteAppStore(join(dir, 'new', 'apps.db'), 50) },
  {
    engine: 'Redis',
    options: needs('redis-server'),
    open: async () => openRedisAppStore(`redis://${redis.addr}/0`, 50),
  },
];

beforeAll(async () => {
  if (!needs('redis-server').skip) redis = await startRedis();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'martlet-apps-'));
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  rmSync(dir, { recursive: true, force: true });
  await redis?.client.flushall();
});
afterAll(() => redis?.close());

for (const { engine, options, open } of engines)
  describe(`apps in ${engine}`, options, () => {
    const store = async (): Promise<AppStore> => {
      const one = await open();
      opened.push(one);
      return one;
    };

    test('are none at first', async () => {
      expect(await (await store()).load()).toEqual({ revision: 0, versions: new Map(), changed: [] });
    });

    test('are there for whoever opens the store next', async () => {
      const first = await store();
      const version = await first.put('acme', 'text of acme: é "quoted"', 'absent');
      const { versions, changed } = await (await store()).load();
      expect(versions).toEqual(new Map([['acme', version]]));
      expect(changed).toEqual([{ name: 'acme', version, text: 'text of acme: é "quoted"' }]);
    });

    test('come as what differs from what is known', async () => {
      const one = await store();
      await one.put('acme', '1', 'any');
      await one.put('globex', '1', 'any');
      const known = await one.load();
      expect(await one.load(known)).toEqual({ ...known, changed: [] });
      const version = await one.put('acme', '2', 'any');
      await one.delete('globex', 'any');
      const next = await one.load(known);
      expect(next.versions).toEqual(new Map([['acme', version]]));
      expect(next.changed).toEqual([{ name: 'acme', version, text: '2' }]);
      expect(next.revision).toBeGreaterThan(known.revision);
    });

    test('are changed only when they are in the expected version', async () => {
      const one = await store();
      const first = await one.put('acme', '1', 'absent');
      await expect(one.put('acme', '2', 'absent')).rejects.toMatchObject({
        code: 'ERR_VERSION_CONFLICT',
        version: first,
      });
      const second = await one.put('acme', '2', first);
      expect(second).toBeGreaterThan(first);
      await expect(one.put('acme', '3', first)).rejects.toMatchObject({ version: second });
      await expect(one.delete('acme', first)).rejects.toBeInstanceOf(VersionConflictError);
      await expect(one.delete('globex', 7)).rejects.toMatchObject({ version: undefined });
      expect((await one.load()).changed).toEqual([{ name: 'acme', version: second, text: '2' }]);
    });

    test('never get a version twice, not even after they were deleted', async () => {
      const one = await store();
      const first = await one.put('acme', '1', 'absent');
      await one.delete('acme', first);
      expect(await one.put('acme', '1', 'absent')).toBeGreaterThan(first);
    });

    test('are won by one of two writers who saw the same version', async () => {
      const [one, other] = [await store(), await store()];
      const version = await one.put('acme', '0', 'absent');
      const writes = [one.put('acme', 'one', version), other.put('acme', 'other', version)];
      const results = await Promise.allSettled(writes);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('tell others of a change', async () => {
      const [one, other] = [await store(), await store()];
      const told = new Promise<void>((resolve) => other.watch(resolve));
      await one.put('acme', '1', 'absent');
      await told;
    });
  });

test('the SQLite file and its journals are for its owner only', async () => {
  const one = await engines[0]!.open();
  opened.push(one);
  await one.put('acme', '1', 'any');
  for (const end of ['', '-wal', '-shm'])
    expect(statSync(join(dir, 'new', `apps.db${end}`)).mode & 0o777, end).toBe(0o600);
});

describe('a Redis that comes and goes', needs('redis-server'), () => {
  test('fails what is asked of it meanwhile, and tells of changes when it is back', async () => {
    const one = await openRedisAppStore(`redis://${redis.addr}`, 60_000);
    opened.push(one);
    await one.put('acme', '1', 'any');
    await redis.kill();
    await expect(one.load()).rejects.toThrow();
    // Told by each of its two connections; the one that reads may be the later one.
    const read = new Promise<Loaded>((resolve) => one.watch(() => void one.load().then(resolve, () => {})));
    await redis.start();
    expect((await read).changed).toMatchObject([{ name: 'acme', text: '1' }]);
  });

  test('may be away at the start', async () => {
    await redis.kill();
    const one = await openRedisAppStore(`redis://${redis.addr}`, 60_000);
    opened.push(one);
    await expect(one.load()).rejects.toThrow();
    await redis.start();
  });

  test('tells at once by pub/sub, long before it would be looked for', async () => {
    const one = await openRedisAppStore(`redis://${redis.addr}`, 3_600_000);
    const other = await openRedisAppStore(`redis://${redis.addr}`, 3_600_000);
    opened.push(one, other);
    let calls = 0;
    const told = new Promise<void>((resolve) => other.watch(() => ++calls && resolve()));
    await one.put('acme', '1', 'any');
    await told;
    expect(calls).toBeGreaterThan(0);
  });
});

test.each(['', 'http://host', 'redis://', 'redis://user:canary@host/x', 'canary'])(
  'apps.redis: %s is refused without being told',
  async (url) => {
    const error = await openRedisAppStore(url, 1000).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_CONFIG' });
    expect(error.message).toMatch(/^apps\.redis: /);
    expect(error.message).not.toContain('canary');
  },
);
