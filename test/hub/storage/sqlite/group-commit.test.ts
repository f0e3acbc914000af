import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { GroupCommit, type GroupCommitOptions, type LogSync } from '../../../../src/hub/storage/sqlite/group-commit.ts';
import { kyselyOn } from '../../../../src/hub/storage/sqlite/sqlite-dialect.ts';
import { StoreUnavailable } from '../../../../src/hub/storage/store-unavailable.ts';
import { eventually } from '../../../support/eventually.ts';
import { collectUncaught } from '../../../support/uncaught.ts';

test('works are refused, and none waits for ever, where a transaction can be neither written nor undone', async () => {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
  db.exec('CREATE TABLE a (id INTEGER PRIMARY KEY)');
  db.exec('CREATE TABLE b (id INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)');
  let isBroken = true;
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    if (isBroken && sql === 'ROLLBACK') throw new Error('disk I/O error');
    exec(sql);
  };
  const caught = collectUncaught();
  const commits = new GroupCommit({ db, tx: kyselyOn(db), place: 'hub.db' });
  // Its COMMIT fails.
  const first = commits.add(async () => db.prepare('INSERT INTO b VALUES (7)').run());
  await expect(first).rejects.toThrow(StoreUnavailable);
  await expect(commits.add(async () => 'next')).rejects.toThrow(StoreUnavailable);
  await eventually(() => expect(caught).toHaveLength(1));
  isBroken = false;
  db.exec('ROLLBACK');
  expect(await commits.add(async () => 'later')).toBe('later');
  await commits.close();
});

/** A log whose syncs end when the test says so. */
function heldLog() {
  const syncs: PromiseWithResolvers<void>[] = [];
  const recovered: string[] = [];
  const log: LogSync = {
    sync() {
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
    recover: () => void recovered.push('recovered'),
  };
  return { log, syncs, recovered };
}

function commitsOn(parts: Pick<GroupCommitOptions, 'log' | 'checkpoints'>) {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE a (id INTEGER PRIMARY KEY)');
  const commits = new GroupCommit({ db, tx: kyselyOn(db), place: 'hub.db', ...parts });
  const insert = (id: number) => commits.add(async () => db.prepare('INSERT INTO a VALUES (?)').run(id).changes);
  return {
    db,
    commits,
    insert,
    ids: () =>
      db
        .prepare('SELECT id FROM a ORDER BY id')
        .all()
        .map(({ id }) => id),
  };
}

test('a work is written once the disk has it; the next ones are done meanwhile, and committed after it', async () => {
  const held = heldLog();
  const { db, commits, insert } = commitsOn({ log: held.log });
  const settled: number[] = [];
  const first = insert(1).then(() => settled.push(1));
  await eventually(() => expect(held.syncs).toHaveLength(1));
  let isDone = false;
  const second = commits
    .add(async () => {
      isDone = true;
    })
    .then(() => settled.push(2));
  const third = insert(3).then(() => settled.push(3));
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect({ settled, syncs: held.syncs.length }).toEqual({ settled: [], syncs: 1 });
  held.syncs[0]?.resolve();
  await first;
  await eventually(() => expect(held.syncs).toHaveLength(2));
  expect({ settled, isDone, isTransaction: db.isTransaction }).toEqual({
    settled: [1],
    isDone: true,
    isTransaction: false,
  });
  held.syncs[1]?.resolve();
  await Promise.all([second, third]);
  await commits.close();
});

test('what did not come to the disk is refused with what was done meanwhile, and nothing follows it in the log', async () => {
  const held = heldLog();
  const { commits, insert, ids } = commitsOn({ log: held.log });
  const first = insert(1);
  await eventually(() => expect(held.syncs).toHaveLength(1));
  held.syncs[0]?.reject(new Error('EIO: i/o error, fdatasync'));
  await expect(first).rejects.toThrow(StoreUnavailable);
  expect(commits.trouble).toContain('EIO');
  const second = insert(2);
  await eventually(() => expect(held.syncs).toHaveLength(2));
  expect(held.recovered).toEqual(['recovered']);
  held.syncs[1]?.resolve();
  await second;
  expect({ trouble: commits.trouble, ids: ids() }).toEqual({ trouble: undefined, ids: [1, 2] });
  await commits.close();
});

/** A log that is long after each COMMIT, until it is made short. */
function heldCheckpoints() {
  const asked: PromiseWithResolvers<void>[] = [];
  const checkpoints = {
    isLong: () => true,
    shorten() {
      const one = Promise.withResolvers<void>();
      asked.push(one);
      return one.promise;
    },
  };
  return { checkpoints, asked };
}

test('a long log is moved once the disk has it; the answer leaves before, and no transaction begins until it is short', async () => {
  const held = heldLog();
  const { checkpoints, asked } = heldCheckpoints();
  const { db, commits, insert } = commitsOn({ log: held.log, checkpoints });
  const first = insert(1);
  await eventually(() => expect(held.syncs).toHaveLength(1));
  expect(asked).toHaveLength(0);
  held.syncs[0]?.resolve();
  await first;
  await eventually(() => expect(asked).toHaveLength(1));
  let isDone = false;
  const second = insert(2).then(() => {
    isDone = true;
  });
  let isAlone = false;
  const alone = commits.exclusively(async () => {
    isAlone = true;
  });
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect({ isTransaction: db.isTransaction, syncs: held.syncs.length, isDone, isAlone }).toEqual({
    isTransaction: false,
    syncs: 1,
    isDone: false,
    isAlone: false,
  });
  asked[0]?.resolve();
  await alone;
  await eventually(() => expect(held.syncs).toHaveLength(2));
  held.syncs[1]?.resolve();
  await second;
  const closed = commits.close();
  await eventually(() => expect(asked).toHaveLength(2));
  asked[1]?.resolve();
  await closed;
});

test('a log that did not come to the disk is not moved by a checkpoint', async () => {
  const held = heldLog();
  const { checkpoints, asked } = heldCheckpoints();
  const { commits, insert } = commitsOn({ log: held.log, checkpoints });
  const first = insert(1);
  await eventually(() => expect(held.syncs).toHaveLength(1));
  held.syncs[0]?.reject(new Error('EIO: i/o error, fdatasync'));
  await expect(first).rejects.toThrow(StoreUnavailable);
  await commits.close();
  expect(asked).toHaveLength(0);
});

test('what is done alone has its turn while works come all the time, and they go on after it', async () => {
  // Each sync takes longer than it takes until the next works are done.
  const log: LogSync = { sync: () => new Promise((resolve) => setTimeout(resolve, 2)), recover: () => {} };
  const { db, commits, insert } = commitsOn({ log });
  let count = 0;
  let isOver = false;
  const callers = (async () => {
    const works: Promise<unknown>[] = [];
    for (let id = 1; !isOver; id++) {
      works.push(insert(id).then(() => count++));
      await new Promise(setImmediate);
    }
    await Promise.all(works);
  })();
  await eventually(() => expect(count).toBeGreaterThan(5));
  const order: string[] = [];
  const alone = async (name: string) => {
    expect(db.isTransaction).toBe(false);
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push(`${name} ends`);
  };
  const failing = commits.exclusively(() => Promise.reject(new Error('the thread ended')));
  const both = [commits.exclusively(() => alone('first')), commits.exclusively(() => alone('second'))];
  await expect(failing).rejects.toThrow('the thread ended');
  await Promise.all(both);
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  const before = count;
  await eventually(() => expect(count).toBeGreaterThan(before + 5));
  isOver = true;
  await callers;
  await commits.close();
});
