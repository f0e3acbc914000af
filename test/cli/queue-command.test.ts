import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { showQueue, verifyQueue } from '../../src/cli/queue-command.ts';
import { newBits, setBit } from '../../src/kit/bits.ts';
import { Journal } from '../../src/queue/file/journal.ts';

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
  expect(parseCommandLine(['queue'])).toMatchObject({ kind: 'queue', verify: false, file: undefined });
  expect(parseCommandLine(['queue', 'q.db'])).toMatchObject({ kind: 'queue', verify: false, file: 'q.db' });
  expect(parseCommandLine(['queue', 'verify', '-c', 'x.yml'])).toMatchObject({
    verify: true,
    path: 'x.yml',
    file: undefined,
  });
  expect(parseCommandLine(['-c', 'x.yml', 'queue', 'verify', 'q.db'])).toMatchObject({
    verify: true,
    path: 'x.yml',
    file: 'q.db',
  });
  expect(parseCommandLine(['queue', 'a', 'b']).kind === 'queue').toBe(true);
});
