import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kyselyOn } from '../../../../src/hub/storage/sqlite/sqlite-dialect.ts';
import { needs } from '../../../support/needs.ts';
import { temporaryFiles } from './temporary-files.ts';

let folder: string;
let db: DatabaseSync;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'martlet-dialect-'));
  db = new DatabaseSync(join(folder, 'hub.db'));
  db.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; BEGIN');
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a statement that inserts many rows copies no page that it changes', needs('linux'), async () => {
  const value = 'x'.repeat(2000);
  for (const half of [0, 1]) {
    const rows = Array.from({ length: 300 }, (_, at) => ({ key: `${at * 2 + half}`.padStart(4, '0'), value }));
    await kyselyOn(db).insertInto('meta').values(rows).execute();
  }
  expect(temporaryFiles()).toEqual([]);
});
