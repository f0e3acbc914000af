/** The rows of an import, ready, into tables with the same keys and indexes: what the engine makes without the hub. */
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type System, startRelay } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import { tokenOf, userId } from './requests.ts';
import { emptyFolder, hubOn } from './stock.ts';

const PIECE = 500;
const SEALED = 's'.repeat(160);
const AT = 1_767_225_600_000;

type Values = Readonly<Record<string, SQLInputValue>>;

const rows: Readonly<Record<string, (index: number) => Values>> = {
  users: (index) => ({
    ...{ app: 'default', id: userId(index), profile: '', consent: '{}', rev: 1, created_at: AT, updated_at: AT },
  }),
  devices: (index) => ({
    ...{ app: 'default', id: `phone-${index}`, platform: 'ios', kind: 'alert', environment: 'production' },
    ...{ token_hash: tokenOf(index).slice(0, 43), target: SEALED, token_at: AT, token_rev: 1, model: 'iPhone17,1' },
    ...{ os_version: '26.1', app_version: '4.12.0', locale: 'en', timezone: 'Europe/Berlin', capabilities: '{}' },
    ...{ settings: '{}', enabled: 1, status: 'active', status_at: AT, rev: 1, registered_at: AT, last_seen_at: AT },
  }),
  device_users: (index) => ({ app: 'default', device: `phone-${index}`, user: userId(index), place: 0 }),
};

function insertAll(db: DatabaseSync, count: number): void {
  const tables = Object.entries(rows).map(([table, row]) => {
    const names = Object.keys(row(0));
    const columns = names.map((name) => `"${name}"`).join(', ');
    const places = names.map(() => '?').join(', ');
    return { row, into: db.prepare(`INSERT INTO "${table}" (${columns}) VALUES (${places})`) };
  });
  for (let at = 0; at < count; at += PIECE) {
    db.exec('BEGIN IMMEDIATE');
    for (let index = at; index < Math.min(at + PIECE, count); index++)
      for (const { row, into } of tables) into.run(...Object.values(row(index)));
    db.exec('COMMIT');
  }
}

export const bareInserts = ({ bench, systems }: Plan, count: number): Contestant => ({
  name: 'node:sqlite, rows ready (limit)',
  kind: 'limit',
  judged: false,
  async run() {
    const folder = emptyFolder(bench);
    // Makes the tables.
    await (await startRelay(bench, systems[0] as System, hubOn(folder))).close();
    const db = new DatabaseSync(join(folder, 'hub.db'));
    db.exec('PRAGMA synchronous = FULL; PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000');
    const begun = performance.now();
    const cpu = process.cpuUsage();
    insertAll(db, count);
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    db.close();
    return { perSecond: count / seconds, cpuUs: (user + system) / count, expected: count, arrived: count };
  },
});
