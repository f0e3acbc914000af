import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { Journal } from '../../../../src/queue/file/journal.ts';
import { readJournal } from '../../../../src/queue/file/read-journal.ts';

/** As an earlier version wrote it: the requests r0, r1 and r2 under the keys 7, 9 and 11. */
const BODY = Buffer.from(
  'TWx0QsoAAAB2o4E+W1swLCJyMCIsImRlZmF1bHQiLDE3MDAwMDAwMDAwMDAsMCw2NSwzMjA2MTEyNzddLFsyLCJyMSIsImRlZmF1bHQiLDE3MDAwMDAwMDAwMDEsIjAwLTBhZjc2NTE5MTZjZDQzZGQ4NDQ4ZWIyMTFjODAzMTljLWI3YWQ2YjcxNjkyMDMzMzEtMDEiLDY1LDE1OTA1ODg3MThdLFs0LCJyMiIsImRlZmF1bHQiLDE3MDAwMDAwMDAwMDIsMCw2NSwxNzQxMjgzOTddXXsibm90aWZpY2F0aW9ucyI6W3sidG9rZW5zIjpbInQwIl0sInBsYXRmb3JtIjoxLCJtZXNzYWdlIjoibTAifV19eyJub3RpZmljYXRpb25zIjpbeyJ0b2tlbnMiOlsidDEiXSwicGxhdGZvcm0iOjEsIm1lc3NhZ2UiOiJtMSJ9XX17Im5vdGlmaWNhdGlvbnMiOlt7InRva2VucyI6WyJ0MiJdLCJwbGF0Zm9ybSI6MSwibWVzc2FnZSI6Im0yIn1dfQ==',
  'base64',
);

const folder = mkdtempSync(join(tmpdir(), 'martlet-former-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** A file that a killed process of an earlier version has left. @param settled places of members */
function left(body: Buffer, settled: readonly number[] = []): string {
  const path = join(folder, `queue-${files++}.db`);
  new Journal(path, 'normal').close();
  const db = new DatabaseSync(path);
  db.prepare("INSERT INTO request VALUES (7, '', '', 1700000000000, 3, ?, NULL)").run(body);
  const bits = settled.reduce((all, place) => all | (1 << place), 0);
  if (settled.length > 0) db.prepare('INSERT INTO progress VALUES (7, 0, ?)').run(Buffer.from([bits]));
  db.prepare('UPDATE totals SET accepted = 3, settled = ?').run(settled.length);
  db.close();
  return path;
}
function open(path: string): Journal {
  const journal = new Journal(path, 'normal');
  onTestFinished(() => journal.close());
  return journal;
}
const told = (records: Iterable<{ readonly key: number; readonly id: string; readonly isDamaged?: true }>) =>
  [...records].map(({ key, id, isDamaged }) => [key, id, isDamaged ?? false]);

test('what shares a row of an earlier version is read, and has rows of its own with the next start', () => {
  const path = left(BODY);
  const all = [
    [7, 'r0', false],
    [9, 'r1', false],
    [11, 'r2', false],
  ];
  expect(told(readJournal(path).records)).toEqual(all);
  const [, second] = [...open(path).records()];
  expect(Buffer.from(second?.body ?? []).toString()).toContain('"tokens":["t1"]');
  expect(second).toMatchObject({
    acceptedAt: 1_700_000_000_001,
    trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  expect(told(readJournal(path).records)).toEqual(all);
});

test('those that were settled are not there', () => {
  const path = left(BODY, [0, 2]);
  expect(told(readJournal(path).records)).toEqual([[9, 'r1', false]]);
  expect(told(open(path).records())).toEqual([[9, 'r1', false]]);
  const { totals } = readJournal(path);
  expect(totals.accepted - totals.settled).toBe(1);
});

test('a changed byte of a member damages that one, and one of the head the row', () => {
  const member = Buffer.from(BODY);
  member[member.length - 3] = 0;
  expect(told(open(left(member)).records()).map(([, , isDamaged]) => isDamaged)).toEqual([false, false, true]);
  const head = Buffer.from(BODY);
  head[20] = 0;
  expect(told(open(left(head)).records())).toEqual([[7, '', true]]);
});
