import { expect, test } from 'vitest';
import { Recorder, type RecorderOptions } from '../../../src/observe/history/recorder.ts';
import type { Outcome } from '../../../src/push/push.ts';
import { failed, settlement } from '../../support/settlement.ts';

const on = (session: number): Outcome => ({ kind: 'accepted', session });
const timing = { acceptedAt: 1000, ageMs: 30, queuedMs: 10, providerMs: 20 };

function recorder(more: Partial<RecorderOptions> = {}): Recorder {
  return new Recorder({ sample: 1, now: () => 500, random: () => 0.5, ...more });
}

function accept(it: Recorder, requestId: string, targets = 1, app = 'default'): void {
  const notifications = [{ platform: 1, tokens: [] }];
  it.events.accepted({ requestId, app, notifications, counts: targets, targets, acceptedAt: 1000 });
}

const rows = (it: Recorder) => it.take().map(({ fact }) => fact);
const counts = (it: Recorder) => rows(it).map(({ kind, details }) => [kind, details.count]);

test('a fan-out to many tokens is a row for each session, and one for each failure', () => {
  const it = recorder();
  const tokens = Array.from({ length: 1000 }, (_, i) => `token-${i}`);
  accept(it, 'r1', 10_000);
  for (let batch = 0; batch < 10; batch++) {
    const outcomes = tokens.map((_, i) => (i === 7 ? failed() : on(i % 500 < 250 ? 1 : 2)));
    it.events.settled(settlement(tokens, outcomes, { index: 0, timing }));
  }
  const found = rows(it);
  expect(found.filter(({ kind }) => kind === 'failed')).toHaveLength(10);
  expect(found.filter(({ kind }) => kind === 'delivered').map(({ details }) => details.count)).toEqual([4990, 5000]);
});

test('deliveries of requests that are not in the sample leave nothing behind; their failures and retries do', () => {
  const it = recorder({ sample: 0.4 });
  accept(it, 'r1');
  it.events.settled(settlement(['a'], [on(1)], { timing }));
  expect(rows(it)).toEqual([]);
  accept(it, 'r2', 2);
  it.events.settled(settlement(['a', 'b'], [on(1), failed()], { requestId: 'r2', timing }));
  it.events.settled(settlement(['c'], [on(1)], { requestId: 'r3', attempts: 2, timing }));
  expect(counts(it)).toEqual([
    ['failed', 1],
    ['delivered', 1],
  ]);
});

test('what was accepted before the process began is recorded: nobody remembers whether it was in the sample', () => {
  const it = recorder({ sample: 0, now: () => 2000 });
  it.events.settled(settlement(['a'], [on(1)], { timing }));
  expect(counts(it)).toEqual([['delivered', 1]]);
});

test('beyond the rate of a second further deliveries are not recorded, until the next second', () => {
  const it = recorder({ maxFollowed: 2 });
  const push = (requestId: string): void => {
    accept(it, requestId);
    it.events.settled(settlement(['a'], [on(1)], { requestId, timing }));
  };
  for (const id of ['r1', 'r2', 'r3']) push(id);
  expect(rows(it).map(({ requestId }) => requestId)).toEqual(['r1', 'r2']);
  it.renew();
  push('r4');
  expect(rows(it)).toHaveLength(1);
});

test('too many failures of a second share a row: first those of a request, then all', () => {
  const it = recorder({ maxTroubles: 2 });
  const tokens = ['a', 'b', 'c', 'd'];
  const fail = (requestId: string): void =>
    it.events.settled(
      settlement(
        tokens,
        tokens.map(() => failed()),
        { requestId, timing },
      ),
    );
  for (const id of ['r1', 'r2', 'r3', 'r4', 'r5']) fail(id);
  expect(rows(it).map(({ requestId, details: { count } }) => [requestId, count])).toEqual([
    ['r1', 1],
    ['r1', 1],
    ['r1', 2],
    ['r2', 4],
    ['', 12],
  ]);
});

test('what fails by the thousand at one app is no reason to tell less of another', () => {
  const it = recorder({ maxTroubles: 100, maxFollowed: 100, apps: () => 2 });
  const fail = (app: string, requestId: string): void =>
    it.events.settled(settlement(['t'], [failed()], { app, requestId, timing }));
  for (let i = 0; i < 1000; i++) {
    fail('flood', `flood ${i}`);
    accept(it, `flood ${i}`);
  }
  fail('acme', 'acme 1');
  it.events.accepted({
    requestId: 'acme 2',
    app: 'acme',
    notifications: [{ platform: 1, tokens: ['t'] }],
    counts: 1,
    targets: 1,
    acceptedAt: 1000,
  });
  const found = rows(it);
  expect(found.filter(({ app }) => app === 'acme').map(({ requestId }) => requestId)).toEqual(['acme 1', 'acme 2']);
  expect(found.filter(({ app, kind }) => app === 'flood' && kind === 'failed').length).toBeLessThanOrEqual(102);
});

test("requests of one app that stay open by the thousand do not end the following of another app's", () => {
  const it = recorder({ maxFollowed: 1e6, apps: () => 2 });
  accept(it, 'quiet', 1, 'quiet');
  for (let i = 0; i < 20_000; i++) accept(it, `loud-${i}`, 1, 'loud');
  it.take();
  const ends = (requestId: string, app: string) =>
    it.events.settled(settlement(['a'], [on(1)], { requestId, app, timing }));
  ends('quiet', 'quiet');
  ends('loud-0', 'loud');
  ends('loud-19999', 'loud');
  expect(rows(it).map(({ requestId }) => requestId)).toEqual(['quiet', 'loud-19999']);
});

test('a request without an outcome has a row under each of its names', () => {
  const it = recorder();
  const notifications = ['x', 'y', 'x'].map((notif_id) => ({ platform: 1, tokens: ['a'], notif_id }));
  it.events.accepted({ requestId: 'r1', app: 'shop', notifications, counts: 3, targets: 3, acceptedAt: 1000 });
  expect(rows(it).map(({ kind, notifId, app }) => [kind, notifId, app])).toEqual([
    ['received', 'x', 'shop'],
    ['received', 'y', 'shop'],
  ]);
  expect(rows(it)).toEqual([]);
});

test('texts of providers are kept without the texts of the notification where those are to be hidden', () => {
  const notification = { platform: 1, tokens: ['a'], message: 'a secret message' };
  const quoting = failed({ error: 'cannot send "a secret message"' });
  for (const hideMessages of [true, false]) {
    const it = recorder({ hideMessages });
    it.events.settled(settlement(['a'], [quoting], { notification, timing }));
    expect(rows(it)[0]?.details.error?.includes('secret')).toBe(!hideMessages);
  }
});

test('a name, a reason and a text of any length take a few hundred characters of a row', () => {
  const it = recorder();
  const long = 'x'.repeat(100_000);
  accept(it, 'r1');
  const notification = { platform: 1, tokens: ['a'], notif_id: long };
  it.events.settled(settlement(['a'], [failed({ reason: long, error: `${long}.` })], { notification, timing }));
  it.events.reported({ requestId: 'r1', app: 'default', notifId: long, token: 'a', at: 0, ms: 1, ok: true });
  for (const row of rows(it)) expect(JSON.stringify(row).length).toBeLessThan(2000);
});
