import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { builtIn } from '../../../src/providers/registry.ts';
import type { Notification } from '../../../src/push/push.ts';
import { targetCount, targetsOf } from '../../../src/push/targets.ts';
import { encodePushRequest } from '../../../src/push/wire/encode-push-request.ts';
import { ERASED, withoutTargets } from '../../../src/queue/file/erased-targets.ts';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';
import { type Batch, placeOf, type QueueEntry, type StoredRequest } from '../../../src/queue/queue.ts';
import { withdrawalOf } from '../../../src/queue/withdrawal.ts';
import { laneId } from '../../support/lane-id.ts';

const LANE = laneId();
const folder = mkdtempSync(join(tmpdir(), 'martlet-erased-'));
const queues: LocalQueue[] = [];
afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.close();
  rmSync(folder, { recursive: true, force: true });
});

const rules = builtIn.ofPlatform('web')?.requests as never;

function entriesOf(id: string, notifications: readonly Notification[]): QueueEntry[] {
  return notifications.map((notification, index) => {
    const groups = targetsOf(notification, rules);
    return {
      request: { id, app: 'default', acceptedAt: Date.now() },
      ...{ index, app: 'default', lane: LANE, platform: 'web', provider: 'web', environment: 'production' },
      ...{ notification, groups, urgent: false, slice: 100, since: performance.now(), open: targetCount(groups) },
      ...{ key: 0, cost: 0 },
    } as QueueEntry;
  });
}

/** As the relay brings requests back. */
function restore({ id, body, isDone }: StoredRequest): QueueEntry[] {
  const decoded = builtIn.decoder.decode(body);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.details));
  const entries = entriesOf(id, decoded.notifications);
  for (const entry of entries)
    for (let place = 0, all = entry.open; place < all; place++) if (isDone(entry.index, place)) entry.open--;
  return entries.filter(({ open }) => open > 0);
}

function open(): LocalQueue {
  const path = join(folder, 'queue.db');
  const queue = new LocalQueue({ path, sync: 'normal', wake: () => {}, restore, limit: 1000 });
  queues.push(queue);
  return queue;
}

const append = (queue: LocalQueue, id: string, notifications: readonly Notification[]): Promise<void> =>
  queue.append(entriesOf(id, notifications), Buffer.from(encodePushRequest(notifications)));

const web = (fields: object): Notification => ({ platform: 'web', tokens: [], message: 'm', ...fields }) as never;
const subscription = (name: string) => ({ endpoint: `https://push.example/${name}`, keys: { p256dh: 'k', auth: 'a' } });
const settleAll = (queue: LocalQueue, batch: Batch): void => queue.settle(batch, [...batch.targets.keys()]);

/** Files that hold a text. */
const holding = (text: string): string[] =>
  readdirSync(folder).filter((name) => readFileSync(join(folder, name), 'latin1').includes(text));

test('targets that are erased leave requests with others, in memory and in the file, and the others keep their places', async () => {
  const first = open();
  const gone = subscription('gone');
  await append(first, 'alone', [web({ tokens: ['gone-token'], message: 'for the person alone' })]);
  await append(first, 'with others', [
    web({ tokens: ['a', 'gone-token', 'b'], to: 'c', subscriptions: [subscription('x'), gone, subscription('y')] }),
  ]);
  await append(first, 'of others', [web({ tokens: ['d'], message: 'gone-token' })]);
  const under = first.take(LANE, 1) as Batch;
  expect(under.targets).toEqual(['gone-token']);
  const withdrawal = withdrawalOf('default', ['gone-token', JSON.stringify(gone)]);
  expect(first.withdraw(withdrawalOf('another', ['gone-token']))).toEqual([]);
  const waiting = first.withdraw(withdrawal);
  expect(waiting.flatMap((batch) => batch.targets.map((_, index) => placeOf(batch, index)))).toEqual([1, 5]);
  for (const batch of waiting) settleAll(first, batch);
  first.erase(withdrawal, []);
  expect(holding('push.example/gone')).toEqual([]);
  // Though its push is still under way.
  expect(holding('for the person alone')).toEqual([]);
  expect(first.depth().waiting).toBe(6);
  settleAll(first, under);
  await first.close();
  queues.length = 0;
  // What others say of it is theirs.
  expect(holding('gone-token')).toHaveLength(1);
  const second = open();
  await expect.poll(() => second.depth(LANE).waiting).toBe(6);
  const left = new Map<string, number>();
  for (let batch = second.take(LANE, 100); batch; batch = second.take(LANE, 100)) {
    for (const [index, target] of batch.targets.entries()) left.set(target, placeOf(batch, index));
    settleAll(second, batch);
  }
  const names = [...left].map(
    ([target, place]) => `${place} ${target.startsWith('{') ? JSON.parse(target).endpoint : target}`,
  );
  expect(names.toSorted()).toEqual([
    ...['0 a', '0 d', '2 b', '3 c', '4 https://push.example/x', '6 https://push.example/y'],
  ]);
});

test('what an earlier process left, and is not back in memory yet, is not sent either', async () => {
  const first = open();
  await append(first, 'both', [web({ tokens: ['gone-token', 'a'] })]);
  await append(first, 'alone', [web({ tokens: ['gone-token'] })]);
  await first.close();
  queues.length = 0;
  const second = open();
  const withdrawal = withdrawalOf('default', ['gone-token']);
  expect(second.withdraw(withdrawal)).toEqual([]);
  second.erase(withdrawal, []);
  expect(holding('gone-token')).toEqual([]);
  await expect.poll(() => second.depth(LANE).waiting).toBe(1);
  const batch = second.take(LANE, 100) as Batch;
  expect(batch.targets).toEqual(['a']);
  settleAll(second, batch);
  expect(second.take(LANE, 100)).toBeUndefined();
});

test('a request loses the texts of what was for nobody else, and no others', () => {
  const [alone, shared, nobody] = [
    { platform: 2, tokens: ['gone-token'], topic: 't', message: 'alone' },
    { platform: 2, tokens: ['gone-token', 'a'], message: 'shared' },
    { platform: 2, condition: "'news' in topics", message: 'nobody' },
  ];
  const body = Buffer.from(JSON.stringify({ notifications: [alone, shared, nobody] }));
  const left = JSON.parse(withoutTargets(body, withdrawalOf('default', ['gone-token'])) as string);
  expect(left.notifications).toEqual([
    { platform: 2, tokens: [ERASED], topic: 't' },
    { ...shared, tokens: [ERASED, 'a'] },
    nobody,
  ]);
  expect(withoutTargets(body, withdrawalOf('default', ['another']))).toBeUndefined();
});

test('reports that hold one of the texts are deleted from the file, those of other apps stay', async () => {
  const queue = open();
  for (const app of ['default', 'another']) queue.reports.keep({ app, id: app, body: '{"token":"gone-token"}' });
  queue.erase(withdrawalOf('default', ['gone-token']), ['"token":"gone-token"']);
  const all = { entries: 10, bytes: 1000 };
  expect(queue.reports.from('default', 0, all)).toEqual([]);
  expect(queue.reports.from('another', 0, all)).toHaveLength(1);
});
