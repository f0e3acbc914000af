import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HubDb, HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines, pooledPostgres } from '../hub-engines.ts';

const put = (tx: HubDb, key: string, value: string) => tx.insertInto('meta').values({ key, value }).execute();
const get = async (db: HubDb, key: string): Promise<string | undefined> =>
  (await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst())?.value;

describe.each([...hubEngines, pooledPostgres])('the hub store in $name', ({ needs: lacks, start }) => {
  describe('as its contract says', needs(...lacks), () => {
    let place: HubPlace;
    const stores: HubStore[] = [];

    beforeAll(async () => {
      place = await start();
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    afterAll(() => place?.end());

    const kept = async (opening: Promise<HubStore>): Promise<HubStore> => {
      const store = await opening;
      stores.push(store);
      return store;
    };
    const open = () => kept(place.open());

    test('what was written is read', async () => {
      const store = await open();
      expect(await store.write((tx) => put(tx, 'a', 'ä🦉').then(() => 'done'))).toBe('done');
      expect(await get(store.db, 'a')).toBe('ä🦉');
      expect(store.health().status).toBe('pass');
    });

    test.each([0, 1, 2])(
      'a work that throws is undone alone, and throws here what it threw (number %i)',
      async (place) => {
        const store = await open();
        const mistake = new RangeError('no');
        const keys = ['a', 'b', 'c'];
        const works = keys.map((key, at) =>
          store.write(async (tx) => {
            await put(tx, key, '1');
            if (at === place) throw mistake;
          }),
        );
        const failed = (await Promise.allSettled(works))[place];
        expect((failed as PromiseRejectedResult).reason).toBe(mistake);
        const kept = await Promise.all(keys.map((key) => get(store.db, key)));
        expect(kept).toEqual(keys.map((_, at) => (at === place ? undefined : '1')));
      },
    );

    test('a statement that fails undoes its work alone', async () => {
      const store = await open();
      await store.write((tx) => put(tx, 'a', '1'));
      const twice = store.write(async (tx) => {
        await put(tx, 'b', '1');
        await put(tx, 'a', '2');
      });
      const other = store.write((tx) => put(tx, 'c', '1'));
      await expect(twice).rejects.toThrow();
      await other;
      expect([await get(store.db, 'a'), await get(store.db, 'b'), await get(store.db, 'c')]).toEqual([
        '1',
        undefined,
        '1',
      ]);
    });

    test('a work sees what it wrote, and the reader what is committed', async () => {
      const store = await open();
      const seen = await store.write(async (tx) => {
        await put(tx, 'a', '1');
        return get(tx, 'a');
      });
      expect(seen).toBe('1');
      let outside: Promise<string | undefined> | undefined;
      await store
        .write(async (tx) => {
          await put(tx, 'b', '1');
          outside = get(store.db, 'b');
          await get(tx, 'a');
          throw new Error('undone');
        })
        .catch(() => undefined);
      expect(await outside).toBeUndefined();
    });

    test('a hundred works at once lose no update', async () => {
      const store = await open();
      await store.write((tx) => put(tx, 'n', '0'));
      const add = (tx: HubDb) =>
        get(tx, 'n').then((n) =>
          tx
            .updateTable('meta')
            .set({ value: String(Number(n) + 1) })
            .where('key', '=', 'n')
            .execute(),
        );
      await Promise.all(Array.from({ length: 100 }, () => store.write(add)));
      expect(await get(store.db, 'n')).toBe('100');
    });

    test('two instances that write at once lose no update and make each row once', async () => {
      const first = await open();
      const second = await (place.again ? kept(place.again()) : first);
      await first.write((tx) => put(tx, 'n', '0'));
      const step = (key: string) => async (tx: HubDb) => {
        if ((await get(tx, key)) === undefined) await put(tx, key, 'x');
        const n = Number(await get(tx, 'n'));
        await tx
          .updateTable('meta')
          .set({ value: String(n + 1) })
          .where('key', '=', 'n')
          .execute();
      };
      const works = Array.from({ length: 60 }, (_, at) => (at % 2 ? first : second).write(step(`row ${at % 5}`)));
      await Promise.all(works);
      expect(await get(second.db, 'n')).toBe('60');
    });

    test('instances that open an empty store at once agree on its keys', async () => {
      if (!place.again) return expect((await open()).seal.hash('a', 'b', 'c')).toHaveLength(43);
      await (await place.open()).close();
      const all = await Promise.all([1, 2, 3].map(() => kept((place.again as () => Promise<HubStore>)())));
      const [one, two, three] = all.map(({ seal }) => seal.hash('device', 'default', 'token'));
      expect(two).toBe(one);
      expect(three).toBe(one);
      const [first, second] = all as [HubStore, HubStore, HubStore];
      expect(second.seal.open(first.seal.seal('secret', 'here'), 'here')).toBe('secret');
    });

    test('texts sort by their bytes, numbers are numbers', async () => {
      const store = await open();
      const ids = ['b', 'B', 'a', 'ä', '🦉', 'Z', '_'];
      await store.write((tx) =>
        tx
          .insertInto('due')
          .values(
            ids.map((id) => ({
              id,
              app: 'x',
              kind: 'k',
              ref: '',
              due_at: 2 ** 52,
              data: null,
              claimed_by: null,
              lease_until: null,
              fence: 0,
              attempts: 0,
            })),
          )
          .execute(),
      );
      const rows = await store.db.selectFrom('due').select(['id', 'due_at']).orderBy('id').execute();
      expect(rows.map(({ id }) => id)).toEqual(ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(rows[0]?.due_at).toBe(2 ** 52);
      const result = await store.write((tx) => tx.deleteFrom('due').where('id', '<', 'a').executeTakeFirst());
      expect(result.numDeletedRows).toBe(3n);
    });

    test('a reader waits for a long transaction, and is not refused', async () => {
      const store = await open();
      await store.write((tx) => put(tx, 'a', '1'));
      const slow = store.write(async (tx) => {
        await put(tx, 'b', '1');
        await pause(30);
      });
      await pause(5);
      expect(await get(store.db, 'a')).toBe('1');
      await slow;
    });

    test('after the end everything is refused, what was given before is done', async () => {
      const store = await place.open();
      const last = store.write((tx) => put(tx, 'a', '1'));
      await last;
      await store.close();
      await expect((async () => store.write((tx) => put(tx, 'b', '1')))()).rejects.toMatchObject({
        code: 'ERR_HUB_STORE',
        kind: 'unavailable',
      });
    });
  });
});
