import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { CheckpointThread } from '../../../../src/hub/storage/sqlite/checkpoint-thread.ts';
import { type CheckpointOptions, Checkpoints } from '../../../../src/hub/storage/sqlite/checkpoints.ts';
import { GroupCommit } from '../../../../src/hub/storage/sqlite/group-commit.ts';
import { kyselyOn } from '../../../../src/hub/storage/sqlite/sqlite-dialect.ts';
import { WalSync } from '../../../../src/hub/storage/sqlite/wal-sync.ts';
import { eventually } from '../../../support/eventually.ts';
import { type LoggedFile, loggedFile } from './logged-file.ts';

/** Rows that are less than a long log, and rows that are more than one. */
const SOME = 200;
const MANY = 330;
const LONG_BYTES = 8000 * 4120;

function checkpointsOf(file: LoggedFile, more: Partial<CheckpointOptions> = {}): Checkpoints {
  const checkpoints = new Checkpoints({ db: file.db, thread: new CheckpointThread(file.path), ...more });
  onTestFinished(() => checkpoints.close());
  return checkpoints;
}

/** Pages that the file does not have. */
const left = ({ length }: LoggedFile): number => length().log - length().checkpointed;
const isMoved = (file: LoggedFile): boolean => left(file) === 0;
/** A row of `writeWithoutPause` is some 250. */
const FEW = 1000;

test('a COMMIT moves nothing; the log is long from 32 MiB on, and short once it is in the file', async () => {
  const file = loggedFile();
  const checkpoints = checkpointsOf(file);
  file.add(SOME);
  expect(checkpoints.isLong()).toBe(false);
  file.add(SOME);
  expect({ isLong: checkpoints.isLong(), moved: file.length().checkpointed }).toEqual({ isLong: true, moved: 0 });
  await checkpoints.shorten();
  expect({ isLong: checkpoints.isLong(), isMoved: isMoved(file) }).toEqual({ isLong: false, isMoved: true });
});

/** A thread that fails for as long as it is told to. */
function failing() {
  const thread = {
    error: new Error('no thread') as Error | undefined,
    asked: 0,
    async checkpoint() {
      thread.asked++;
      if (thread.error) throw thread.error;
    },
    async close() {},
  };
  return thread;
}

test('what the thread cannot do is done on the event loop, and told once until the thread can do it again', async () => {
  const file = loggedFile();
  const thread = failing();
  const failures: string[] = [];
  const checkpoints = checkpointsOf(file, { thread, failed: ({ message }) => failures.push(message) });
  for (let turn = 0; turn < 2; turn++) {
    file.add(MANY);
    await checkpoints.shorten();
    expect(isMoved(file)).toBe(true);
  }
  expect(failures).toEqual(['no thread']);
  thread.error = undefined;
  await checkpoints.shorten();
  thread.error = new Error('database is locked');
  await checkpoints.shorten();
  expect({ failures, asked: thread.asked }).toEqual({ failures: ['no thread', 'database is locked'], asked: 4 });
});

test('where the event loop cannot do it either, the log waits for another COMMIT', async () => {
  const file = loggedFile();
  const checkpoints = checkpointsOf(file, { thread: failing() });
  file.add(MANY);
  const exec = file.db.exec.bind(file.db);
  file.db.exec = () => {
    throw new Error('database or disk is full');
  };
  await checkpoints.shorten();
  expect({ isLong: checkpoints.isLong(), isMoved: isMoved(file) }).toEqual({ isLong: true, isMoved: false });
  file.db.exec = exec;
  await checkpoints.shorten();
  expect(isMoved(file)).toBe(true);
});

test('a thread that has moved the log of another file has done nothing', async () => {
  const file = loggedFile();
  const other = loggedFile();
  const checkpoints = checkpointsOf(file, { thread: new CheckpointThread(other.path) });
  file.add(MANY);
  await checkpoints.shorten();
  expect(isMoved(file)).toBe(true);
});

test('a log of which a statement is still being read is not asked about', () => {
  const file = loggedFile();
  const checkpoints = checkpointsOf(file);
  file.add(MANY);
  const reading = file.db.prepare('SELECT id FROM t').iterate();
  reading.next();
  expect(checkpoints.isLong()).toBe(false);
  reading.return?.();
  expect(checkpoints.isLong()).toBe(true);
});

test('an SQLite that does not tell how long the log is moves it by itself', () => {
  const file = loggedFile();
  const checkpoints = checkpointsOf(file, { sqlite: '3.50.4' });
  file.add(MANY);
  expect({ isLong: checkpoints.isLong(), isMoved: isMoved(file) }).toEqual({ isLong: false, isMoved: true });
});

function commitsOn(file: LoggedFile): GroupCommit {
  const { db, path } = file;
  const log = new WalSync(db, path);
  const checkpoints = checkpointsOf(file);
  const commits = new GroupCommit({ db, tx: kyselyOn(db), place: path, log, checkpoints });
  onTestFinished(async () => {
    await commits.close();
    await log.close();
  });
  return commits;
}

/** Gives a work with every answer, so that there is always one, for many times the length of a long log. */
async function writeWithoutPause(commits: GroupCommit, { db }: LoggedFile, works: number): Promise<void> {
  const change = db.prepare('INSERT OR REPLACE INTO t VALUES (?, ?)');
  let given = 0;
  const write = async (): Promise<void> => {
    while (given < works) {
      const id = given++;
      await commits.add(async () => void change.run(id % 100, String(id).padEnd(1_000_000, 'x')));
    }
  };
  await Promise.all([write(), write(), write()]);
}

test('under load that never pauses the log stays as long as a long one and what was committed with it', async () => {
  const file = loggedFile();
  await writeWithoutPause(commitsOn(file), file, 150);
  expect(file.logBytes()).toBeLessThan(1.3 * LONG_BYTES);
  expect(file.db.prepare('SELECT count(*) AS rows FROM t').get()).toEqual({ rows: 100 });
});

test('a reader that does not end keeps the log; it is short again once that has', async () => {
  const file = loggedFile();
  file.add(1);
  const reader = new DatabaseSync(file.path);
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM t').get();
  const commits = commitsOn(file);
  await writeWithoutPause(commits, file, 100);
  expect(left(file)).toBeGreaterThan(FEW);
  reader.close();
  await writeWithoutPause(commits, file, 1);
  // They are moved, or the log was when the reader ended, and has begun again.
  await eventually(() => expect(left(file)).toBeLessThan(FEW));
  const bytes = file.logBytes();
  await writeWithoutPause(commits, file, 100);
  expect(file.logBytes()).toBe(bytes);
});
