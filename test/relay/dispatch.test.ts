import { expect, onTestFinished, test } from 'vitest';
import { apns } from '../../src/apns/provider.ts';
import {
  ACCEPTED,
  type AcceptedRequest,
  type Category,
  type Delivery,
  type Failed,
  type Notification,
  type Outcome,
  type PushTransport,
  type Settlement,
} from '../../src/push/push.ts';
import { combineEvents } from '../../src/push/relay-events.ts';
import { UNKNOWN_TARGETS } from '../../src/push/targets.ts';
import { createMemoryQueue } from '../../src/queue/memory-queue.ts';
import { QueueRefusedError } from '../../src/queue/queue-refused-error.ts';
import type { AcceptOptions } from '../../src/relay/accept.ts';
import { Dispatch, type Lanes } from '../../src/relay/dispatch.ts';
import { LaneSet } from '../../src/relay/lane-set.ts';
import { Outcomes } from '../../src/relay/outcomes.ts';
import type { Route } from '../../src/relay/plan.ts';
import type { RetryPolicy } from '../../src/relay/retry-decision.ts';
import { SyncRequests } from '../../src/relay/sync-requests.ts';
import { SyncRoom } from '../../src/relay/sync-room.ts';
import { FREE_RETRIES } from '../support/free-retries.ts';
import { laneId } from '../support/lane-id.ts';
import { until } from '../support/until.ts';

const LANE = laneId();

const failed = (category: Category, reason = 'Why', more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  category,
  reason,
  error: reason,
  ...more,
});

/** A transport that answers as `answer` says, a turn of the event loop later, and keeps what it was given. */
function scripted(answer: (target: string, attempt: number) => Outcome | undefined) {
  const sent: Delivery[] = [];
  const transport: PushTransport = {
    send(delivery, settle) {
      sent.push(delivery);
      setImmediate(() => {
        delivery.targets.forEach((target, index) => {
          const outcome = answer(target, delivery.attempt);
          if (outcome) settle(index, outcome);
        });
      });
    },
    status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 100 }),
    close: async () => {},
  };
  return { transport, sent };
}

function start(
  answer: (target: string, attempt: number) => Outcome | undefined,
  options: { maxRetry?: number; limit?: number; room?: SyncRoom; hold?: () => Promise<void> } = {},
) {
  const { transport, sent } = scripted(answer);
  const settled: Settlement[] = [];
  const refusals: string[] = [];
  const accepted: AcceptedRequest[] = [];
  const policy: RetryPolicy = {
    maxRetry: options.maxRetry ?? 0,
    firstMs: 2,
    maxMs: 5,
    maxAgeMs: 60_000,
    free: FREE_RETRIES.apns,
  };
  const events = combineEvents([
    {
      settled: (s) => settled.push(s),
      refused: ({ reason }) => refusals.push(reason),
      accepted: (request) => accepted.push(request),
    },
  ]);
  const sync = new SyncRequests(false, options.room);
  const outcomes = new Outcomes({ policyOf: () => policy, sync, events });
  const lanes = new LaneSet({
    openQueue: ({ wake }) => createMemoryQueue({ limit: options.limit ?? 1000, wake }),
    restore: () => [],
    outcomes,
    reopen: () => expect.unreachable('the only lane is open'),
  });
  const lane = lanes.open({ id: LANE, transport });
  onTestFinished(() => lanes.halt());
  const route = (app: string, { platform }: Notification): Route =>
    platform === 1
      ? {
          app,
          platform: 'ios',
          rules: apns.requests,
          lane: lane.id,
          provider: 'apns',
          environment: 'production',
          slice: 100,
        }
      : { app, platform: '', rules: UNKNOWN_TARGETS, refused: failed('disabled', 'PlatformDisabled') };
  const append: Lanes['append'] = (entries, body) => lanes.append(entries, body);
  const { hold } = options;
  const pace = hold && { hold };
  const dispatch = new Dispatch({ lanes: { route, append }, outcomes, sync, pace, events });
  const accept = async (notifications: Notification[], more: AcceptOptions = {}) =>
    dispatch.accept(notifications, undefined, more);
  const finals = (): Record<string, string> =>
    Object.fromEntries(
      settled.flatMap((s) =>
        s.targets.map((t, i) => [t, s.outcomes[i]?.kind === 'failed' ? (s.outcomes[i] as Failed).reason : 'ok']),
      ),
    );
  return { accept, sent, accepted, settled, refusals, finals, queue: lanes.queue };
}

