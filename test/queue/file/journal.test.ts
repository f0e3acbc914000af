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

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** As versions wrote it that knew of no checksums, and were killed: their tables, the text of a trace, a request that is half done. */
function writeFileWithoutChecksums(path: string): void {
  const journal = new Journal(path, 'normal');
  journal.commit({ progress: [{ key: 2, notification: 0, done: Uint8Array.of(1), more: 1 }] });
  journal.close();
  const db = new DatabaseSync(path);
  db.exec(`
    INSERT INTO request VALUES (1, 'r1', 'default', 1, 1, x'7b7d', NULL);
    INSERT INTO request VALUES (2, 'r2', 'other', 2, 3, x'7b7d', '${PARENT}' || char(10) || 'a=b');
    INSERT INTO request VALUES (3, 'r3', 'default', 3, 1, x'7b7d', '${PARENT}');
    UPDATE totals SET accepted = 5, settled = 1;
    INSERT INTO run VALUES (1);
  `);
  db.close();
}

test('a file of a version that knew of no checksums is read as it is', () => {
  const path = join(folder, 'unchecked.db');
  writeFileWithoutChecksums(path);
  const journal = new Journal(path, 'normal');
  const { records } = readJournal(path);
  expect(records.map(({ id, app, trace, isDamaged }) => [id, app, trace, isDamaged])).toEqual([
    ['r1', 'default', undefined, undefined],
    ['r2', 'other', `${PARENT}\na=b`, undefined],
    ['r3', 'default', PARENT, undefined],
  ]);
  expect(journal.backlog()).toEqual({ lastKey: 3, records: 3, pushes: 4 });
  journal.commit({ records: [{ ...record, key: 4 }], removals: [{ key: 2, pushes: 2 }] });
  expect(readJournal(path).totals).toEqual({ accepted: 6, settled: 3 });
  journal.close();
});

test('a record that the disk has changed says so, and stays so in another file', () => {
  const [path, other] = [join(folder, 'changed.db'), join(folder, 'other.db')];
  const journal = new Journal(path, 'normal');
  journal.commit({
    records: [
      { ...record, trace: 'a trace' },
      { ...record, key: 2, id: 'r2', pushes: 2 },
    ],
  });
  journal.close();
  const db = new DatabaseSync(path);
  db.exec("UPDATE request SET body = CAST(replace(CAST(body AS TEXT), '[]', '[1]') AS BLOB) WHERE key = 1");
  db.exec("UPDATE request SET app = 'others' WHERE key = 2");
  db.close();
  const changed = new Journal(path, 'normal');
  const next = new Journal(other, 'normal');
  next.adopt({ records: [...changed.records()], reports: [], aside: [] });
  for (const each of [changed, next]) {
    expect([...each.records()].map(({ isDamaged }) => isDamaged)).toEqual([true, true]);
    each.close();
  }
});
