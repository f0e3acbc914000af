import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteAppStore } from '../../../src/apps/store/sqlite-app-store.ts';
import { type FileKind, isOwnFile, markOwnFile, refuseForeignFile } from '../../../src/kit/files/owned-file.ts';
import { HISTORY_FILE, HistoryFile } from '../../../src/observe/history/history-file.ts';
import { openSqliteCounters, STAT_FILE } from '../../../src/observe/stats/sqlite-stats.ts';
import { QUEUE_FILE } from '../../../src/queue/file/file-format.ts';
import { Journal } from '../../../src/queue/file/journal.ts';
import { readJournal } from '../../../src/queue/file/read-journal.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owned-'));
  path = join(folder, 'a.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KIND: FileKind = { name: 'test file', id: 0x01020304, tables: { thing: ['a', 'b'] } };

function database(sql: string, at = path): void {
  const db = new DatabaseSync(at);
  db.exec(sql);
  db.close();
}

describe('is ours', () => {
  test('a file that is not there, and an empty one', () => {
    expect(isOwnFile(path, KIND)).toBe(true);
    writeFileSync(path, '');
    expect(isOwnFile(path, KIND)).toBe(true);
  });

  test('a database with our id, whatever else is broken in it', () => {
    const db = new DatabaseSync(path);
    markOwnFile(db, KIND);
    db.exec('CREATE TABLE x (y)');
    db.close();
    expect(isOwnFile(path, KIND)).toBe(true);
    writeFileSync(path, readFileSync(path).fill(0xa5, 100));
    expect(isOwnFile(path, KIND)).toBe(true);
  });

  test('one without an id that holds our tables and no others, or none at all', () => {
    database('CREATE TABLE thing (a, b, later)');
    expect(isOwnFile(path, KIND)).toBe(true);
    database('DROP TABLE thing');
    expect(isOwnFile(path, KIND)).toBe(true);
  });

  test('one whose id is still in its journal, of a process that was killed', () => {
    const live = new DatabaseSync(path);
    live.exec('PRAGMA journal_mode = WAL; CREATE TABLE thing (a, b)');
    markOwnFile(live, KIND);
    live.exec('CREATE TABLE later (c)');
    const copy = join(folder, 'b.db');
    for (const part of ['', '-wal']) copyFileSync(path + part, copy + part);
    live.close();
    expect(isOwnFile(copy, KIND)).toBe(true);
  });
});

describe('is not ours, and stays as it is', () => {
  test.each<[string, () => void, string]>([
    ['a text', () => writeFileSync(path, 'hello'), 'is no SQLite file'],
    ['a large file of zeros', () => writeFileSync(path, Buffer.alloc(100_000)), 'is no SQLite file'],
    ['half a header', () => writeFileSync(path, 'SQLite format'), 'is no SQLite file'],
    ['a header alone', () => writeFileSync(path, `SQLite format 3\0${'\0'.repeat(84)}`), 'cannot be read'],
    ['another id', () => database('PRAGMA application_id = 7; CREATE TABLE thing (a, b)'), 'of another program'],
    ['another table', () => database('CREATE TABLE thing (a, b); CREATE TABLE other (c)'), 'tables of something else'],
    ['our table without a column', () => database('CREATE TABLE thing (a)'), 'tables of something else'],
    ['a table with the name of a property', () => database('CREATE TABLE constructor (a)'), 'tables of something else'],
  ])('%s', (_, make, what) => {
    make();
    const before = readFileSync(path);
    expect(() => refuseForeignFile(path, 'x.path', KIND)).toThrow(/^x\.path: .*a\.db .* and no test file of Martlet/);
    expect(() => refuseForeignFile(path, 'x.path', KIND)).toThrow(what);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['a.db']);
  });

  test('a file of ours of another kind', () => {
    new HistoryFile(path).close();
    expect(isOwnFile(path, HISTORY_FILE)).toBe(true);
    for (const kind of [QUEUE_FILE, STAT_FILE, KIND]) expect(isOwnFile(path, kind)).toBe(false);
    expect(() => openSqliteAppStore(path, 1000)).toThrow(`apps.path: ${path} is the database of another program`);
  });
});

/** A file as a version wrote it that knew no id. */
const forgetId = (): void => database('PRAGMA application_id = 0');

test('files of versions before there was an id are known by their tables, and get it', async () => {
  const journal = new Journal(path, 'normal');
  journal.commit({ records: [{ key: 1, id: 'r', app: 'default', acceptedAt: 1, pushes: 1, body: '{}' }] });
  journal.close();
  forgetId();
  expect(isOwnFile(path, QUEUE_FILE)).toBe(true);
  new Journal(path, 'normal').close();
  expect(readFileSync(path).readInt32BE(68)).toBe(QUEUE_FILE.id);
  expect(readJournal(path).records).toHaveLength(1);
  rmSync(path);

  new HistoryFile(path).close();
  forgetId();
  expect(isOwnFile(path, HISTORY_FILE)).toBe(true);
  new HistoryFile(path).close();
  expect(readFileSync(path).readInt32BE(68)).toBe(HISTORY_FILE.id);
  rmSync(path);

  await openSqliteCounters(path).close();
  forgetId();
  expect(isOwnFile(path, STAT_FILE)).toBe(true);
  rmSync(path);

  await openSqliteAppStore(path, 1000).close();
  forgetId();
  await openSqliteAppStore(path, 1000).close();
  expect(readFileSync(path).readInt32BE(68)).toBe(0x4d6c7441);
});

test('a file says whose it is from its first write on', () => {
  const journal = new Journal(path, 'normal');
  expect(readFileSync(path).readInt32BE(68)).toBe(QUEUE_FILE.id);
  journal.close();
});
