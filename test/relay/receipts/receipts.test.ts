import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Accepted, LateOutcome } from '../../../src/push/push.ts';
import { ReceiptFile } from '../../../src/relay/receipts/receipt-file.ts';
import { Receipts } from '../../../src/relay/receipts/receipts.ts';
import { settlement } from '../../support/settlement.ts';

const BEGIN = 1_700_000_000_000;
const HOUR = 3_600_000;
const DEAD = { kind: 'failed', category: 'invalid_token', reason: 'DeviceNotRegistered', error: 'gone' } as const;

let folder: string;
let now: number;
const open: Receipts[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'martlet-receipts-'));
  now = BEGIN;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** A process on the file of the test. */
function start(path = join(folder, 'receipts.db')) {
  const late: LateOutcome[] = [];
  const complaints: string[] = [];
  const receipts = new Receipts({
    path,
    forms: new Map([['pager', { shown: (target: string) => `<${target}>` }]]),
    report: (outcome) => late.push(outcome),
    tell: (_, message) => complaints.push(message),
    now: () => now,
  });
  open.push(receipts);
  return { receipts, pager: receipts.of('pager'), late, complaints };
}

const tick = (times = 1): void => {
  for (let count = 0; count < times; count++) vi.advanceTimersByTime(1000);
};

