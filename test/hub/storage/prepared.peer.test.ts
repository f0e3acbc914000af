import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { prepared } from '../../../src/hub/storage/prepared.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

interface Keys {
  readonly keys: readonly string[];
}

let built = 0;
const valuesOf = prepared((db, { keys }: Keys) => {
  built++;
  return db.selectFrom('meta').selectAll().where('key', 'in', keys).orderBy('key');
});
const put = prepared((db, { rows }: { readonly rows: readonly { key: string; value: string }[] }) =>
  db.insertInto('meta').values(rows).returning('key'),
);
const some = prepared((db, { from, limit }: { readonly from: string; readonly limit: number }) =>
  db.selectFrom('meta').select('key').where('key', '>=', from).orderBy('key').limit(limit),
);

const rowsOf = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${String(index).padStart(3, '0')}`,
    value: `${index}`,
  }));

describe.each(hubEngines)('a prepared query in $name', ({ needs: lacks, start }) => {
  describe('whose text is made once', needs(...lacks), () => {
    let place: HubPlace;
    let store: HubStore;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      store = await place.open();
    });
    afterEach(() => store.close());
    afterAll(() => place?.end());

    test.each([1, 2, 3, 63, 64, 65, 200])('inserts %d rows, and finds them by lists of that length', async (count) => {
      const rows = rowsOf(count, 'row');
      expect(await store.write((tx) => put(tx, { rows }))).toEqual(rows.map(({ key }) => ({ key })));
      expect(await valuesOf(store.db, { keys: rows.map(({ key }) => key) })).toEqual(rows);
    });

    test('finds nothing by a list without entries, and all but those of it, as one that is not prepared', async () => {
      await store.write((tx) => put(tx, { rows: rowsOf(2, 'e') }));
      expect(await valuesOf(store.db, { keys: [] })).toEqual([]);
      const meta = store.db.selectFrom('meta').select('key').where('key', 'like', 'e00%');
      expect(await meta.where('key', 'in', []).execute()).toEqual([]);
      expect(await meta.where('key', 'not in', []).execute()).toHaveLength(2);
    });

    test('gives each call its own values, also where the text is the same', async () => {
      await store.write((tx) => put(tx, { rows: rowsOf(9, 'k') }));
      const before = built;
      const found = await Promise.all(
        [
          ['k000', 'k001'],
          ['k002', 'none'],
          ['none', 'none'],
        ].map((keys) => valuesOf(store.db, { keys })),
      );
      expect(found.map((rows) => rows.map(({ key }) => key))).toEqual([['k000', 'k001'], ['k002'], []]);
      expect(built - before).toBeLessThanOrEqual(1);
      expect(await some(store.db, { from: 'k003', limit: 2 })).toEqual([{ key: 'k003' }, { key: 'k004' }]);
      expect(await some(store.db, { from: 'k008', limit: 1 })).toEqual([{ key: 'k008' }]);
    });

    test('asks nothing for an empty list', async () => {
      expect(await valuesOf(store.db, { keys: [] })).toEqual([]);
      expect(await store.write((tx) => put(tx, { rows: [] }))).toEqual([]);
    });

    test('sees within a transaction what that has written', async () => {
      const seen = await store.write(async (tx) => {
        await put(tx, { rows: rowsOf(1, 'tx') });
        return valuesOf(tx, { keys: ['tx000'] });
      });
      expect(seen).toEqual([{ key: 'tx000', value: '0' }]);
    });

    test('refuses to be built by the value of an argument, which the next call would not have', async () => {
      const wrong = prepared((db, { limit }: { readonly limit: number }) =>
        db
          .selectFrom('meta')
          .selectAll()
          .limit(limit + 1),
      );
      await expect(wrong(store.db, { limit: 1 })).rejects.toThrow('depends on the value of limit');
    });
  });
});
