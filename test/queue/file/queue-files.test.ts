import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished as after, expect, test } from 'vitest';
import { Journal } from '../../../src/queue/file/journal.ts';
import { adoptOrphans, type FileContents, ownFile } from '../../../src/queue/file/queue-files.ts';

const RECORD = { key: 1, id: 'r1', app: 'default', acceptedAt: 1, pushes: 1, body: '{}' };

/** A file that a process has left, with a request and so many reports, beside the one that is ours. */
function leftBehind(reports: number) {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-orphans-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'queue.db');
  const own = ownFile(path);
  after(() => own.lock.release());
  const orphan = join(folder, 'queue-3.db');
  const journal = new Journal(orphan, 'normal');
  journal.commit({ records: [RECORD] });
  journal.close();
  const db = new DatabaseSync(orphan);
  db.exec(`
    WITH RECURSIVE n(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n WHERE key < ${reports})
    INSERT INTO report (key, app, id, body) SELECT key, 'default', 'msg_' || key, '{}' FROM n
  `);
  db.close();
  const taken: FileContents[] = [];
  const adopt = (take = (contents: FileContents) => void taken.push(contents)): void =>
    adoptOrphans(path, own, { take, damaged: () => expect.unreachable(), left: () => expect.unreachable() });
  return { orphan, taken, adopt };
}

const sizes = (taken: readonly FileContents[]): number[][] =>
  taken.map(({ records, reports }) => [records.length, reports.length]);

test('of very many reports a part is taken over at a time, and the file goes with the last', () => {
  const { orphan, taken, adopt } = leftBehind(60_000);
  adopt();
  expect(sizes(taken)).toEqual([[1, 50_000]]);
  expect(existsSync(orphan)).toBe(true);
  adopt();
  expect(sizes(taken)).toEqual([
    [1, 50_000],
    [0, 10_000],
  ]);
  expect(existsSync(orphan)).toBe(false);
  expect(new Set(taken.flatMap(({ reports }) => reports.map(({ id }) => id))).size).toBe(60_000);
});

test('what was taken over and could not be forgotten yet is not taken over again', () => {
  const { orphan, taken, adopt } = leftBehind(60_000);
  const other = new DatabaseSync(orphan);
  after(() => other.close());
  expect(() =>
    adopt((contents) => {
      taken.push(contents);
      other.exec('BEGIN IMMEDIATE');
    }),
  ).toThrow('locked');
  other.exec('ROLLBACK');
  adopt();
  expect(sizes(taken)).toEqual([
    [1, 50_000],
    [0, 10_000],
  ]);
});
