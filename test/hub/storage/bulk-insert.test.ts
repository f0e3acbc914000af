import { expect, test } from 'vitest';
import { bulkInsert } from '../../../src/hub/storage/bulk-insert.ts';
import { runsTexts } from '../../../src/hub/storage/prepared.ts';
import type { HubDb } from '../../../src/hub/storage/storage.ts';

test('rows of any number are inserted by few texts, each of which is kept', async () => {
  const texts = new Set<string>();
  let [statements, values] = [0, 0];
  const db = {} as HubDb;
  runsTexts(
    db,
    {
      run(text, some) {
        texts.add(text);
        statements++;
        values += some.length;
        return [];
      },
      change: () => 0,
    },
    () => undefined,
  );
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ app: 'default', topic: 't', device: `u${index}` }));
  for (let count = 1; count < 700; count++)
    await bulkInsert(db, 'sqlite', 'device_topics', rows.slice(0, count) as never[]);
  expect(values).toBe((3 * 699 * 700) / 2);
  expect(texts.size).toBe(10);
  [statements, values] = [0, 0];
  await bulkInsert(db, 'sqlite', 'device_topics', rows as never[]);
  expect(values).toBe(60_000);
  expect(statements).toBeLessThan(12);
  expect(texts.size).toBeLessThan(16);
});