const ios = (...tokens: string[]): Notification => ({ platform: 1, tokens, message: 'hi' });

test('a request whose answer is held back is kept, counted and sent meanwhile; a sync one waits for its outcomes alone', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { accept, accepted, finals } = start(() => ACCEPTED, { hold: () => promise });
  let isAnswered = false;
  const answer = accept([ios('t0', 't1')]).finally(() => {
    isAnswered = true;
  });
  await until(() => Object.keys(finals()).length === 2);
  expect(accepted).toHaveLength(1);
  expect(isAnswered).toBe(false);
  expect(await accept([ios('t2')], { syncMs: 5000 })).toMatchObject({ counts: 1 });
  resolve();
  expect(await answer).toMatchObject({ counts: 2 });
});

test('a sync request whose answer there is no memory for is refused whole, until another one is with its caller', async () => {
  const room = new SyncRoom({ maxCost: 10_000 });
  const { accept, refusals, sent } = start(() => failed('invalid_token', 'Unregistered'), { room });
  const many = ios(...Array.from({ length: 20 }, (_, i) => `t${i}`));
  const { logs, answered } = await accept([many], { syncMs: 5000 });
  expect(logs).toHaveLength(20);
  await expect(accept([many], { syncMs: 5000 })).rejects.toThrow(QueueRefusedError);
  await expect(accept([{ ...many, platform: 99 }], { syncMs: 5000 })).rejects.toThrow(QueueRefusedError);
  expect(refusals).toHaveLength(2);
  expect(sent.flatMap(({ targets }) => targets)).toHaveLength(20);
  await accept([many]);
  answered?.();
  answered?.();
  expect(room.taken).toBe(0);
  expect((await accept([many], { syncMs: 5000 })).logs).toHaveLength(20);
});

test('a sync request that the queue refuses takes no memory', async () => {
  const room = new SyncRoom({ maxCost: 10_000 });
  const { accept } = start(() => undefined, { room, limit: 1 });
  await accept([ios('a')]);
  await expect(accept([ios('b')], { syncMs: 5000 })).rejects.toThrow('the queue is full');
  expect(room.taken).toBe(0);
});

test('a sync request is answered when every push has its outcome, with one entry for each that failed', async () => {
  const { accept } = start((target) => (target.startsWith('bad') ? failed('invalid_token', 'Unregistered') : ACCEPTED));
  const { counts, logs, requestId } = await accept([ios('a', 'bad1'), ios('bad2')], { syncMs: 5000 });
  expect(counts).toBe(3);
  expect(logs.map((log) => log.token).sort()).toEqual(['bad1', 'bad2']);
  expect(logs[0]).toMatchObject({
    type: 'failed-push',
    platform: 'ios',
    error: 'Unregistered',
    invalid_token: true,
    request_id: requestId,
  });
});

test('an async request is answered at once', async () => {
  const { accept, settled } = start(() => undefined);
  expect(await accept([ios('a')])).toMatchObject({ counts: 1, logs: [] });
  expect(settled).toEqual([]);
});

test('a push that fails for now is tried again, alone, and a permanent failure is not', async () => {
  const { accept, sent } = start(
    (target, attempt) =>
      target === 'later' && attempt < 2
        ? failed('unavailable')
        : target === 'dead'
          ? failed('invalid_token')
          : ACCEPTED,
    { maxRetry: 5 },
  );
  const { logs } = await accept([ios('ok', 'later', 'dead')], { syncMs: 5000 });
  expect(logs.map((log) => log.token)).toEqual(['dead']);
  expect(sent.map((delivery) => delivery.targets)).toEqual([['ok', 'later', 'dead'], ['later'], ['later']]);
});

test('a request can lower max_retry and not raise it', async () => {
  const { accept, sent } = start(() => failed('unavailable'), { maxRetry: 2 });
  await accept([{ ...ios('low'), retry: 1 }], { syncMs: 5000 });
  expect(sent).toHaveLength(2);
  await accept([{ ...ios('high'), retry: 9 }], { syncMs: 5000 });
  expect(sent).toHaveLength(5);
});

