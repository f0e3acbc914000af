import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createLocalQueue } from '../../src/queue/create-queue.ts';
import type { PushesFor } from '../../src/queue/file/file-format.ts';
import { Journal } from '../../src/queue/file/journal.ts';
import { readJournal } from '../../src/queue/file/read-journal.ts';
import type { Queue, QueueEntry } from '../../src/queue/queue.ts';
import { laneId } from '../support/lane-id.ts';

const LANE = laneId();

const folders: string[] = [];
const queues: Queue[] = [];

afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-files-'));
  folders.push(folder);
  return folder;
}

function entry(id: string): QueueEntry {
  const tokens = [id];
  return {
    request: { id, app: 'default', acceptedAt: Date.now() },
    index: 0,
    app: 'default',
    lane: LANE,
    platform: 'ios',
    provider: 'apns',
    environment: 'production',
    notification: { platform: 1, tokens },
    groups: [{ kind: 'token', targets: tokens }],
    urgent: false,
    slice: 100,
    since: performance.now(),
    open: 1,
    key: 0,
    cost: 0,
  };
}

function create(path: string, pushesFor?: PushesFor, requireDurable = false) {
  const told: string[] = [];
  const queue = createLocalQueue({
    path,
    sync: 'normal',
    limit: 100,
    requireDurable,
    ...(pushesFor ? { pushesFor } : {}),
    wake: () => {},
    restore: ({ id }) => [entry(id)],
    tell: (level, message) => told.push(`${level}: ${message}`),
  });
  queues.push(queue);
  return { queue, told };
}

const append = (queue: Queue, id: string) => queue.append([entry(id)], () => '{"notifications":[]}');

test('makes the folder of its file', async () => {
  const path = join(newFolder(), 'deep', 'data', 'queue.db');
  const { queue, told } = create(path);
  await append(queue, 'a');
  expect(existsSync(path)).toBe(true);
  expect(told).toEqual([]);
});

test('two queues never share a file; the second takes a name of its own', async () => {
  const folder = newFolder();
  const first = create(join(folder, 'queue.db'));
  const second = create(join(folder, 'queue.db'));
  await append(first.queue, 'a');
  await append(second.queue, 'b');
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['queue.db', 'queue-1.db']));
  expect(first.queue.take(LANE, 9)?.targets).toEqual(['a']);
  expect(second.queue.take(LANE, 9)?.targets).toEqual(['b']);
});

test('a file whose process has ended is taken over, and removed', async () => {
  const folder = newFolder();
  const journal = new Journal(join(folder, 'queue-7.db'), 'normal');
  const body = '{"notifications":[]}';
  journal.commit({ records: [{ key: 5, id: 'orphan', app: 'default', acceptedAt: 1, pushes: 1, body }] });
  journal.close();
  const { queue, told } = create(join(folder, 'queue.db'));
  await expect.poll(() => queue.take(LANE, 9)?.targets).toEqual(['orphan']);
  expect(existsSync(join(folder, 'queue-7.db'))).toBe(false);
  expect(told.join()).toContain('took over 1 requests');
});

test('what a file that is taken over knows of deaths, and what it has set aside, comes along', async () => {
  const folder = newFolder();
  const record = (key: number, id: string) => ({ key, id, app: 'default', acceptedAt: 1, pushes: 1, body: '{}' });
  const journal = new Journal(join(folder, 'queue-7.db'), 'normal');
  journal.commit({ records: [record(1, 'aside'), record(2, 'suspect'), record(3, 'other')] });
  journal.commit({ removals: [{ key: 1, pushes: 1, aside: { reason: 'SetAside', at: 2 } }] });
  journal.deaths.add(2, 4);
  journal.close();
  const { queue } = create(join(folder, 'queue.db'));
  const targets: string[] = [];
  await expect
    .poll(() => {
      targets.push(...(queue.take(LANE, 9)?.targets ?? []));
      return targets;
    })
    .toEqual(['other', 'suspect']);
  await queue.close();
  const { records, aside } = readJournal(join(folder, 'queue.db'));
  expect(records.map(({ id }) => id)).toEqual(['suspect', 'other']);
  expect(aside).toMatchObject([{ id: 'aside', reason: 'SetAside' }]);
  const again = new Journal(join(folder, 'queue.db'), 'normal');
  expect(again.deaths.held()).toMatchObject([{ deaths: 4, pushes: 1 }]);
  again.close();
});

test('a damaged file is set aside under a name with the date, told loudly, and a new one begun', async () => {
  const folder = newFolder();
  const path = join(folder, 'queue.db');
  await create(path).queue.close();
  // Whose it is, its first page still says.
  writeFileSync(path, readFileSync(path).fill(0xa5, 100));
  const { queue, told } = create(path);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^error: .*cannot be read.*damaged-\d{4}-\d\d-\d\dT/);
  expect(readdirSync(folder).filter((name) => name.includes('damaged-'))).toHaveLength(1);
  await append(queue, 'a');
  expect(queue.take(LANE, 9)?.targets).toEqual(['a']);
});

test('a file of something else ends the start by name, and is as it was', () => {
  const folder = newFolder();
  const path = join(folder, 'report.xlsx');
  writeFileSync(path, 'Quarterly figures');
  expect(() => create(path)).toThrow(
    `queue.local.path: ${path} is no SQLite file and no queue file of Martlet: it was not touched`,
  );
  expect(readdirSync(folder)).toEqual(['report.xlsx']);
  expect(readFileSync(path, 'utf8')).toBe('Quarterly figures');
});

