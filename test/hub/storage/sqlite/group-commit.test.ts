import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { GroupCommit } from '../../../../src/hub/storage/sqlite/group-commit.ts';
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