test('what has no outcome in time is told as pending, and goes on', async () => {
  let answer: Outcome | undefined;
  const { accept, finals } = start((target) => (target === 'slow' ? (answer ?? failed('not_sent')) : ACCEPTED));
  const { logs } = await accept([ios('fast', 'slow')], { syncMs: 30 });
  expect(logs).toMatchObject([{ token: 'slow', reason: 'Pending', category: 'pending', retryable: true }]);
  answer = ACCEPTED;
  await until(() => finals().slow === 'ok');
});

test('a pending entry tells how often each target was sent, and how the last attempt failed', async () => {
  const { accept } = start((target, attempt) => {
    if (target === 'later') return attempt < 2 ? failed('not_sent') : undefined;
    return target === 'mute' ? undefined : ACCEPTED;
  });
  const { logs } = await accept([ios('fast', 'later', 'mute')], { syncMs: 500 });
  const why = 'no outcome within core.sync_timeout; delivery goes on';
  expect(logs.map(({ token, attempts, error }) => [token, attempts, error]).sort()).toEqual([
    ['later', 2, `${why}; last: Why`],
    ['mute', 0, why],
  ]);
});

test('notifications without a target are told of with the request: by provider, or as of none', async () => {
  const { accept, accepted } = start(() => ACCEPTED);
  await accept([ios('a'), ios(), { platform: 2, tokens: [] }]);
  expect(accepted.at(-1)?.untargeted).toEqual(['apns', undefined]);
  await accept([ios('a')]);
  expect(accepted.at(-1)).not.toHaveProperty('untargeted');
});

test('a platform that is off costs nothing, counts nothing, and fails each token', async () => {
  const { accept, sent } = start(() => ACCEPTED);
  const { counts, logs } = await accept([{ platform: 2, tokens: ['x', 'y'] }, ios('a')], { syncMs: 5000 });
  expect(counts).toBe(1);
  expect(logs.map((log) => [log.token, log.reason])).toEqual([
    ['x', 'PlatformDisabled'],
    ['y', 'PlatformDisabled'],
  ]);
  expect(sent).toHaveLength(1);
});

test('`to` is one more token', async () => {
  const { accept, sent } = start(() => ACCEPTED);
  const { counts } = await accept([{ ...ios('a'), to: 'b' }], { syncMs: 5000 });
  expect(counts).toBe(2);
  expect(sent[0]?.targets).toEqual(['a', 'b']);
});

test('a full queue refuses the whole request, and tells', async () => {
  const { accept, refusals } = start(() => undefined, { limit: 1 });
  await accept([ios('a')]);
  await expect(accept([ios('b')])).rejects.toBeInstanceOf(QueueRefusedError);
  expect(refusals).toHaveLength(1);
});

test('five hundred failing tokens make exactly five hundred entries, time after time', async () => {
  const { accept } = start(() => failed('invalid_token', 'BadDeviceToken'));
  const tokens = Array.from({ length: 500 }, (_, i) => `t${i}`);
  for (let i = 0; i < 20; i++) {
    const { logs } = await accept([ios(...tokens)], { syncMs: 5000 });
    expect(new Set(logs.map((log) => log.token)).size).toBe(500);
    expect(logs).toHaveLength(500);
  }
});

test('a push that outlives its own expiration fails as expired', async () => {
  const { accept } = start(() => failed('not_sent'));
  const soon = Date.now() / 1000 + 0.05;
  const { logs } = await accept([{ ...ios('a'), expiration: soon }], { syncMs: 5000 });
  expect(logs).toMatchObject([{ token: 'a', reason: 'Expired', category: 'expired' }]);
});

test('an answered request leaves nothing in the queue', async () => {
  const { accept, queue } = start(() => ACCEPTED);
  await accept([ios('a', 'b'), ios('c')], { syncMs: 5000 });
  expect(queue.depth()).toEqual({ notifications: 0, waiting: 0, deferred: 0 });
});

test('thousands of targets that no lane takes are told in parts, between other work, before the request is answered', async () => {
  const { accept, settled } = start(() => ACCEPTED);
  const tokens = Array.from({ length: 10_500 }, (_, i) => `t${i}`);
  let turns = 0;
  const count = (): void => {
    turns++;
    if (settled.length < 11) setImmediate(count);
  };
  setImmediate(count);
  const { logs } = await accept([{ platform: 98, tokens }], { syncMs: 5000 });
  expect(turns).toBeGreaterThan(5);
  expect(logs.map(({ token }) => token)).toEqual(tokens);
  expect(settled.map(({ targets }) => targets.length)).toEqual([...Array(10).fill(1000), 500]);
});
