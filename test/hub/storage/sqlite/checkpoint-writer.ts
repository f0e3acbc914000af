/**
 * A process that writes to an SQLite file for as long as it lives, as the store does: `node checkpoint-writer.ts PATH KILL AFTER_MS`. On
 * its output each line is the number of a transaction that was answered; it kills itself so long after the checkpoint KILL has begun.
 */
import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CheckpointThread } from '../../../../src/hub/storage/sqlite/checkpoint-thread.ts';
import { Checkpoints } from '../../../../src/hub/storage/sqlite/checkpoints.ts';
import { GroupCommit } from '../../../../src/hub/storage/sqlite/group-commit.ts';
import { kyselyOn } from '../../../../src/hub/storage/sqlite/sqlite-dialect.ts';
import { WalSync } from '../../../../src/hub/storage/sqlite/wal-sync.ts';
import { IDS, textOf } from './written-rows.ts';

const [path = '', kill = '', afterMs = ''] = process.argv.slice(2);
const db = new DatabaseSync(path);
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON');
db.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, transaction_id INTEGER, text TEXT)');
const checkpoints = new Checkpoints({ db, thread: new CheckpointThread(path) });
let begun = 0;
const commits = new GroupCommit({
  db,
  tx: kyselyOn(db),
  place: path,
  log: new WalSync(db, path),
  checkpoints: {
    isLong: () => checkpoints.isLong(),
    async shorten() {
      if (++begun === Number(kill)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(afterMs));
      await checkpoints.shorten();
      writeSync(1, `checkpoint ${begun}\n`);
    },
  },
});
const put = db.prepare('INSERT OR REPLACE INTO t VALUES (?, ?, ?)');
const last = db.prepare('SELECT coalesce(max(transaction_id), 0) AS last FROM t').get()?.last;
for (let transaction = Number(last) + 1; ; transaction++) {
  await commits.add(async () => {
    for (const id of IDS) put.run(id, transaction, textOf(id, transaction));
  });
  writeSync(1, `${transaction}\n`);
}
