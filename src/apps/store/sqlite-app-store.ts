import { chmodSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../kit/files/make-folder.ts';
import { type FileKind, markOwnFile, refuseForeignFile } from '../../kit/files/owned-file.ts';
import { openSharedFile } from '../../kit/files/shared-file.ts';
import { type AppStore, checkExpected, type Expected, type Known, type Loaded, type StoredText } from './app-store.ts';

/** Another process that writes is waited for this long, on the event loop: a write is a millisecond. */
const WAIT_MS = 2000;
/** Asking SQLite for changes by other processes costs microseconds. */
const LOOK_MS = 250;
const OWNER_ONLY = 0o600;

// A change that was answered must survive a power cut; what is deleted is overwritten.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS revision (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL);
  INSERT OR IGNORE INTO revision VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS apps (name TEXT PRIMARY KEY, version INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID`;

/** `MltA`. */
export const APPS_FILE: FileKind = {
  name: 'file of apps',
  id: 0x4d_6c_74_41,
  tables: { revision: ['id', 'value'], apps: ['name', 'version', 'text'] },
};

/** The journals beside the file get its mode from SQLite. */
function openFile(path: string): DatabaseSync {
  refuseForeignFile(path, 'apps.path', APPS_FILE);
  makeFolder(dirname(path));
  closeSync(openSync(path, 'a', OWNER_ONLY));
  chmodSync(path, OWNER_ONLY);
  return openSharedFile({
    path,
    busyMs: WAIT_MS,
    prepare(db) {
      markOwnFile(db, APPS_FILE);
      db.exec(SCHEMA);
    },
  });
}

class SqliteAppStore implements AppStore {
  readonly place: string;
  readonly #db: DatabaseSync;
  readonly #lookMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, ttlMs: number) {
    this.place = path;
    this.#db = openFile(path);
    this.#lookMs = Math.min(LOOK_MS, ttlMs);
  }

  async load(known?: Known): Promise<Loaded> {
    return this.#transaction('DEFERRED', () => {
      const revision = this.#revision();
      if (known && known.revision === revision) return { ...known, changed: [] };
      const rows = this.#db.prepare('SELECT name, version FROM apps').all() as { name: string; version: number }[];
      const versions = new Map(rows.map(({ name, version }) => [name, version]));
      const read = this.#db.prepare('SELECT name, version, text FROM apps WHERE name = ?');
      const changed = rows
        .filter(({ name, version }) => known?.versions.get(name) !== version)
        .map(({ name }) => ({ ...read.get(name) }) as unknown as StoredText);
      return { revision, versions, changed };
    });
  }

  async put(name: string, text: string, expected: Expected): Promise<number> {
    return this.#change(name, expected, (version) => {
      const insert =
        'INSERT INTO apps VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, text = excluded.text';
      this.#db.prepare(insert).run(name, version, text);
    });
  }

  async delete(name: string, expected: Expected): Promise<void> {
    this.#change(name, expected, () => this.#db.prepare('DELETE FROM apps WHERE name = ?').run(name));
  }

  watch(changed: () => void): void {
    const statement = this.#db.prepare('PRAGMA data_version');
    // An unreadable file counts as changed: the listener reads it and reports the error.
    const look = (): unknown => {
      try {
        return statement.get()?.data_version;
      } catch {
        return undefined;
      }
    };
    let last = look();
    this.#timer = setInterval(() => {
      const now = look();
      if (now === undefined || now !== last) changed();
      last = now;
    }, this.#lookMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#db.close();
  }

  #revision(): number {
    return this.#db.prepare('SELECT value FROM revision').get()?.value as number;
  }

  /** @returns the version that the change has made. */
  #change(name: string, expected: Expected, write: (version: number) => unknown): number {
    return this.#transaction('IMMEDIATE', () => {
      const there = this.#db.prepare('SELECT version FROM apps WHERE name = ?').get(name);
      checkExpected(name, there?.version as number | undefined, expected);
      const version = this.#revision() + 1;
      this.#db.prepare('UPDATE revision SET value = ?').run(version);
      write(version);
      return version;
    });
  }

  #transaction<T>(kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
    this.#db.exec(`BEGIN ${kind}`);
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

/**
 * Apps in an SQLite file that several processes share, readable for its owner only. Its folder is made.
 * @param ttlMs `apps.ttl`; changes of other processes are looked for four times a second anyway
 * @throws when the file cannot be written, or is not SQLite
 */
export const openSqliteAppStore = (path: string, ttlMs: number): AppStore => new SqliteAppStore(path, ttlMs);
