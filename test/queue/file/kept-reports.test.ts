import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';
import type { StoredReport } from '../../../src/queue/file/report-table.ts';
import { eventually } from '../../support/eventually.ts';

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

const ALL = { entries: 1000, bytes: 1e6 };

const recover = (queue: LocalQueue, take: (reports: readonly StoredReport[]) => void): void =>
  queue.reports.recover({
    left: ({ app, first }) => take(queue.reports.from(app, first, ALL)),
    take: ({ body }) => expect.unreachable(body),
    gaveUp: ({ body }) => expect.unreachable(body),
  });

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

test('one that was in hand at several deaths comes by itself, and again when there is memory for it', async () => {
  const folder = newFolder();
  const first = open(folder);
  const [suspect, other] = ['suspect', 'other'].map((body) => first.reports.keep(report(body))) as [number, number];
  await first.close();
  const db = new DatabaseSync(join(folder, 'queue.db'));
  db.exec(`INSERT INTO report_death VALUES (${suspect}, 2, 0)`);
  db.close();

  const queue = open(folder);
  const portions: string[][] = [];
  const offered: string[] = [];
  queue.reports.recover({
    left: ({ app, first }) => portions.push(queue.reports.from(app, first, ALL).map(({ body }) => body)),
    take: ({ body }) => offered.push(body) > 1,
    gaveUp: ({ body }) => expect.unreachable(body),
  });
  expect(portions).toEqual([['other']]);
  await eventually(() => expect(offered).toEqual(['suspect']));
  queue.reports.forget(other);
  await eventually(() => expect(offered).toEqual(['suspect', 'suspect']));
});

test('a portion has so many entries, or so many characters, and one at least; of one app, those unwritten included', async () => {
  const { reports } = open(newFolder());
  const bodies = ['a'.repeat(50), 'b'.repeat(50), 'c'.repeat(500)];
  const [first = 0, , last = 0] = bodies.map((body) => reports.keep(report(body)));
  await turn();
  reports.keep(report('d'.repeat(10)));
  reports.keep(report('other', 'shop'));
  const sizes = (key: number, entries: number, bytes: number): number[] =>
    reports.from('default', key, { entries, bytes }).map(({ body }) => body.length);
  expect(sizes(first, 2, 1e6)).toEqual([50, 50]);
  expect(sizes(first, 9, 1e6)).toEqual([50, 50, 500, 10]);
  await turn();
  expect(sizes(first, 9, 100)).toEqual([50, 50]);
  expect(sizes(last, 9, 100)).toEqual([500]);
  expect(reports.from('shop', first, ALL).map(({ body }) => body)).toEqual(['other']);
});
