import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { Journal } from '../../../src/queue/file/journal.ts';
import { readJournal } from '../../../src/queue/file/read-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'martlet-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const record = { key: 1, id: 'r1', app: 'default', acceptedAt: 1, pushes: 1, body: '{"notifications":[]}' };

/** As versions wrote it that traced nothing. */
function writeOldFile(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE request (
      key INTEGER PRIMARY KEY, id TEXT NOT NULL, app TEXT NOT NULL, accepted_at INTEGER NOT NULL, pushes INTEGER NOT NULL,
      body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE progress (
      key INTEGER NOT NULL, notification INTEGER NOT NULL, done BLOB NOT NULL, PRIMARY KEY (key, notification)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE report (key INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE totals (only INTEGER PRIMARY KEY, accepted INTEGER NOT NULL, settled INTEGER NOT NULL) STRICT;
    INSERT INTO totals VALUES (1, 1, 0);
    INSERT INTO request VALUES (1, 'r1', 'default', 1, 1, x'7b7d');
  `);
  db.close();
}

test('the file and its log are for their owner only: they hold device tokens and messages', () => {
  const path = join(folder, 'private.db');
  const journal = new Journal(path, 'normal');
  journal.commit({ records: [record] });
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777, file).toBe(0o600);
  journal.close();
});

test('the trace of a request is kept with it', () => {
  const path = join(folder, 'new.db');
  const journal = new Journal(path, 'normal');
  journal.commit({
    records: [
      { ...record, trace: 'a trace' },
      { ...record, key: 2 },
    ],
  });
  expect([...journal.records()].map(({ trace }) => trace)).toEqual(['a trace', undefined]);
  journal.close();
});

test('a file of a version that traced nothing is read as it is, and takes traces from then on', () => {
  const path = join(folder, 'old.db');
  writeOldFile(path);
  expect(readJournal(path).records).toMatchObject([{ id: 'r1' }]);
  const journal = new Journal(path, 'normal');
  journal.commit({ records: [{ ...record, key: 2, trace: 'a trace' }] });
  expect([...journal.records()].map(({ id, trace }) => [id, trace])).toEqual([
    ['r1', undefined],
    ['r1', 'a trace'],
  ]);
  journal.close();
});
