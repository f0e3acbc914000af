import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { changeSetAside, listAside } from '../../src/cli/queue-aside.ts';
import { showQueue, verifyQueue } from '../../src/cli/queue-command.ts';
import { newBits, setBit } from '../../src/kit/bits.ts';
import { Journal } from '../../src/queue/file/journal.ts';
import { readJournal, remaining } from '../../src/queue/file/read-journal.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const TOKEN = 'a1b2c3d4'.repeat(8);
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Two requests, of which three of five pushes are left, and a report. */
function fill(name = 'queue.db'): { path: string; journal: Journal } {
  const folder = folders[0] ?? mkdtempSync(join(tmpdir(), 'martlet-queue-command-'));
  if (folders.length === 0) folders.push(folder);
  const path = join(folder, name);
  const journal = new Journal(path, 'normal');
  const body = (notifications: object[]): string => JSON.stringify({ notifications });
  const ios = { platform: 1, tokens: [TOKEN, TOKEN, TOKEN], message: 'a secret', development: true };
  const android = { platform: 2, tokens: [TOKEN], topic: '/topics/news' };
  journal.commit({
    records: [
      { key: 1, id: 'first', app: 'default', acceptedAt: NOW - 7_200_000, pushes: 3, body: body([ios]) },
      { key: 2, id: 'second', app: 'default', acceptedAt: NOW - 5000, pushes: 2, body: body([android]) },
    ],
    reports: [{ key: 1, app: 'default', id: 'msg_1', body: '{}' }],
  });
  const done = newBits(3);
  setBit(done, 0);
  setBit(done, 1);
  journal.commit({ progress: [{ key: 1, notification: 0, done, more: 2 }] });
  return { path, journal };
}

function run(command: typeof showQueue, path: string, family = false) {
  const lines: string[] = [];
  const good = command({ path, family, say: (line) => lines.push(line), now: () => NOW });
  return { good, text: lines.join('\n') };
}

test('shows depth, age, lanes and oldest requests, of a file in use and of one that is not', () => {
  const { path, journal } = fill();
  const live = run(showQueue, path);
  journal.close();
  expect(run(showQueue, path)).toEqual(live);
  expect(live.good).toBe(true);
  expect(live.text).toContain('3 pushes of 2 requests wait, the oldest for 2 h');
  expect(live.text).toContain('1 failed pushes are still to be reported');
  expect(live.text).toMatch(/default, ios, development +1 pushes of 1 notifications/);
  expect(live.text).toMatch(/default, android +2 pushes of 1 notifications/);
  expect(live.text).toMatch(/2 h +2026-01-01T10:00:00.000Z +first +1 of 3 pushes/);
});

test('neither tokens nor contents are shown', () => {
  const { path } = fill();
  const { text } = run(showQueue, path);
  expect(text).not.toContain(TOKEN);
  expect(text).not.toContain('secret');
});

test('looking at a file leaves nothing beside it', () => {
  const { path, journal } = fill();
  journal.close();
  run(showQueue, path);
  expect(readdirSync(folders[0] as string)).toEqual(['queue.db']);
});

test('verify says whether accepted is settled and remaining', () => {
  const { path, journal } = fill();
  expect(run(verifyQueue, path)).toMatchObject({
    good: true,
    text: expect.stringContaining('accepted 5, settled 2, remaining 3: adds up'),
  });
  journal.close();
  const db = new DatabaseSync(path);
  db.exec('DELETE FROM request WHERE key = 2');
  db.close();
  expect(run(verifyQueue, path)).toMatchObject({ good: false, text: expect.stringContaining('2 missing') });
});

test('with a configuration the files of all its processes are looked at', () => {
  const { path } = fill();
  fill('queue-1.db');
  const { text } = run(verifyQueue, path, true);
  expect(text.match(/adds up/g)).toHaveLength(2);
});

test('a file that is missing or damaged is told and fails', () => {
  fill();
  const folder = folders[0] as string;
  const damaged = join(folder, 'damaged.db');
  writeFileSync(damaged, Buffer.alloc(8192, 'not a database '));
  for (const path of [join(folder, 'none.db'), damaged]) {
    expect(run(showQueue, path)).toMatchObject({ good: false, text: expect.stringContaining('cannot be read') });
  }
});

