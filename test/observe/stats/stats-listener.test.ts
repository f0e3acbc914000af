import { expect, test } from 'vitest';
import { createMemoryStats } from '../../../src/observe/stats/memory-stats.ts';
import { noStats } from '../../../src/observe/stats/stats.ts';
import { statsListener } from '../../../src/observe/stats/stats-listener.ts';
import { ACCEPTED } from '../../../src/push/push.ts';
import { failed, settlement } from '../../support/settlement.ts';

test('a new store has counted nothing', () => {
  expect(createMemoryStats().read()).toEqual(noStats());
});

test('what read returned does not change afterwards', () => {
  const store = createMemoryStats();
  const before = store.read();
  store.add('ios_error', 2);
  expect(before).toEqual(noStats());
  expect(store.read()).toEqual({ ...noStats(), ios_error: 2 });
});

test('total_count is what Gorush counts when a request is taken', () => {
  const store = createMemoryStats();
  const events = statsListener(store);
  events.accepted?.({ requestId: 'r', notifications: [], counts: 7, acceptedAt: 0, app: 'default', targets: 1 });
  events.accepted?.({ requestId: 'r', notifications: [], counts: 0, acceptedAt: 0, app: 'default', targets: 1 });
  expect(store.read()).toEqual({ ...noStats(), total_count: 7 });
});

test('what a request holds for other apps counts for them, and in the total', () => {
  const store = createMemoryStats();
  const appCounts = new Map([
    ['acme', 4],
    ['beta', 1],
  ]);
  const request = { requestId: 'r', notifications: [], acceptedAt: 0, app: 'default', targets: 7 };
  statsListener(store).accepted?.({ ...request, counts: 7, appCounts });
  expect(store.readByApp()).toEqual({
    counts: { ...noStats(), total_count: 7 },
    apps: new Map([
      ['acme', { total_count: 4 }],
      ['beta', { total_count: 1 }],
    ]),
  });
});

test('outcomes count for the app of the push', () => {
  const store = createMemoryStats();
  const events = statsListener(store);
  events.settled?.(settlement(['a', 'b'], [ACCEPTED, failed()], { app: 'acme' }));
  events.settled?.(settlement(['a']));
  expect(store.readByApp()).toEqual({
    counts: { ...noStats(), ios_success: 2, ios_error: 1 },
    apps: new Map([['acme', { ios_success: 1, ios_error: 1 }]]),
  });
});

test.each([
  ['apns', 'ios'],
  ['fcm', 'android'],
  ['hms', 'huawei'],
] as const)('each target of %s counts once for %s, by its outcome', (provider, platform) => {
  const store = createMemoryStats();
  statsListener(store).settled?.(settlement(['a', 'b', 'c'], [ACCEPTED, failed(), ACCEPTED], { platform, provider }));
  expect(store.read()).toEqual({ ...noStats(), [`${platform}_success`]: 2, [`${platform}_error`]: 1 });
});

test('a platform that Gorush does not have has no counters of its own', () => {
  const store = createMemoryStats();
  statsListener(store).settled?.(settlement(['a'], [ACCEPTED], { platform: 'web', provider: 'web' }));
  expect(store.read()).toEqual(noStats());
});

test('a platform that is off counts nothing', () => {
  const store = createMemoryStats();
  statsListener(store).settled?.(settlement(['a'], [failed({ category: 'disabled' })], { provider: undefined }));
  expect(store.read()).toEqual(noStats());
});
