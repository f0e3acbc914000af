import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { Journal } from '../../../src/queue/file/journal.ts';
import type { NewRecord } from '../../../src/queue/file/new-record.ts';
import { readJournal } from '../../../src/queue/file/read-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'martlet-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function open(path = join(folder, `queue-${files++}.db`)) {
  const journal = new Journal(path, 'normal');
  onTestFinished(() => {
    try {
      journal.close();
    } catch {
      // The test has closed it.
    }
  });
  return { journal, path };
}

/** What a process leaves that is killed now. */
function killed(path: string): string {
  const copy = join(folder, `killed-${files++}.db`);
  for (const part of ['', '-wal']) copyFileSync(path + part, copy + part);
  return copy;
}

const bodyOf = (key: number): string => `{"notifications":[{"tokens":["token-${key}"],"platform":1}]}`;
const record = (key: number, more: Partial<NewRecord> = {}): NewRecord => ({
  ...{ key, id: `request-${key}`, app: 'default', acceptedAt: 1000 + key, pushes: 1, body: bodyOf(key) },
  ...more,
});
const records = (from: number, to: number): NewRecord[] =>
  Array.from({ length: to - from + 1 }, (_, index) => record(from + index));
const removal = (key: number) => ({ key, pushes: 1 });

/** Of records that have one of their own, and of those that may be shared. */
const rowsOf = (path: string): { readonly own: number; readonly shared: number } => {
  const db = new DatabaseSync(path, { readOnly: true });
  const count = (table: string): number => Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
  try {
    return { own: count('request'), shared: count('bundle') };
  } finally {
    db.close();
  }
};
const contents = (journal: Journal) =>
  [...journal.records()].map(({ body, done: _, ...rest }) => ({ ...rest, body: Buffer.from(body).toString() }));
const addsUp = (path: string): boolean => {
  const { totals, records } = readJournal(path);
  return totals.accepted - totals.settled === records.reduce((sum, { pushes }) => sum + pushes, 0);
};

test('small requests of one turn share a row, which goes with the last of them', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 10) });
  expect(rowsOf(path)).toEqual({ own: 0, shared: 1 });
  journal.commit({ removals: [removal(3), removal(1)] });
  expect(readJournal(path).records.map(({ key }) => key)).toEqual([2, 4, 5, 6, 7, 8, 9, 10]);
  expect(addsUp(path)).toBe(true);
  journal.commit({ removals: [2, 4, 5, 6, 7, 8, 9, 10].map(removal) });
  expect(readJournal(path)).toMatchObject({ records: [], totals: { accepted: 10, settled: 10 } });
  journal.shrink();
  expect(rowsOf(path)).toEqual({ own: 0, shared: 0 });
  expect(readJournal(path).totals).toEqual({ accepted: 10, settled: 10 });
});

test('after a kill each comes back as it was, without those that were settled', () => {
  const { journal, path } = open();
  const traced = record(2, { app: 'other', trace: '00-parent\nstate' });
  journal.commit({ records: [record(1), traced, record(3), record(4, { pushes: 2 })] });
  journal.commit({ removals: [removal(3)] });
  const copy = killed(path);
  expect(addsUp(copy)).toBe(true);
  const { journal: next } = open(copy);
  expect(contents(next)).toMatchObject([record(1), traced, record(4, { pushes: 2 })]);
  expect(next.after(1)).toMatchObject({ id: 'request-2', app: 'other', trace: '00-parent\nstate' });
  expect(next.backlog()).toEqual({ lastKey: 4, records: 3, pushes: 4 });
  next.commit({ removals: [removal(1), removal(2), { key: 4, pushes: 2 }] });
  expect(readJournal(copy).totals).toEqual({ accepted: 5, settled: 5 });
});

test('after a stop in order a version that knows of no such rows can go on', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 3) });
  journal.commit({ removals: [removal(2)] });
  journal.close();
  const db = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => db.close());
  const rows = db.prepare('SELECT key, id, CAST(body AS TEXT) AS body FROM request ORDER BY key').all();
  expect(rows.map((row) => ({ ...row }))).toEqual(
    [1, 3].map((key) => ({ key, id: `request-${key}`, body: bodyOf(key) })),
  );
  expect(db.prepare('SELECT count(*) AS count FROM progress').get()).toMatchObject({ count: 0 });
});

