import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../../kit/errors.ts';
import { type FileKind, markOwnFile } from '../../kit/files/owned-file.ts';
import { makePrivateFile } from '../../kit/files/private-file.ts';
import { DamagedFile } from '../../kit/files/sqlite-file.ts';
import { deathSchema, RUN_SCHEMA } from './deaths.ts';
import { completeRecords, RECORD_SCHEMA } from './record-table.ts';
import { completeReports, REPORT_SCHEMA } from './report-table.ts';
import { ASIDE_SCHEMA } from './set-aside.ts';

/** How long a commit waits for a reader (`martlet queue`) to get out of the way; the event loop stands still meanwhile. */
const BUSY_MS = 100;

/** `MltQ`. */
export const QUEUE_FILE: FileKind = {
  name: 'queue file',
  id: 0x4d_6c_74_51,
  tables: {
    request: ['key', 'id', 'app', 'accepted_at', 'pushes', 'body'],
    progress: ['key', 'notification', 'done'],
    report: ['key', 'body'],
    totals: ['only', 'accepted', 'settled'],
    run: ['only'],
    request_death: ['key', 'deaths', 'hand'],
    report_death: ['key', 'deaths', 'hand'],
    aside: ['kind', 'key', 'body'],
    bundle: ['slot', 'body'],
  },
};

/** Whom the pushes of a file are for: the providers, or simulated ones. SQLite's user_version; 0 is a file that does not say, of an earlier version. */
export type PushesFor = 'providers' | 'sandbox';
export const OWNERS = { providers: 1, sandbox: 2 } as const satisfies Record<PushesFor, number>;

/** Requests are large or short-lived: with pages of this size a large one costs little more than half of what SQLite's 4 KiB cost. */
export const PAGE_BYTES = 16 * 1024;

const SCHEMA = `
  ${RECORD_SCHEMA}
  ${REPORT_SCHEMA}
  CREATE TABLE IF NOT EXISTS totals (only INTEGER PRIMARY KEY CHECK (only = 1), accepted INTEGER NOT NULL, settled INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0);
  ${RUN_SCHEMA} ${deathSchema('request')} ${deathSchema('report')} ${ASIDE_SCHEMA}
`;

/**
 * The database of a queue file, with all its tables: made, or completed when an earlier version wrote it. @param pushesFor default:
 * whatever the file says. @throws when the file cannot be opened or is damaged; ConfigError when it holds pushes for others
 */
export function openQueueFile(path: string, checkpointPages: number, pushesFor?: PushesFor): DatabaseSync {
  // It holds device tokens and messages.
  makePrivateFile(path);
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    markOwnFile(db, QUEUE_FILE);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    limitLog(db, checkpointPages);
    // In one transaction: each table would be one of its own.
    db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`);
    completeRecords(db);
    completeReports(db);
    const check = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (check.quick_check !== 'ok') throw new DamagedFile(`the file is damaged: ${check.quick_check}`);
    if (pushesFor) claim(db, path, pushesFor);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** How many pages SQLite's log may have before they are moved into the file. */
export function limitLog(db: DatabaseSync, pages: number): void {
  db.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
}

/**
 * Says whom the pushes are for from now on. What waits for the providers must not end at simulated ones, nor the reverse: a file that
 * does not say is taken to wait for the providers.
 */
function claim(db: DatabaseSync, path: string, pushesFor: PushesFor): void {
  const { user_version: owner } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (owner === OWNERS[pushesFor]) return;
  const held = db
    .prepare(
      'SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM aside) AS requests, (SELECT count(*) FROM report) AS reports',
    )
    .get();
  const { requests, reports } = held as { requests: number; reports: number };
  const isTheirs = pushesFor === 'sandbox' || owner !== 0;
  if (isTheirs && requests + reports > 0)
    throw new ConfigError('queue.local.path', heldForOthers(path, pushesFor, requests, reports));
  db.exec(`PRAGMA user_version = ${OWNERS[pushesFor]}`);
}

function heldForOthers(path: string, pushesFor: PushesFor, requests: number, reports: number): string {
  const what = `${path} holds ${requests} requests and ${reports} reports`;
  return pushesFor === 'sandbox'
    ? `${what} for real providers, which the sandbox would only pretend to send: start with sandbox.enabled: false, or name another file`
    : `${what} that were accepted in sandbox mode and are for no real device: start with sandbox.enabled: true, or name another file`;
}
