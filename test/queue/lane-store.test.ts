import { expect, test } from 'vitest';
import { LaneStore } from '../../src/queue/lane-store.ts';
import { type Batch, NO_ATTEMPTS, placeOf, type QueueEntry } from '../../src/queue/queue.ts';
import { laneId } from '../support/lane-id.ts';

const A = laneId({ app: 'a' });

import { until } from '../support/until.ts';

function entry(tokens: string[], more: Partial<QueueEntry> = {}): QueueEntry {
  return {
    request: { id: 'r', app: 'default', acceptedAt: 0 },
    index: 0,
    app: 'default',
    lane: A,
    platform: 'ios',
    provider: 'apns',
    environment: 'production',
    notification: { platform: 1, tokens },
    groups: [{ kind: 'token', targets: tokens }],
    urgent: false,
    slice: 100,
    since: 0,
    open: tokens.length,
    key: 0,
    cost: 0,
    ...more,
  };
}

const tokens = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function takeAll(store: LaneStore, limit: number): string[][] {
  const taken: string[][] = [];
  for (let batch = store.take(A, limit); batch; batch = store.take(A, limit)) taken.push([...batch.targets]);
  return taken;
}

test('a notification larger than the limit is handed out slice by slice, each target once', () => {
  const store = new LaneStore({ wake: () => {} });
  store.add(entry(tokens('t', 7)));
  expect(takeAll(store, 3)).toEqual([['t0', 't1', 't2'], ['t3', 't4', 't5'], ['t6']]);
});

test('a huge notification takes turns with the others of its lane', () => {
  const store = new LaneStore({ wake: () => {} });
  store.add(entry(tokens('big', 4), { slice: 2 }));
  store.add(entry(['small']));
  expect(takeAll(store, 100)).toEqual([['big0', 'big1'], ['small'], ['big2', 'big3']]);
});

test('urgent batches go first, without starving the ordinary ones', () => {
  const store = new LaneStore({ wake: () => {} });
  store.add(entry(['ordinary']));
  for (let i = 0; i < 20; i++) store.add(entry([`urgent${i}`], { urgent: true }));
  const order = takeAll(store, 100).flat();
  expect(order[0]).toBe('urgent0');
  expect(order.indexOf('ordinary')).toBe(8);
});

test('places name each target among all targets of its entry, over groups, slices and retries', () => {
  const store = new LaneStore({ wake: () => {} });
  const groups = [
    { kind: 'topic', targets: ['news'] },
    { kind: 'token', targets: ['t0', 't1', 't2'] },
  ] as const;
  store.add(entry([], { groups, open: 4 }));
  const topic = store.take(A, 9);
  const first = store.take(A, 2);
  expect([topic?.offset, first?.offset]).toEqual([0, 1]);
  expect(store.take(A, 2)?.offset).toBe(3);
});

test('what was settled before a restart is not handed out again', () => {
  const store = new LaneStore({ wake: () => {} });
  store.add(entry(tokens('t', 4), { open: 2 }), (place) => place % 2 === 0);
  const batch = store.take(A, 100);
  expect(batch?.targets).toEqual(['t1', 't3']);
  expect(batch?.places).toEqual([1, 3]);
});

test('a deferred batch comes back at the tail of its lane when its time has come, and the lane is woken', async () => {
  const woken: string[] = [];
  const store = new LaneStore({ wake: (lane) => woken.push(lane.app) });
  store.add(entry(['late']));
  const batch = store.take(A, 1);
  if (!batch) throw new Error('nothing to take');
  store.defer({ ...batch, attempts: { ...NO_ATTEMPTS, sent: 1 } }, performance.now() + 20);
  expect(store.take(A, 1)).toBeUndefined();
  expect(store.depth(A)).toEqual({ notifications: 1, waiting: 0, deferred: 1 });
  woken.length = 0;
  await until(() => woken.length > 0);
  expect(store.take(A, 1)?.attempts.sent).toBe(1);
  store.close();
});

test('an entry is forgotten with its last target', () => {
  const store = new LaneStore({ wake: () => {} });
  store.add(entry(['t0', 't1']));
  const batch = store.take(A, 2);
  if (!batch) throw new Error('nothing to take');
  expect(store.settle(batch, 1)).toBe(false);
  expect(store.size).toBe(1);
  expect(store.settle(batch, 1)).toBe(true);
  expect(store.size).toBe(0);
});

test('targets of one notification may take several lanes: each waits, is retried and is counted in its own', () => {
  const woken: string[] = [];
  const B = laneId({ app: 'a', partition: 'b' });
  const store = new LaneStore({ wake: ({ key }) => woken.push(key), now: () => 0 });
  const groups = [
    { kind: 'token', targets: ['a0', 'a1'], places: [0, 2], lane: A },
    { kind: 'token', targets: ['b0'], places: [1], lane: B },
  ] as const;
  const split = entry([], { groups, open: 3 });
  store.add(split);
  expect(woken).toEqual([A.key, B.key]);
  expect([store.depth(A), store.depth(B)]).toEqual([
    { notifications: 1, waiting: 2, deferred: 0 },
    { notifications: 1, waiting: 1, deferred: 0 },
  ]);
  const [first, other] = [store.take(A, 9), store.take(B, 9)] as [Batch, Batch];
  expect([placeOf(first, 1), placeOf(other, 0)]).toEqual([2, 1]);
  store.defer(other, 5000);
  expect(store.depth(B)).toEqual({ notifications: 1, waiting: 0, deferred: 1 });
  expect(store.settle(first, 2)).toBe(false);
  expect(store.settle(other, 1)).toBe(true);
  expect([store.depth(A).notifications, store.depth(B).notifications]).toEqual([0, 0]);
  store.close();
});

test('what was settled before a restart is left out of the lane that it would take', () => {
  const B = laneId({ app: 'a', partition: 'b' });
  const store = new LaneStore({ wake: () => {} });
  const groups = [
    { kind: 'token', targets: ['a0', 'a1'], places: [0, 2], lane: A },
    { kind: 'token', targets: ['b0'], places: [1], lane: B },
  ] as const;
  store.add(entry([], { groups, open: 1 }), (place) => place !== 2);
  expect(store.take(A, 9)?.targets).toEqual(['a1']);
  expect(store.take(B, 9)).toBeUndefined();
});