test('a transaction that fails leaves what was there, and can be made again', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 3) });
  const report = { key: 1, app: 'default', id: 'r', body: '{}' };
  journal.commit({ reports: [report] });
  expect(() => journal.commit({ removals: [1, 2, 3].map(removal), reports: [report] })).toThrow();
  expect(() => journal.commit({ records: records(4, 5), reports: [report] })).toThrow();
  expect(readJournal(path).records.map(({ key }) => key)).toEqual([1, 2, 3]);
  journal.commit({ records: records(4, 5), removals: [1, 2, 3].map(removal) });
  journal.commit({ removals: [4].map(removal) });
  expect(readJournal(path).records.map(({ key }) => key)).toEqual([5]);
  expect(addsUp(path)).toBe(true);
});

test('the few that are left of a row get rows of their own after a while, and the others give their room back', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 10) });
  journal.commit({ records: records(11, 20) });
  journal.commit({ removals: records(2, 9).map(({ key }) => removal(key)) });
  for (let look = 0; look < 3; look++) journal.shrink();
  expect(rowsOf(path)).toMatchObject({ own: 2 });
  expect(addsUp(path)).toBe(true);
  journal.commit({ removals: [removal(10), ...records(11, 20).map(({ key }) => removal(key))] });
  expect(readJournal(path).records.map(({ id }) => id)).toEqual(['request-1']);
  expect(addsUp(path)).toBe(true);
});

test('a request that comes alone takes such a row too, and one of its own when it stays', () => {
  const { journal, path } = open();
  journal.commit({ records: [record(1)] });
  expect(rowsOf(path)).toEqual({ own: 0, shared: 1 });
  for (let look = 0; look < 3; look++) journal.shrink();
  expect(rowsOf(path)).toEqual({ own: 1, shared: 0 });
  expect(readJournal(path).records.map(({ id }) => id)).toEqual(['request-1']);
  journal.commit({ removals: [removal(1)] });
  expect(readJournal(path)).toMatchObject({ records: [], totals: { accepted: 1, settled: 1 } });
});

test('very many that came alone get rows of their own a few at a time', () => {
  const { journal, path } = open();
  for (let key = 1; key <= 40; key++) journal.commit({ records: [record(key)] });
  expect(journal.shrink()).toBe(false);
  expect(journal.shrink()).toBe(true);
  expect(rowsOf(path).own).toBe(16);
  journal.commit({ removals: [removal(20)] });
  expect(journal.shrink()).toBe(true);
  expect(rowsOf(path).own).toBe(31);
  expect(journal.shrink()).toBe(false);
  expect(rowsOf(path).own).toBe(39);
  expect(contents(journal).map(({ key }) => key)).toEqual(
    records(1, 40).flatMap(({ key }) => (key === 20 ? [] : [key])),
  );
  expect(addsUp(killed(path))).toBe(true);
});

test('what is large, or has several pushes, has a row of its own', () => {
  const { journal, path } = open();
  const large = record(2, { body: `{"notifications":["${'x'.repeat(20_000)}"]}` });
  journal.commit({ records: [record(1), large, record(3), record(4, { pushes: 3 }), record(5)] });
  expect(rowsOf(path)).toEqual({ own: 2, shared: 1 });
  journal.commit({ progress: [{ key: 4, notification: 0, done: Uint8Array.of(1), more: 1 }] });
  journal.commit({ removals: [removal(1), removal(2), removal(3), removal(5), { key: 4, pushes: 2 }] });
  expect(readJournal(path)).toMatchObject({ records: [], totals: { accepted: 7, settled: 7 } });
});

test('a great backlog is not kept so: a kill leaves little to be taken apart', () => {
  const { journal, path } = open();
  const body = `{"notifications":["${'x'.repeat(4000)}"]}`;
  for (let key = 1; key <= 8000; key += 40)
    journal.commit({ records: records(key, key + 39).map((each) => ({ ...each, body })) });
  const { own, shared } = rowsOf(path);
  expect(shared).toBeLessThan(1100);
  expect(own).toBeGreaterThan(1000);
  expect(addsUp(path)).toBe(true);
});

test('what an id begins with finds them in shared rows', () => {
  const { journal } = open();
  journal.commit({ records: [...records(1, 2), record(3, { id: 'hub-3' }), record(4, { pushes: 2, id: 'hub-4' })] });
  journal.commit({ removals: [removal(1)] });
  expect(journal.kept('hub-')).toEqual([
    { id: 'hub-4', open: 2 },
    { id: 'hub-3', open: 1 },
  ]);
  expect(journal.kept('')).toHaveLength(3);
});

