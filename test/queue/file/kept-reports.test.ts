import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { StoredReport } from '../../../src/queue/file/journal.ts';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';

const folders: string[] = [];
const queues: LocalQueue[] = [];

function open(folder: string): LocalQueue {
  const queue = new LocalQueue({
    path: join(folder, 'queue.db'),
    sync: 'full',
    limit: 10,
    wake: () => {},
    restore: () => [],
  });
  queues.push(queue);
  return queue;
}

const recover = (queue: LocalQueue, take: (reports: readonly StoredReport[]) => void): void =>
  queue.reports.recover({ take, gaveUp: ({ body }) => expect.unreachable(body) });

const report = (body: string, app = 'default') => ({ app, id: `msg_${body}`, body });

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-reports-'));
  folders.push(folder);
  return folder;
}

function recovered(queue: LocalQueue): string[] {
  const bodies: string[] = [];
  recover(queue, (reports) => bodies.push(...reports.map(({ body }) => body)));
  return bodies;
}

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('a report is there for the next process until it is forgotten', async () => {
  const folder = newFolder();
  const first = open(folder);
  const keys = ['a', 'b', 'c'].map((body) => first.reports.keep(report(body)));
  await turn();
  first.reports.forget(keys[1] as number);
  await first.close();

  const second = open(folder);
  expect(recovered(second)).toEqual(['a', 'c']);
  expect(second.reports.keep(report('d'))).toBeGreaterThan(keys[2] as number);
  await second.close();
  expect(recovered(open(folder))).toEqual(['a', 'c', 'd']);
});

test('reports of a file that is taken over are handed to whoever tells them', () => {
  const queue = open(newFolder());
  const told = recovered(queue);
  queue.adopt({ records: [], reports: [{ key: 1, ...report('orphan') }] });
  expect(told).toEqual(['orphan']);
});

test('what is kept and forgotten at once never reaches the file', async () => {
  const folder = newFolder();
  const queue = open(folder);
  queue.reports.forget(queue.reports.keep(report('gone')));
  await turn();
  await queue.close();
  expect(recovered(open(folder))).toEqual([]);
});

test('the app and the id come back with the body', async () => {
  const folder = newFolder();
  const first = open(folder);
  first.reports.keep(report('a', 'shop'));
  await first.close();
  const reports: unknown[] = [];
  recover(open(folder), (left) => reports.push(...left));
  expect(reports).toMatchObject([{ key: 1, app: 'shop', id: 'msg_a', body: 'a' }]);
});

test('reports of a file that knew one hook only are those of the default app, each with an id that stays', async () => {
  const folder = newFolder();
  const db = new DatabaseSync(join(folder, 'queue.db'));
  db.exec(`CREATE TABLE report (key INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
    INSERT INTO report VALUES (7, 'a'), (8, 'b')`);
  db.close();
  for (let start = 0; start < 2; start++) {
    const reports: unknown[] = [];
    const queue = open(folder);
    recover(queue, (left) => reports.push(...left));
    expect(reports).toMatchObject([
      { key: 7, app: 'default', id: 'report_7', body: 'a' },
      { key: 8, app: 'default', id: 'report_8', body: 'b' },
    ]);
    await queue.close();
  }
});
