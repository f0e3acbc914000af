import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { markFile } from '../../../src/hub/streams/mark-file.ts';
import { personKey } from '../../../src/hub/streams/person-key.ts';
import { SqlStreamStore } from '../../../src/hub/streams/sql-stream-store.ts';
import { streamsPart } from '../../../src/hub/streams/streams-part.ts';
import type { StreamEntry } from '../../../src/streams/stream-store.ts';
import { Clock, change, directory } from '../directory.ts';
import { exportOf } from '../export-of.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'martlet-streams-'));
});
const open: { close(): Promise<void> }[] = [];
const closeAll = async (): Promise<void> => {
  for (const each of open.splice(0).toReversed()) await each.close();
};
afterEach(async () => {
  await closeAll();
  rmSync(folder, { recursive: true, force: true });
});

const ada = personKey('default', 'ada');
const said: string[] = [];
const many = (count: number, user = ada): StreamEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    user,
    draft: { type: 'test', payload: `"canary ${index}"`, timestamp: '2026-05-08T10:00:00Z' },
  }));

async function opened(): Promise<{ store: HubStore; streams: SqlStreamStore }> {
  const path = join(folder, 'hub.db');
  const store = await openHubStore({ path, postgres: '', master: undefined, tell: () => undefined });
  const streams = new SqlStreamStore({ store, mark: markFile(`${path}.mark`), tell: (_, text) => said.push(text) });
  open.push(store, streams);
  return { store, streams };
}

test('readers go on over a restart of the store', async () => {
  const first = await opened();
  const saved = await first.streams.saveBatch(many(3));
  await closeAll();
  const { streams } = await opened();
  const page = await streams.list(ada, saved[0]?.id as string);
  expect([page.reset, page.events.map(({ id }) => id)]).toEqual([undefined, saved.slice(1).map(({ id }) => id)]);
  expect((await streams.saveBatch(many(1)))[0]?.id).toMatch(/\.0000000000000004$/);
});

test('transactions that write events do not each ask when the streams began', async () => {
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => undefined });
  let reads = 0;
  const read = async (): Promise<number> => ++reads && 0;
  const streams = new SqlStreamStore({ store, mark: { read, write: async () => {} } });
  open.push(store, streams);
  await store.write((tx) => streams.saveIn(tx, many(1)));
  // The one that is asked once for all has been answered behind the one that wrote.
  await store.write(async () => {});
  const asked = reads;
  for (let turn = 0; turn < 3; turn++) await store.write((tx) => streams.saveIn(tx, many(1)));
  expect(reads).toBe(asked);
});

test('many people are looked up a part at a time, and what else waits has its turn in between', async () => {
  const { streams } = await opened();
  const users = Array.from({ length: 1000 }, (_, index) => personKey('default', `person ${index}`));
  const saved = await streams.saveBatch(users.slice(0, 500).map((user) => many(1, user)[0] as StreamEntry));
  let turns = 0;
  let isOver = false;
  const count = async (): Promise<void> => {
    for (; !isOver; turns++) await new Promise(setImmediate);
  };
  const counting = count();
  const bounds = await streams.bounds(users);
  isOver = true;
  await counting;
  expect(turns).toBeGreaterThanOrEqual(9);
  expect(users.slice(0, 500).map((user) => bounds.get(user)?.head)).toEqual(saved.map(({ id }) => id));
  expect(bounds.size).toBe(1000);
});

test('an old copy of the store that is put back begins with a new epoch, and a store that is what it was does not', async () => {
  const path = join(folder, 'hub.db');
  await (await opened()).streams.saveBatch(many(100));
  await closeAll();
  copyFileSync(path, join(folder, 'copy.db'));
  const { streams } = await opened();
  let last = '';
  for (let index = 0; index < 3; index++) last = (await streams.saveBatch(many(100))).at(-1)?.id as string;
  await closeAll();
  const again = await opened();
  expect((await again.streams.list(ada, last)).reset).toBeUndefined();
  await closeAll();
  for (const name of readdirSync(folder)) if (/-(wal|shm)$/.test(name)) rmSync(join(folder, name));
  copyFileSync(join(folder, 'copy.db'), path);
  const old = await opened();
  // As many as were lost, so that the id exists again.
  await old.streams.saveBatch(many(300));
  const page = await old.streams.list(ada, last);
  expect(page.reset).toBe('unknown_epoch');
  expect(page.bounds.head > last).toBe(true);
  expect(said.join()).toContain('older than its mark');
});

test('an erasure takes the stream with it, leaves no byte of it, and no id of before counts afterwards', async () => {
  const { store, streams } = await opened();
  const clock = new Clock();
  const { people } = directory(store, clock, { parts: [streamsPart(store)] });
  await people.put({ ...change, id: 'ada' }, {});
  const saved = await streams.saveBatch(many(5));
  expect(await exportOf(people, 'default', 'ada')).toMatchObject({
    stream: saved.map(({ id, type, timestamp, payload }) => ({ id, type, timestamp, payload: JSON.parse(payload) })),
  });
  await streams.saveBatch(many(1, personKey('default', 'bob')));
  clock.ms = Date.now();
  expect(await people.erase({ ...change, id: 'ada' })).toMatchObject({ events: 5 });
  expect(readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes('canary'))).toEqual([]);
  expect((await streams.list(ada, '')).events).toEqual([]);
  await streams.saveBatch(many(9));
  expect((await streams.list(ada, saved[2]?.id as string)).reset).toBe('unknown_epoch');
  expect((await streams.list(personKey('default', 'bob'), '')).events).toHaveLength(1);
});

test('people of two apps with one name never meet', async () => {
  const { streams } = await opened();
  const other = personKey('other', 'ada');
  const [one] = await streams.saveBatch(many(1));
  await streams.saveBatch(many(2, other));
  expect((await streams.list(other, '')).events).toHaveLength(2);
  expect((await streams.list(other, one?.id as string)).reset).toBe('foreign');
});

test('one entry that cannot be saved fails no others', async () => {
  const { streams } = await opened();
  const bad = { user: ada, draft: { type: null as unknown as string, payload: '1', timestamp: '' } };
  const saving = [streams.saveBatch(many(1)), streams.saveBatch([bad]), streams.saveBatch(many(2))];
  const [first, failed, last] = await Promise.allSettled(saving);
  expect([first?.status, failed?.status, last?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await streams.list(ada, '')).events).toHaveLength(3);
});