test('a file of something else beside the queue file is neither taken over, nor used, nor removed', async () => {
  const folder = newFolder();
  const other = new DatabaseSync(join(folder, 'queue-1.db'));
  other.exec('CREATE TABLE customer (name TEXT)');
  other.close();
  writeFileSync(join(folder, 'queue-7.db'), 'notes');
  const before = readFileSync(join(folder, 'queue-1.db'));
  const first = create(join(folder, 'queue.db'));
  const second = create(join(folder, 'queue.db'));
  await sleep(20);
  expect(existsSync(join(folder, 'queue-2.db'))).toBe(true);
  expect(readFileSync(join(folder, 'queue-1.db'))).toEqual(before);
  expect(readFileSync(join(folder, 'queue-7.db'), 'utf8')).toBe('notes');
  expect(existsSync(join(folder, 'queue-1.db.lock'))).toBe(false);
  await first.queue.close();
  await second.queue.close();
});

describe('a file that holds pushes', () => {
  const waiting = async (pushesFor: PushesFor | undefined): Promise<string> => {
    const path = join(newFolder(), 'queue.db');
    const { queue } = create(path, pushesFor);
    await append(queue, 'a');
    await queue.close();
    return path;
  };

  test('for real providers is not opened in sandbox mode, and keeps them', async () => {
    for (const before of ['providers', undefined] as const) {
      const path = await waiting(before);
      expect(() => create(path, 'sandbox')).toThrow(
        `queue.local.path: ${path} holds 1 requests and 0 reports for real providers`,
      );
      const { queue } = create(path, 'providers');
      await expect.poll(() => queue.take(LANE, 9)?.targets).toEqual(['a']);
    }
  });

  test('of sandbox mode is not opened for real providers', async () => {
    const path = await waiting('sandbox');
    expect(() => create(path, 'providers')).toThrow('accepted in sandbox mode');
    const { queue } = create(path, 'sandbox');
    await expect.poll(() => queue.take(LANE, 9)?.targets).toEqual(['a']);
  });

  test('goes either way once it is empty', async () => {
    const path = await waiting('sandbox');
    const { queue } = create(path, 'sandbox');
    await expect.poll(() => queue.depth(LANE).waiting).toBe(1);
    const batch = queue.take(LANE, 9);
    if (batch) queue.settle(batch, [0]);
    await queue.close();
    for (const pushesFor of ['providers', 'sandbox', 'providers'] as const) {
      await create(path, pushesFor).queue.close();
      expect(readJournal(path).pushesFor).toBe(pushesFor);
    }
  });

  test('for others, beside the queue file, is not taken over, which is told once', async () => {
    const sibling = await waiting('sandbox');
    const folder = dirname(sibling);
    renameSync(sibling, join(folder, 'queue-7.db'));
    const { queue, told } = create(join(folder, 'queue.db'), 'providers');
    const stays = /^warn: .*queue-7\.db holds 1 requests .* sandbox mode.*; it stays$/;
    await expect.poll(() => told).toEqual([expect.stringMatching(stays)]);
    expect(queue.depth().notifications).toBe(0);
    expect(existsSync(join(folder, 'queue-7.db'))).toBe(true);
  });
});

test('where the folder cannot be written the queue is in memory, and says so in its health', async () => {
  const folder = newFolder();
  // A file in the place of the folder stops root as well, whom permissions do not.
  writeFileSync(join(folder, 'data'), '');
  const { queue, told } = create(join(folder, 'data', 'queue.db'));
  await append(queue, 'a');
  expect(queue.take(LANE, 9)?.targets).toEqual(['a']);
  expect(told[0]).toMatch(/^warn: queue.local.path: cannot write/);
  expect(queue.health()).toMatchObject({ status: 'warn', output: expect.stringContaining('memory') });
});

test('queue.require_durable: a folder that cannot be written ends the start, and no push is taken', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(() => create(join(folder, 'file', 'queue.db'), undefined, true)).toThrow(
    /^queue\.local\.path: cannot write .*; queue\.require_durable forbids a queue in memory$/,
  );
});

test('an empty path is memory on purpose, without a word', async () => {
  const { queue, told } = create('');
  await append(queue, 'a');
  expect(queue.health()).toEqual({ status: 'pass' });
  expect(told).toEqual([]);
});

test('the totals of a file add up: accepted is settled and what remains', async () => {
  const folder = newFolder();
  const path = join(folder, 'queue.db');
  const { queue } = create(path);
  for (const id of ['a', 'b', 'c']) await append(queue, id);
  const batch = queue.take(LANE, 9);
  if (batch) queue.settle(batch, [0]);
  await queue.close();
  const { totals, records } = readJournal(path);
  expect({ ...totals }).toEqual({ accepted: 3, settled: 1 });
  expect(records.map((record) => record.id)).toEqual(['b', 'c']);
});

test('a file that cannot be opened, though nothing says that it is damaged, is left where it is', () => {
  const folder = newFolder();
  const path = join(folder, 'queue.db');
  mkdirSync(path);
  expect(() => create(path)).toThrow(/^queue\.local\.path: cannot open .*queue\.db: /);
  expect(readdirSync(folder).filter((name) => name.includes('damaged-'))).toEqual([]);
});
