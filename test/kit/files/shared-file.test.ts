import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { APPS_FILE, openSqliteAppStore } from '../../../src/apps/store/sqlite-app-store.ts';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import { HUB_FILE } from '../../../src/hub/storage/sqlite/hub-file.ts';
import { openSharedFile } from '../../../src/kit/files/shared-file.ts';
import { isBusy } from '../../../src/kit/files/sqlite-file.ts';
import { HISTORY_FILE, HistoryFile } from '../../../src/observe/history/history-file.ts';
import { openSqliteCounters, STAT_FILE } from '../../../src/observe/stats/sqlite-stats.ts';

/** A connection in a thread that is about to write, until it is told to end or for a while. */
const WRITER = `
  const { DatabaseSync } = require('node:sqlite');
  const { parentPort, workerData: { path, forMs } } = require('node:worker_threads');
  const db = new DatabaseSync(path);
  db.exec('BEGIN IMMEDIATE');
  const end = () => { if (db.isOpen) db.close(); parentPort.close(); };
  parentPort.once('message', end);
  if (forMs) setTimeout(end, forMs);
  parentPort.postMessage('writes');
`;

let path: string;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-shared-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  path = join(folder, 'file.db');
});

/** A file as another process leaves it between its first write and the switch to the write-ahead log, while a third one writes to it. */
async function beingWritten(id: number, forMs?: number): Promise<Worker> {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA application_id = ${id}`);
  db.close();
  const writer = new Worker(WRITER, { eval: true, workerData: { path, forMs } });
  await once(writer, 'message');
  return writer;
}

const toLog = (db: DatabaseSync): void => db.exec('PRAGMA journal_mode = WAL');

const stores: readonly [name: string, id: number, open: () => { close(): unknown } | Promise<{ close(): unknown }>][] =
  [
    ['the history', HISTORY_FILE.id, () => new HistoryFile(path)],
    ['counters', STAT_FILE.id, () => openSqliteCounters(path)],
    ['apps', APPS_FILE.id, () => openSqliteAppStore(path, 1000)],
    ['the hub', HUB_FILE.id, () => openHubStore({ path, postgres: '', master: undefined, tell: () => {} })],
  ];

describe.each(stores)('the file of %s', (_, id, open) => {
  test('is opened once another process that writes to it while it becomes one with a log is out of the way', async () => {
    await beingWritten(id, 100);
    const store = await open();
    await store.close();
  });
});

test('a file that stays locked is told with its path and for how long it was waited', async () => {
  const writer = await beingWritten(0);
  let failure: unknown;
  try {
    openSharedFile({ path, busyMs: 0, openMs: 30, prepare: toLog });
  } catch (error) {
    failure = error;
  }
  expect(String(failure)).toContain(`${path} is locked by another process, for more than 30 ms`);
  expect(isBusy(failure)).toBe(true);
  writer.postMessage('end');
  await once(writer, 'exit');
  const db = openSharedFile({ path, busyMs: 7, openMs: 30, prepare: toLog });
  expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 7 });
  db.close();
});

test('what fails for another reason is not tried again', () => {
  let times = 0;
  const prepare = (): void => {
    times++;
    throw new RangeError('no');
  };
  expect(() => openSharedFile({ path, busyMs: 0, prepare })).toThrow(RangeError);
  expect(times).toBe(1);
});