/** The process ends without a word: its timers stop, nothing is deleted. */
function crash(process: ReturnType<typeof start>): void {
  open.splice(open.indexOf(process.receipts), 1);
  vi.clearAllTimers();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Pushes that the provider has accepted under these ids. */
async function accepted(
  { receipts }: ReturnType<typeof start>,
  ids: readonly string[],
  receipt = {},
  app = 'acme',
): Promise<void> {
  const outcomes = ids.map(
    (providerId): Accepted => ({ kind: 'accepted', providerId, receipt: { until: now + 24 * HOUR, ...receipt } }),
  );
  const targets = ids.map((id) => `device-of-${id}`);
  receipts.events.settled(
    settlement(targets, outcomes, {
      provider: 'pager',
      platform: 'pager',
      app,
      notification: { platform: 99, tokens: targets, notif_id: 'order-1', message: 'hi', title: 'a title' },
      index: 2,
      attempts: 3,
    }),
  );
  await turn();
}

describe('a verdict', () => {
  test('is told with everything that the push was known by', async () => {
    const process = start();
    await accepted(process, ['a', 'b']);
    now += HOUR;
    process.pager.report('acme', 'b', DEAD);
    expect(process.late).toEqual([
      {
        verdict: 'failed',
        settlement: expect.objectContaining({
          app: 'acme',
          provider: 'pager',
          platform: 'pager',
          requestId: 'r1',
          index: 2,
          targets: ['device-of-b'],
          outcomes: [{ ...DEAD, providerId: 'b' }],
          attempts: 3,
          late: true,
          notification: { platform: 99, tokens: [], notif_id: 'order-1', message: 'hi' },
        }),
      },
    ]);
    expect(process.late[0]?.settlement.targetForm?.shown?.('x', 'token')).toBe('<x>');
  });

  test('of a receipt that cannot be read is a line in the log, and holds no other up', async () => {
    const process = start();
    await accepted(process, ['a', 'b', 'c'], { until: now + HOUR });
    const db = new DatabaseSync(join(folder, 'receipts.db'));
    db.exec("UPDATE receipt SET about = 'no json' WHERE id IN ('a', 'b')");
    db.close();
    for (const id of ['a', 'c']) process.pager.report('acme', id, DEAD);
    expect(process.late.map(({ settlement }) => settlement.targets)).toEqual([['device-of-c']]);
    tick(3);
    now += 2 * HOUR;
    tick(3);
    expect(process.complaints).toEqual([
      expect.stringContaining('receipt a of pager (app acme) cannot be read, and is forgotten'),
      expect.stringContaining('receipt b of pager (app acme) cannot be read, and is forgotten'),
    ]);
    expect(process.late).toHaveLength(1);
  });

  test('is told once, however often it comes', async () => {
    const process = start();
    await accepted(process, ['a']);
    for (let times = 0; times < 3; times++) process.pager.report('acme', 'a', { kind: 'delivered' });
    tick(3);
    process.pager.report('acme', 'a', { kind: 'delivered' });
    tick(100);
    expect(process.late.map(({ verdict }) => verdict)).toEqual(['delivered']);
  });

  test('is told once by two processes that hear of it at the same time', async () => {
    const one = start();
    const other = start();
    await accepted(one, ['a']);
    other.pager.report('acme', 'a', DEAD);
    one.pager.report('acme', 'a', DEAD);
    tick(3);
    expect([...one.late, ...other.late]).toHaveLength(1);
  });

  test('"sent" says nothing yet', async () => {
    const process = start();
    await accepted(process, ['a']);
    process.pager.report('acme', 'a', { kind: 'sent' });
    process.pager.report('acme', 'a', { kind: 'delivered' });
    expect(process.late).toHaveLength(1);
  });

  test('that comes before its push waits for it, in another process as well', async () => {
    const one = start();
    const other = start();
    other.pager.report('acme', 'a', DEAD);
    expect(other.late).toEqual([]);
    now += 30_000;
    await accepted(one, ['a']);
    expect(one.late.map(({ verdict }) => verdict)).toEqual(['failed']);
  });

  test('of another app than the push is of is not heard', async () => {
    const process = start();
    await accepted(process, ['a']);
    process.pager.report('evil', 'a', DEAD);
    tick(5);
    expect(process.late).toEqual([]);
    process.pager.report('acme', 'a', { kind: 'delivered' });
    expect(process.late.map(({ verdict }) => verdict)).toEqual(['delivered']);
  });

  test('that comes before its push waits for it, however many another app hands in, under the same id too', async () => {
    const process = start();
    process.pager.report('acme', 'a', DEAD);
    process.pager.report('evil', 'a', { kind: 'delivered' });
    for (let index = 0; index < 10_000; index++) process.pager.report('evil', `forged-${index}`, DEAD);
    await accepted(process, ['a']);
    expect(process.late.map(({ verdict }) => verdict)).toEqual(['failed']);
  });

  test('for a push that never comes is forgotten after a minute', async () => {
    const process = start();
    process.pager.report('acme', 'a', DEAD);
    now += 61_000;
    tick();
    await accepted(process, ['a']);
    expect(process.late).toEqual([]);
  });
});

describe('what is expected', () => {
  test('is asked about from its time on, then after each pause', async () => {
    const process = start();
    await accepted(process, ['a', 'b'], { askAt: now + 900_000 });
    const ids = (): string[] => process.pager.due('acme', 10, (asked) => asked * 1000).map(({ id }) => id);
    expect(process.pager.apps()).toEqual(['acme']);
    expect(ids()).toEqual([]);
    now += 900_000;
    expect(ids()).toEqual(['a', 'b']);
    expect(ids()).toEqual([]);
    now += 1000;
    expect(ids()).toEqual(['a', 'b']);
    now += 1999;
    expect(ids()).toEqual([]);
    now += 1;
    expect(ids()).toEqual(['a', 'b']);
  });

  test('is shared out among processes', async () => {
    const one = start();
    const other = start();
    await accepted(
      one,
      Array.from({ length: 10 }, (_, index) => `id-${index}`),
      { askAt: now },
    );
    const asked = [one, other, one].flatMap(({ pager }) => pager.due('acme', 4, () => HOUR).map(({ id }) => id));
    expect(new Set(asked).size).toBe(10);
  });

  test('survives a restart, and names its providers then', async () => {
    const before = start();
    await accepted(before, ['a'], { askAt: now });
    crash(before);
    const after = start();
    expect(after.receipts.providersLeft()).toEqual(['pager']);
    expect(after.pager.due('acme', 10, () => HOUR).map(({ id }) => id)).toEqual(['a']);
    after.pager.report('acme', 'a', DEAD);
    expect(after.late).toHaveLength(1);
  });

  test('is given up when its time is over, and told as unknown', async () => {
    const process = start();
    await accepted(process, ['a']);
    now += 24 * HOUR + 1;
    tick();
    process.pager.report('acme', 'a', DEAD);
    expect(process.late.map(({ verdict }) => verdict)).toEqual(['unknown']);
  });

  test('can be given up earlier', async () => {
    const process = start();
    await accepted(process, ['a', 'b']);
    process.pager.forget(['a', 'nobody']);
    tick();
    expect(process.late.map(({ verdict, settlement: { targets } }) => [verdict, targets])).toEqual([
      ['unknown', ['device-of-a']],
    ]);
  });

  test('makes no file as long as there is nothing', async () => {
    const process = start();
    process.receipts.events.settled(settlement(['a'], undefined, { provider: 'pager' }));
    process.pager.due('acme', 10, () => HOUR);
    process.pager.forget(['a']);
    expect(process.receipts.providersLeft()).toEqual([]);
    await turn();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a process that ends', () => {
  test('between the mark and the listeners leaves the verdict to another, a minute later', async () => {
    const before = start();
    await accepted(before, ['a']);
    before.pager.report('acme', 'a', DEAD);
    crash(before);
    const after = start();
    after.receipts.providersLeft();
    now += 59_000;
    tick();
    expect(after.late).toEqual([]);
    now += 2000;
    tick();
    expect(after.late.map(({ verdict }) => verdict)).toEqual(['failed']);
  });

  test('in order leaves nothing to tell again', async () => {
    const before = start();
    await accepted(before, ['a']);
    before.pager.report('acme', 'a', DEAD);
    before.receipts.close();
    const after = start();
    expect(after.receipts.providersLeft()).toEqual([]);
    now += 2 * HOUR;
    tick();
    expect(after.late).toEqual([]);
  });

  test('reports nothing after it is closed', async () => {
    const process = start();
    await accepted(process, ['a']);
    process.receipts.close();
    process.pager.report('acme', 'a', DEAD);
    process.receipts.events.settled(settlement(['a'], undefined, { provider: 'pager' }));
    await turn();
    expect(process.late).toEqual([]);
  });
});

describe('a file', () => {
  test('that is damaged is moved aside, and receipts are kept in a new one', async () => {
    const path = join(folder, 'receipts.db');
    writeFileSync(path, 'this is not SQLite, though it is long enough to be taken for it'.repeat(20));
    const process = start();
    expect(process.receipts.providersLeft()).toEqual([]);
    await accepted(process, ['a']);
    process.pager.report('acme', 'a', DEAD);
    expect(process.late).toHaveLength(1);
    expect(process.complaints.join()).toContain('damaged');
    expect(readdirSync(folder).some((name) => name.includes('.damaged-'))).toBe(true);
  });

  test('that cannot be written is tried again, and nothing is lost', async () => {
    const path = join(folder, 'later', 'receipts.db');
    writeFileSync(join(folder, 'later'), 'a file where a folder should be');
    const process = start(path);
    await accepted(process, ['a']);
    process.pager.report('acme', 'a', DEAD);
    tick();
    expect(process.late).toEqual([]);
    expect(process.complaints).toHaveLength(1);
    rmSync(join(folder, 'later'));
    tick();
    expect(process.late.map(({ verdict }) => verdict)).toEqual(['failed']);
  });

  test('that cannot be written loses what one app has too many of, and nothing of another', async () => {
    const path = join(folder, 'later', 'receipts.db');
    writeFileSync(join(folder, 'later'), 'a file where a folder should be');
    const process = start(path);
    await accepted(process, ['quiet'], {}, 'quiet');
    const loud = Array.from({ length: 12_000 }, (_, index) => `loud-${index}`);
    await accepted(process, loud, {}, 'loud');
    process.pager.report('quiet', 'quiet', DEAD);
    for (const id of loud) process.pager.report('loud', id, DEAD);
    rmSync(join(folder, 'later'));
    tick();
    expect(process.late.length).toBeLessThanOrEqual(100);
    await expect.poll(() => process.late.length, { timeout: 100_000 }).toBeGreaterThan(9000);
    expect(process.late.length).toBeLessThanOrEqual(10_000);
    expect(process.late.filter(({ settlement: { app } }) => app === 'quiet')).toHaveLength(1);
    expect(process.complaints.join()).toContain('receipts are lost');
  });

  test('that is larger than it may be gives up what the app with most has, not what ends first', async () => {
    const file = new ReceiptFile(join(folder, 'receipts.db'));
    const receipt = (app: string, id: string, until: number) => {
      return { provider: 'pager', id, app, since: BEGIN, until, ask: null, about: 'x'.repeat(500) };
    };
    file.expect(Array.from({ length: 100 }, (_, index) => receipt('quiet', `quiet-${index}`, BEGIN + HOUR)));
    file.expect(Array.from({ length: 2000 }, (_, index) => receipt('loud', `loud-${index}`, BEGIN + 2 * HOUR)));
    const given = file.expire(BEGIN, 1_000_000, 500);
    expect(given).toHaveLength(500);
    expect(new Set(given.map(({ app }) => app))).toEqual(new Set(['loud']));
    for (let times = 0; times < 10; times++) file.expire(BEGIN, 1_000_000, 500);
    expect(file.has('pager', 'loud-1999')).toBe(true);
    for (let index = 0; index < 100; index++) expect(file.has('pager', `quiet-${index}`)).toBe(true);
    expect(file.expire(BEGIN + HOUR + 1, 1e9, 500).map(({ app }) => app)).toEqual(Array(100).fill('quiet'));
    file.close();
  });

  test('that is locked by another process is tried again', async () => {
    const process = start();
    await accepted(process, ['a']);
    const { DatabaseSync } = await import('node:sqlite');
    const other = new DatabaseSync(join(folder, 'receipts.db'));
    other.exec('BEGIN IMMEDIATE');
    process.pager.report('acme', 'a', DEAD);
    expect(process.late).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    tick();
    expect(process.late).toHaveLength(1);
    expect(process.complaints).toEqual([]);
  });

  test('of memory needs no folder', async () => {
    const process = start('');
    await accepted(process, ['a']);
    process.pager.report('acme', 'a', DEAD);
    expect(process.late).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});
