import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { WalSync } from '../../../../src/hub/storage/sqlite/wal-sync.ts';

function opened(path: string) {
  const db = new DatabaseSync(path);
  const log = new WalSync(db, path);
  onTestFinished(async () => {
    await log.close();
    db.close();
  });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  return { db, log };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'wal-sync-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('the log of a file behind a link is found beside the file', async () => {
  const path = folder();
  mkdirSync(join(path, 'volume'));
  writeFileSync(join(path, 'volume', 'hub.db'), '');
  symlinkSync(join(path, 'volume', 'hub.db'), join(path, 'hub.db'));
  const { log } = opened(join(path, 'hub.db'));
  await log.sync();
  expect(statSync(join(path, 'volume', 'hub.db-wal')).size).toBeGreaterThan(0);
});

test('after a sync that failed the log is moved into the file, unless someone reads it', async () => {
  const path = join(folder(), 'hub.db');
  const { db, log } = opened(path);
  await log.sync();
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN; SELECT * FROM t');
  reader.prepare('SELECT * FROM t').all();
  db.exec('INSERT INTO t VALUES (2)');
  expect(() => log.recover()).toThrow('it is being read');
  reader.close();
  log.recover();
  expect(statSync(`${path}-wal`).size).toBe(0);
  db.exec('INSERT INTO t VALUES (3)');
  await log.sync();
});