test('targets are erased from them, and the others stay', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 3) });
  journal.erase({ app: 'default', names: new Set(['token-2']), addresses: new Set() } as never, []);
  const { records: left } = readJournal(path);
  expect(left.map(({ body, isDamaged }) => [Buffer.from(body).toString(), isDamaged])).toEqual([
    [bodyOf(1), undefined],
    [bodyOf(2).replace('token-2', '~erased~'), undefined],
    [bodyOf(3), undefined],
  ]);
  journal.commit({ removals: [removal(1), removal(2), removal(3)] });
  expect(readJournal(path).totals).toEqual({ accepted: 3, settled: 3 });
});

test('rows are written over one after the other, and a kill at any moment leaves what is open and nothing else', () => {
  const { journal, path } = open();
  const held = [3, 57];
  for (let turn = 0; turn < 30; turn++) {
    const from = 1 + turn * 10;
    const settled = records(from - 10, from - 1).filter(({ key }) => key > 0 && !held.includes(key));
    // Every other turn settles what was before it by itself.
    if (turn % 2 === 1) journal.commit({ removals: settled.map(({ key }) => removal(key)) });
    const removals = turn % 2 === 1 ? [] : settled.map(({ key }) => removal(key));
    journal.commit({ records: records(from, from + 9), removals });
    if (turn === 20) for (let look = 0; look < 3; look++) journal.shrink();
    const open = [...held.filter((key) => key < from), ...records(from, from + 9).map(({ key }) => key)];
    const copy = killed(path);
    expect(readJournal(copy).records.map(({ key }) => key)).toEqual(open);
    expect(addsUp(copy)).toBe(true);
    const next = new Journal(copy, 'normal');
    expect(contents(next)).toMatchObject(open.map((key) => record(key)));
    next.close();
    expect(readJournal(copy).totals).toEqual({ accepted: from + 9, settled: from + 9 - open.length });
  }
  expect(rowsOf(path).shared).toBeLessThan(30);
});

test('what is settled one by one does not take a row each', () => {
  const { journal, path } = open();
  for (let key = 1; key <= 40; key += 10) journal.commit({ records: records(key, key + 9) });
  for (let key = 2; key <= 39; key++) journal.commit({ removals: [removal(key)] });
  expect(rowsOf(path).shared).toBe(5);
  expect(readJournal(killed(path)).records.map(({ key }) => key)).toEqual([1, 40]);
});

test('very many that are settled at once have gone', () => {
  const { journal, path } = open();
  for (let key = 1; key <= 3000; key += 30) journal.commit({ records: records(key, key + 29) });
  journal.commit({
    records: records(3001, 3010),
    removals: records(2, 3000).map(({ key }) => removal(key)),
  });
  const copy = killed(path);
  expect(readJournal(copy).records.map(({ key }) => key)).toEqual([1, ...records(3001, 3010).map(({ key }) => key)]);
  expect(addsUp(copy)).toBe(true);
});

test('a row of which there is no telling what it holds comes back as a record that is damaged', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 3) });
  journal.commit({ records: records(4, 8) });
  const copy = killed(path);
  const db = new DatabaseSync(copy);
  db.exec('UPDATE bundle SET body = zeroblob(16000) WHERE slot = 1');
  db.close();
  const { journal: next } = open(copy);
  expect(next.record(9)).toMatchObject({ id: '', pushes: 3, isDamaged: true });
  expect([...next.records()].filter(({ isDamaged }) => !isDamaged).map(({ key }) => key)).toEqual([4, 5, 6, 7, 8]);
  expect(addsUp(copy)).toBe(true);
});

test('a body that the disk has changed is damaged, and those beside it are not', () => {
  const { journal, path } = open();
  journal.commit({ records: records(1, 3) });
  const copy = killed(path);
  const db = new DatabaseSync(copy);
  const { body } = db.prepare('SELECT body FROM bundle').get() as { body: Uint8Array };
  const at = Buffer.from(body).indexOf('token-2');
  body[at] = (body[at] as number) ^ 1;
  db.prepare('UPDATE bundle SET body = ?').run(body);
  db.close();
  const { journal: next } = open(copy);
  expect([...next.records()].map(({ key, isDamaged }) => [key, isDamaged])).toEqual([
    [1, undefined],
    [2, true],
    [3, undefined],
  ]);
});
