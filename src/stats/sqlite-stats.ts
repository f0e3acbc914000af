import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { noStats, statKeys, statNames } from './stats.ts';
import type { CounterTable } from './write-behind-stats.ts';

/** Opening may wait for another process that just opens it, too. */
const OPEN_WAIT_MS = 2000;
/** A write happens on the event loop: rather later than long. What waits is tried again a second later. */
const WRITE_WAIT_MS = 20;

// `normal` in WAL mode: no fsync for a commit; a power cut loses the last counts and never the file.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS counters (
    bucket TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (bucket, name)
  ) WITHOUT ROWID;
  PRAGMA busy_timeout = ${WRITE_WAIT_MS}`;

const INCREMENT = `
  INSERT INTO counters SELECT ?, key, value FROM json_each(?) WHERE true
  ON CONFLICT (bucket, name) DO UPDATE SET count = count + excluded.count`;

/**
 * Counters in an SQLite file, which several processes may share. A batch is one statement, so it is written wholly or not at
 * all and needs no number. Its folder is made.
 * @throws when the file cannot be written, or is not SQLite.
 */
export function openSqliteCounters(path: string, bucket = 'gorush'): CounterTable {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: OPEN_WAIT_MS });
  try {
    db.exec(SCHEMA);
  } catch (error) {
    db.close();
    throw error;
  }
  const increment = db.prepare(INCREMENT);
  const select = db.prepare('SELECT name, count FROM counters WHERE bucket = ?');
  return {
    async increment({ counts }) {
      const byKey = statNames.map((name) => [statKeys[name], counts[name] ?? 0]).filter(([, count]) => count !== 0);
      increment.run(bucket, JSON.stringify(Object.fromEntries(byKey)));
    },
    async read() {
      const rows = new Map(select.all(bucket).map(({ name, count }) => [name, Number(count)]));
      const counts = noStats();
      for (const name of statNames) counts[name] = rows.get(statKeys[name]) ?? 0;
      return counts;
    },
    async close() {
      db.close();
    },
  };
}