test('the command line: a file or a configuration, verify before or after the flags', () => {
  const task = { do: 'show' };
  expect(parseCommandLine(['queue'])).toMatchObject({ kind: 'queue', task, file: undefined });
  expect(parseCommandLine(['queue', 'q.db'])).toMatchObject({ kind: 'queue', task, file: 'q.db' });
  expect(parseCommandLine(['queue', 'verify', '-c', 'x.yml'])).toMatchObject({
    task: { do: 'verify' },
    path: 'x.yml',
    file: undefined,
  });
  expect(parseCommandLine(['-c', 'x.yml', 'queue', 'verify', 'q.db'])).toMatchObject({
    task: { do: 'verify' },
    path: 'x.yml',
    file: 'q.db',
  });
  expect(parseCommandLine(['queue', 'a', 'b'])).toMatchObject({ kind: 'usage-error', message: 'queue takes one file' });
});

describe('what is set aside', () => {
  function setAside(): { path: string; journal: Journal } {
    const { path, journal } = fill();
    journal.commit({ removals: [{ key: 1, pushes: 1, aside: { reason: 'Unreadable', at: NOW } }] });
    journal.commit({ reportsAside: [{ key: 1, aside: { reason: 'SetAside', at: NOW + 1000 } }] });
    return { path, journal };
  }
  const change = (path: string, verb: 'export' | 'release' | 'drop', id: string) => {
    const lines: string[] = [];
    const good = changeSetAside({ do: verb, id }, { path, family: false, say: (line) => lines.push(line) });
    return { good, lines };
  };

  test('is listed, without tokens and contents, and counted as settled', () => {
    const { path } = setAside();
    expect(run(showQueue, path).text).toContain('2 requests and reports are set aside: martlet queue aside');
    const { text } = run(listAside, path);
    expect(text).toContain('2026-01-01T12:00:00.000Z  request  first  1 pushes  of default  Unreadable');
    expect(text).toContain('2026-01-01T12:00:01.000Z  report   msg_1  of default  SetAside after 0 deaths');
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('secret');
    expect(run(verifyQueue, path).text).toContain('accepted 5, settled 3, remaining 2: adds up');
  });

  test('is exported as JSON with all that it held', () => {
    const { path } = setAside();
    const { good, lines } = change(path, 'export', 'first');
    expect(good).toBe(true);
    const [exported] = lines.map((line) => JSON.parse(line));
    expect(exported).toMatchObject({ kind: 'request', id: 'first', app: 'default', reason: 'Unreadable' });
    expect(JSON.parse(exported.body).notifications[0].tokens).toEqual([TOKEN, TOKEN, TOKEN]);
    expect(change(path, 'export', 'all').lines).toHaveLength(2);
  });

  test('released, it waits again with its progress, for the relay that has the file or for the next', () => {
    const { path, journal } = setAside();
    expect(change(path, 'release', 'all')).toEqual({ good: true, lines: ['2 released'] });
    expect(run(listAside, path).text).toContain('(released)');
    expect(journal.release()).toHaveLength(2);
    const { records, reports, aside } = readJournal(path);
    expect(records.map((record) => [record.id, remaining(record)])).toEqual([
      ['first', 1],
      ['second', 2],
    ]);
    expect([reports, aside]).toEqual([1, []]);
    expect(run(verifyQueue, path).text).toContain('accepted 6, settled 3, remaining 3: adds up');
  });

  test('dropped, it is gone', () => {
    const { path, journal } = setAside();
    expect(change(path, 'drop', 'first')).toEqual({ good: true, lines: ['1 dropped'] });
    expect(journal.aside().map(({ id }) => id)).toEqual(['msg_1']);
    expect(change(path, 'drop', 'first')).toEqual({ good: false, lines: ['nothing of the id first is set aside'] });
  });

  test('on the command line an id is needed; the file comes after it', () => {
    expect(parseCommandLine(['queue', 'aside', 'q.db'])).toMatchObject({ task: { do: 'aside' }, file: 'q.db' });
    expect(parseCommandLine(['queue', 'release', 'r1', '-c', 'x.yml'])).toMatchObject({
      task: { do: 'release', id: 'r1' },
      path: 'x.yml',
      file: undefined,
    });
    expect(parseCommandLine(['queue', 'drop', 'all', 'q.db'])).toMatchObject({
      task: { do: 'drop', id: 'all' },
      file: 'q.db',
    });
    for (const args of [
      ['queue', 'export'],
      ['queue', 'drop', '-c', 'x.yml'],
    ])
      expect(parseCommandLine(args)).toMatchObject({ kind: 'usage-error' });
  });
});
