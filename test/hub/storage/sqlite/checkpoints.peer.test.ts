import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { IDS, textOf } from './written-rows.ts';

const WRITER = new URL('checkpoint-writer.ts', import.meta.url).pathname;
/** With the first checkpoint the thread starts; later ones take some 20 ms and more. */
const KILL = 2;
const AFTER_MS = [0, 2, 5, 9, 14, 25];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'martlet-checkpoint-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Writes until the process kills itself. @returns the last transaction that was answered, and the last checkpoint that ended */
function writeUntilKilled(path: string, afterMs: number): { answered: number; checkpoints: number } {
  const args = [WRITER, path, String(KILL), String(afterMs)];
  const { stdout, stderr, signal } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
  const lines = stdout.split('\n').slice(0, -1);
  const checkpoints = lines.filter((line) => line.startsWith('checkpoint')).length;
  return { answered: Number(lines.findLast((line) => /^\d/.test(line))), checkpoints };
}

/** The transaction of which all rows are; anything else is damage. */
function onlyTransaction(path: string): number {
  const db = new DatabaseSync(path);
  try {
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const rows = db.prepare('SELECT * FROM t ORDER BY id').all();
    const transaction = Number(rows[0]?.transaction_id);
    expect(rows.length).toBe(IDS.length);
    const isWrong = (id: number): boolean =>
      rows[id]?.id !== id || rows[id]?.transaction_id !== transaction || rows[id]?.text !== textOf(id, transaction);
    expect(IDS.filter(isWrong)).toEqual([]);
    return transaction;
  } finally {
    db.close();
  }
}

test('who is killed within a checkpoint has lost nothing that was answered, and half of no transaction is there', () => {
  const path = join(folder(), 'hub.db');
  let within = 0;
  for (const afterMs of AFTER_MS) {
    const { answered, checkpoints } = writeUntilKilled(path, afterMs);
    if (checkpoints < KILL) within++;
    const transaction = onlyTransaction(path);
    // The next one may have been committed, and not answered any more.
    expect(transaction - answered).toBeOneOf([0, 1]);
  }
  expect(within).toBeGreaterThan(0);
});

const THREAD = new URL('../../../../src/hub/storage/sqlite/checkpoint-thread.ts', import.meta.url).href;

test('a thread that has nothing to do does not keep the process, and one that is asked does', async () => {
  const path = join(folder(), 'hub.db');
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
  const script = `const { CheckpointThread } = await import(${JSON.stringify(THREAD)});
    new CheckpointThread(${JSON.stringify(path)}).checkpoint().then(() => console.log('moved'));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('moved\n');
  expect(db.prepare('PRAGMA wal_checkpoint(NOOP)').get()).toMatchObject({ log: 2, checkpointed: 2 });
});
