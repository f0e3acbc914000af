import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { among, prepared } from '../../../src/hub/storage/prepared.ts';
import type { HubStore, NewRow } from '../../../src/hub/storage/storage.ts';
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

const setRows = prepared((db, { rows }: { readonly rows: readonly NewRow<'due'>[] }) =>
  db.insertInto('due').values(rows),
);
const withPairs = prepared((db, { keys }: { readonly keys: readonly Readonly<Record<'app' | 'ref', string>>[] }) =>
  db
    .selectFrom('due')
    .select('id')
    .where(among(['app', 'ref'], keys))
    .orderBy('id'),
);
const without = prepared((db, { from, to, keys }: Keys & Readonly<Record<'from' | 'to', string>>) =>
  db
    .selectFrom('meta')
    .select('key')
    .where('key', '>=', from)
    .where('key', '<', to)
    .where('key', 'not in', keys)
    .orderBy('key'),
);

const twice = prepared((db, { keys }: Keys) =>
  db
    .selectFrom('meta')
    .select('key')
    .where((eb) => eb.or([eb('key', 'in', keys), eb('value', 'in', keys)]))
    .orderBy('key'),
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

    test.each([1, 2, 3, 63, 64, 65, 200, 1001])(
      'inserts %d rows, and finds them by lists of that length',
      async (count) => {
        const rows = rowsOf(count, 'row');
        expect(await store.write((tx) => put(tx, { rows }))).toEqual(rows.map(({ key }) => ({ key })));
        const found = await valuesOf(store.db, { keys: rows.map(({ key }) => key) });
        expect(found).toEqual(rows.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
      },
    );

    test.each([1, 2, 3, 5])('may have a list of %d twice', async (count) => {
      await store.write((tx) => put(tx, { rows: rowsOf(6, 't') }));
      const keys = ['t000', '5', 't001', '4', '3'].slice(0, count);
      const found = await twice(store.db, { keys });
      const meant = rowsOf(6, 't').filter(({ key, value }) => keys.includes(key) || keys.includes(value));
      expect(found).toEqual(meant.map(({ key }) => ({ key })));
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

    test('keeps texts as they are, whatever is in them', async () => {
      const texts = ['', 'NULL', 'a,b', '{c}', 'd"e', 'f\\g', "h'i", 'ü 🎉', ' j ', 'null'];
      const rows = texts.map((value, index) => ({ key: `${value}${index}`, value }));
      await store.write((tx) => put(tx, { rows }));
      const found = await valuesOf(store.db, { keys: rows.map(({ key }) => key) });
      expect(new Map(found.map(({ key, value }) => [key, value]))).toEqual(
        new Map(rows.map(({ key, value }) => [key, value])),
      );
    });

    test('keeps numbers and what is absent, also in columns where rows differ', async () => {
      const rows = [
        { app: 'a', id: '1', due_at: 1, data: null, fence: 0, attempts: 3 },
        { app: 'a', id: '2', due_at: 2, data: 'x', fence: 0, attempts: 3 },
        { app: 'b', id: '3', due_at: 1_700_000_000_000, data: null, fence: 0, attempts: 3 },
      ].map((row) => ({ ...row, kind: 'ring', ref: row.id, claimed_by: null, lease_until: null }));
      await store.write((tx) => setRows(tx, { rows }));
      const columns = ['app', 'id', 'due_at', 'data', 'fence', 'attempts', 'kind', 'ref', 'claimed_by'] as const;
      const found = await store.db.selectFrom('due').select(columns).select('lease_until').orderBy('id').execute();
      expect(found).toEqual(rows);
    });

    test('writes many rows, whichever columns are the same in all of them, and changes those that are there', async () => {
      const upsert = prepared((db, { rows }: { readonly rows: readonly { key: string; value: string }[] }) =>
        db
          .insertInto('meta')
          .values(rows)
          .onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })))
          .returning(['key', 'value']),
      );
      const keys = rowsOf(20, 'many');
      for (const rows of [
        keys,
        keys.map(({ key }) => ({ key, value: 'one' })),
        keys.map(({ key }, at) => ({ key, value: `${at % 2}` })),
        Array.from({ length: 16 }, () => ({ key: 'same', value: 'all' })).slice(0, store.engine === 'sqlite' ? 16 : 1),
      ]) {
        expect(await store.write((tx) => upsert(tx, { rows }))).toEqual(rows);
        const found = await valuesOf(store.db, { keys: rows.map(({ key }) => key) });
        expect(found).toEqual(rows.slice(0, found.length));
        expect(found).toHaveLength(new Set(rows.map(({ key }) => key)).size);
      }
    });

    test('finds rows by several columns together, whichever of them are the same', async () => {
      const rows = ['a x', 'a y', 'b x', 'b y'].map((pair) => {
        const [app = '', ref = ''] = pair.split(' ');
        return { app, ref, id: pair, kind: 'ring', due_at: 1, data: null, fence: 0, attempts: 0 };
      });
      await store.write((tx) =>
        setRows(tx, { rows: rows.map((row) => ({ ...row, claimed_by: null, lease_until: null })) }),
      );
      const foundBy = async (...pairs: string[]) => {
        const keys = pairs.map((pair) => ({ app: pair.slice(0, 1), ref: pair.slice(2) }));
        return (await withPairs(store.db, { keys })).map(({ id }) => id);
      };
      expect(await foundBy('a x', 'b y')).toEqual(['a x', 'b y']);
      expect(await foundBy('a x', 'a y')).toEqual(['a x', 'a y']);
      expect(await foundBy('a y', 'b y', 'c y')).toEqual(['a y', 'b y']);
      expect(await foundBy('b x', 'b x')).toEqual(['b x']);
      expect(await foundBy('b z')).toEqual([]);
    });

    test('leaves out what is in a list', async () => {
      await store.write((tx) => put(tx, { rows: rowsOf(4, 'not') }));
      const left = (keys: readonly string[]) => without(store.db, { from: 'not', to: 'nou', keys });
      expect(await left(['not001'])).toEqual([{ key: 'not000' }, { key: 'not002' }, { key: 'not003' }]);
      expect(await left(['not001', 'not003', 'none'])).toEqual([{ key: 'not000' }, { key: 'not002' }]);
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
