import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';

/** What SQLite says of how it would find rows. */
describe('how SQLite finds rows of the hub', () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-plans-'));
  let db: DatabaseSync;

  beforeAll(async () => {
    const path = join(folder, 'hub.db');
    const store = await openHubStore({ path, postgres: '', master: undefined, tell: () => {}, now: Date.now });
    await store.close();
    db = new DatabaseSync(path, { readOnly: true });
  });
  afterAll(() => {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const column = (sql: string, name: string): string[] =>
    db
      .prepare(sql)
      .all()
      .map((row) => String(row[name]));

  test('every index that statistics are of is there', () => {
    const there = new Set([
      ...column("SELECT name FROM sqlite_master WHERE type = 'index'", 'name'),
      ...column("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID'", 'name'),
    ]);
    const told = column('SELECT idx FROM sqlite_stat1', 'idx');
    expect(told.length).toBeGreaterThan(20);
    expect(told.filter((name) => !there.has(name))).toEqual([]);
  });

  test.each([
    [
      'what is held for a person, by the person',
      `SELECT DISTINCT notification, user FROM decisions WHERE app = ? AND user IN (?) AND state = ? AND due_row IS NOT NULL`,
      'decisions_app_user (app=? AND user=?)',
    ],
    [
      'the devices of people, by the people',
      `SELECT * FROM device_users mine JOIN devices ON devices.app = mine.app AND devices.id = mine.device
       JOIN device_users owners ON owners.app = mine.app AND owners.device = mine.device
       WHERE mine.app = ? AND mine.user IN (?, ?)`,
      'device_users_app_user_device (app=? AND user=?)',
    ],
    [
      'earlier notifications with a collapse key, by the key',
      'SELECT id FROM notifications WHERE app = ? AND collapse_key = ?',
      'notifications_app_collapse_key (app=? AND collapse_key=?)',
    ],
    [
      'the newest notifications, by their places',
      'SELECT * FROM notifications WHERE app = ? ORDER BY place DESC, id DESC LIMIT 100',
      'notifications_app_place_id (app=?)',
    ],
    [
      'the newest incidents, by their places',
      'SELECT * FROM incidents WHERE app = ? ORDER BY place DESC, id DESC LIMIT 100',
      'incidents_app_place_id (app=?)',
    ],
    [
      'the notices about an incident, by what they are about',
      'SELECT * FROM decisions WHERE app = ? AND notification IN (SELECT id FROM notifications WHERE app = ? AND about = ?)',
      'notifications_app_about (app=? AND about=?)',
    ],
    [
      'what became of the notices about an incident, by the notices',
      'SELECT * FROM decisions WHERE app = ? AND notification IN (SELECT id FROM notifications WHERE app = ? AND about = ?)',
      'decisions USING PRIMARY KEY (app=? AND notification=?)',
    ],
    [
      'the incidents that name a person, by the person',
      'SELECT incident FROM incident_people WHERE app = ? AND user = ?',
      'incident_people_app_user_incident (app=? AND user=?)',
    ],
    [
      'what people have to do, by the people',
      `SELECT tasks.* FROM task_people JOIN tasks ON tasks.app = task_people.app AND tasks.id = task_people.task
       WHERE task_people.app = ? AND task_people.user IN (?, ?) AND task_people.role = 'todo'`,
      'task_people_app_user_role_task (app=? AND user=? AND role=?)',
    ],
    [
      'the oldest timer that is free, in the order of their times',
      'SELECT due_at FROM due WHERE due_at <= ? AND kind IN (?, ?) AND (lease_until IS NULL OR lease_until <= ?) ORDER BY due_at LIMIT 1',
      'due_due_at (due_at<?)',
    ],
    [
      'timers of people of one notification, by its name',
      "SELECT id FROM due WHERE app = ? AND kind IN ('person', 'held') AND ref >= ? AND ref < ? LIMIT 1",
      'due_app_kind_ref (app=? AND kind=? AND ref>? AND ref<?)',
    ],
    [
      'events that people have under the keys of their senders, by person and key',
      'SELECT * FROM stream_keys WHERE app = ? AND (user, hash) IN (VALUES (?, ?), (?, ?))',
      'stream_keys USING PRIMARY KEY (app=? AND user=? AND hash=?)',
    ],
    [
      'the person of an address, by its hash',
      'SELECT id FROM users WHERE app = ? AND email_hash = ?',
      'users_app_email_hash (app=? AND email_hash=?)',
    ],
  ])('%s', (_what, sql, index) => {
    expect(column(`EXPLAIN QUERY PLAN ${sql}`, 'detail').join('\n')).toContain(index);
  });
});
