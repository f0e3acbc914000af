import type { DatabaseSync } from 'node:sqlite';
import { type FileKind, markOwnFile } from '../../kit/files/owned-file.ts';
import { openSharedFile } from '../../kit/files/shared-file.ts';
import { addCount, countsOf } from './app-counts.ts';
import { noStats, type StatCounts, type StatName, statKeys, statNames } from './stats.ts';
import type { CounterTable } from './write-behind-stats.ts';

/** A write happens on the event loop: rather later than long. What waits is tried again a second later. */
const WRITE_WAIT_MS = 20;

// `normal` in WAL mode: no fsync for a commit; a power cut loses the last counts and never the file.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS counters (
    bucket TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (bucket, name)
  ) WITHOUT ROWID`;

/** `MltS`. */
export const STAT_FILE: FileKind = {
  name: 'file of counters',
  id: 0x4d_6c_74_53,
  tables: { counters: ['bucket', 'name', 'count'] },
};

const INCREMENT = `
  INSERT INTO counters SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
  ON CONFLICT (bucket, name) DO UPDATE SET count = count + excluded.count`;

const nameByKey = new Map<string, StatName>(statNames.map((name) => [statKeys[name], name]));

type CounterRow = readonly [bucket: string, name: string, count: number];

const rowsOf = (bucket: string, counts: Partial<StatCounts>, nameOf: (key: string) => string): CounterRow[] =>
  (Object.keys(counts) as StatName[]).map((name) => [bucket, nameOf(statKeys[name]), counts[name] ?? 0]);

function prepare(db: DatabaseSync): void {
  markOwnFile(db, STAT_FILE);
  db.exec(SCHEMA);
}

/**
 * Counters in an SQLite file, which several processes may share. A batch is one statement, so it is written wholly or not at
 * all and needs no number. Those of apps are a bucket of their own. Its folder is made.
 * @throws when the file cannot be written, or is not SQLite.
 */
export function openSqliteCounters(path: string, bucket = 'gorush'): CounterTable {
  const db = openSharedFile({ path, busyMs: WRITE_WAIT_MS, prepare });
  const increment = db.prepare(INCREMENT);
  const select = db.prepare('SELECT name, count FROM counters WHERE bucket = ?');
  const selectBoth = db.prepare('SELECT bucket, name, count FROM counters WHERE bucket IN (?, ?)');
  const appBucket = `${bucket}/apps`;
  return {
    async increment({ counts, apps }) {
      const ofApps = [...apps].flatMap(([app, of]) => rowsOf(appBucket, of, (key) => `${app}/${key}`));
      increment.run(JSON.stringify([...rowsOf(bucket, counts, (key) => key), ...ofApps]));
    },
    async read() {
      const rows = new Map(select.all(bucket).map(({ name, count }) => [name, Number(count)]));
      const counts = noStats();
      for (const name of statNames) counts[name] = rows.get(statKeys[name]) ?? 0;
      return counts;
    },
    async readByApp() {
      const counts = noStats();
      const apps = new Map<string, Partial<StatCounts>>();
      for (const row of selectBoth.iterate(bucket, appBucket)) {
        const [name, app] = String(row.name).split('/').reverse() as [string, string?];
        const stat = nameByKey.get(name);
        if (stat) addCount(app === undefined ? counts : countsOf(apps, app), stat, Number(row.count));
      }
      return { counts, apps };
    },
    async close() {
      db.close();
    },
  };
}
