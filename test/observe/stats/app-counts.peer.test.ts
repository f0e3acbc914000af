import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultCounts, MOST_APPS, OTHER_APPS, sumOfApps } from '../../../src/observe/stats/app-counts.ts';
import { createStats } from '../../../src/observe/stats/create-stats.ts';
import { noStats, type StatCounts, type StatStore, statNames } from '../../../src/observe/stats/stats.ts';
import { buildConfig, type FullConfig as Config } from '../../support/config.ts';
import { needs } from '../../support/needs.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

const { stat } = buildConfig(({ leaf }) => leaf.default);
const folder = mkdtempSync(join(tmpdir(), 'martlet-app-counts-'));
let redis: RedisServer | undefined;

beforeAll(async () => {
  redis = needs('redis-server').skip ? undefined : await startRedis();
});
afterAll(async () => {
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});

let places = 0;

/** A place of its own for each name. */
const engines: Readonly<Record<string, () => Config['stat']>> = {
  memory: () => stat,
  sqlite: () => ({ ...stat, engine: 'sqlite', sqlite: { path: join(folder, `${places++}.db`) } }),
  boltdb: () => ({ ...stat, engine: 'boltdb', boltdb: { path: join(folder, `${places++}.db`), bucket: 'own' } }),
  redis: () => ({ ...stat, engine: 'redis', redis: { ...stat.redis, addr: redis?.addr ?? '', db: places++ % 16 } }),
};

const open = (config: Config['stat']): Promise<StatStore> => createStats(config, () => {});

/** Sums of what was added, by app, `default` included. */
const add = (store: StatStore, counts: readonly (readonly [string, keyof StatCounts, number])[]) => {
  for (const [app, name, count] of counts) store.add(name, count, app);
};

for (const [engine, place] of Object.entries(engines))
  describe(`counters by app in stat.engine ${engine}`, engine === 'redis' ? needs('redis-server') : {}, () => {
    test('are none while only the app default is counted', async () => {
      const store = await open(place());
      add(store, [
        ['default', 'total_count', 3],
        ['default', 'ios_error', 1],
      ]);
      store.add('ios_success', 2);
      const reading = await store.readByApp();
      expect(reading).toEqual({
        counts: { ...noStats(), total_count: 3, ios_error: 1, ios_success: 2 },
        apps: new Map(),
      });
      expect(defaultCounts(reading)).toEqual(reading.counts);
      await store.close();
    });

    test('are apart, and all of them in the totals', async () => {
      const store = await open(place());
      add(store, [
        ['acme', 'total_count', 2],
        ['constructor', 'total_count', 5],
        ['acme', 'total_count', 1],
        ['default', 'total_count', 10],
        ['acme', 'huawei_error', 4],
      ]);
      const reading = await store.readByApp();
      expect(reading).toEqual({
        counts: { ...noStats(), total_count: 18, huawei_error: 4 },
        apps: new Map([
          ['acme', { total_count: 3, huawei_error: 4 }],
          ['constructor', { total_count: 5 }],
        ]),
      });
      expect(defaultCounts(reading)).toEqual({ ...noStats(), total_count: 10 });
      expect(await store.read()).toEqual(reading.counts);
      await store.close();
    });

    if (engine !== 'memory')
      test('survive the process, and are those of all processes', async () => {
        const config = place();
        const [one, two] = [await open(config), await open(config)];
        add(one, [['acme', 'ios_success', 2]]);
        add(two, [
          ['acme', 'ios_success', 3],
          ['beta', 'ios_success', 1],
        ]);
        await one.close();
        await two.close();
        const third = await open(config);
        expect((await third.readByApp()).apps).toEqual(
          new Map([
            ['acme', { ios_success: 5 }],
            ['beta', { ios_success: 1 }],
          ]),
        );
        await third.close();
      });

    test('add up to the totals in any mix of apps, writes and reads', async () => {
      const step = fc.tuple(
        fc.constantFrom('default', 'acme', 'beta', 'a-b_0'),
        fc.constantFrom(...statNames),
        fc.integer({ min: 1, max: 1000 }),
        fc.boolean(),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const config = place();
          if (engine === 'redis') await redis?.client.flushall();
          const store = await open(config);
          const byApp = new Map<string, Partial<StatCounts>>();
          const total = noStats();
          for (const [app, name, count, isRead] of steps) {
            store.add(name, count, app);
            total[name] += count;
            const own = byApp.get(app) ?? {};
            byApp.set(app, { ...own, [name]: (own[name] ?? 0) + count });
            if (isRead) await store.readByApp();
          }
          const reading = await store.readByApp();
          const ofDefault = byApp.get('default') ?? {};
          byApp.delete('default');
          expect(reading.counts).toEqual(total);
          expect(reading.apps).toEqual(byApp);
          expect(defaultCounts(reading)).toEqual({ ...noStats(), ...ofDefault });
          await store.close();
        }),
        { numRuns: 25 },
      );
    });

    test('are at most those of ten thousand apps: later ones are counted together', async () => {
      const store = await open(place());
      for (let i = 0; i < MOST_APPS + 5; i++) store.add('total_count', 1, `app-${i}`);
      await store.readByApp();
      store.add('total_count', 2, 'app-7');
      store.add('total_count', 3, 'one-more');
      const { counts, apps } = await store.readByApp();
      expect([apps.size, apps.get(OTHER_APPS), apps.get('app-7')]).toEqual([
        MOST_APPS + 1,
        { total_count: 8 },
        { total_count: 3 },
      ]);
      expect(counts.total_count).toBe(MOST_APPS + 10);
      await store.close();
    });
  });

test('a sum over workers is bounded, too', () => {
  const ofWorker = (worker: number) =>
    new Map(Array.from({ length: 6000 }, (_, i) => [`w${worker}-${i}`, { ios_error: 1 }]));
  const sum = sumOfApps(ofWorker(1), ofWorker(2));
  expect([sum.size, sum.get(OTHER_APPS)]).toEqual([MOST_APPS + 1, { ios_error: 2000 }]);
});

test('where totals and counters by app are a moment apart, nothing is less than nothing', () => {
  const rest = defaultCounts({ counts: noStats(), apps: new Map([['acme', { ios_error: 1 }]]) });
  expect(rest).toEqual(noStats());
});
