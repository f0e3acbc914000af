import { expect, test } from 'vitest';
import { bulkInsert } from '../../../src/hub/storage/bulk-insert.ts';
import { runsTexts } from '../../../src/hub/storage/prepared.ts';
import type { HubDb } from '../../../src/hub/storage/storage.ts';

/** Notes what is asked, and how many rows that would insert. */
function noting() {
  const texts: string[] = [];
  const values: (string | number | null)[][] = [];
  const db = {} as HubDb;
  runsTexts(
    db,
    {
      run(text, some) {
        texts.push(text);
        values.push(some);
        return [];
      },
      change: () => 0,
    },
    () => undefined,
  );
  return { db, texts, values };
}

const rowsFrom = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ app: 'default', topic: 't', device: `u${index}` })) as never[];

test('rows of any number are inserted by few texts, each of which is kept', async () => {
  const { db, texts, values } = noting();
  const rows = rowsFrom(20_000);
  for (let count = 1; count < 700; count++) await bulkInsert(db, 'sqlite', 'device_topics', rows.slice(0, count));
  const inserted = values.flat().filter((value) => `${value}`.startsWith('u'));
  expect(inserted).toHaveLength((699 * 700) / 2);
  // Powers of two, of a few rows and of many.
  expect(new Set(texts).size).toBeLessThan(20);
  texts.splice(0);
  await bulkInsert(db, 'sqlite', 'device_topics', rows);
  expect(texts.length).toBeLessThan(12);
});

test('what many rows have in common is one parameter of a statement', async () => {
  const { db, texts, values } = noting();
  await bulkInsert(db, 'sqlite', 'device_topics', rowsFrom(128));
  expect(texts[0]).toContain('VALUES (?1, ?2, ?), (?1, ?2, ?), (?1, ?2, ?)');
  expect(values[0]).toEqual(['default', 't', ...Array.from({ length: 128 }, (_, index) => `u${index}`)]);
  await bulkInsert(db, 'sqlite', 'device_topics', rowsFrom(2));
  expect(values[1]).toEqual(['default', 't', 'u0', 'default', 't', 'u1']);
});
