import { expect, test } from 'vitest';
import { frameOf, MOST_LANES, quantilesBetween } from '../../../src/api/console/frame.ts';
import { type Reading, readingOf } from '../../../src/api/console/reading.ts';
import { LATENCY_BOUNDS } from '../../../src/observe/metrics/histogram.ts';
import type { LaneReading } from '../../../src/observe/metrics/metrics.ts';
import { ACCEPTED, type Retry } from '../../../src/push/push.ts';
import { laneReading, quietMetrics } from '../../observe/metrics/quiet-metrics.ts';
import { failed, settlement } from '../../support/settlement.ts';

const retried = (count: number): Retry => ({
  ...settlement(Array.from({ length: count }, (_, i) => `t${i}`)),
  provider: 'apns',
  failed: failed({ category: 'unavailable', reason: 'TooManyRequests' }),
  delayMs: 1,
});

const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

async function observed(lanes: readonly LaneReading[] = [laneReading()]) {
  const metrics = quietMetrics({ lanes: () => lanes });
  const at = async (ms: number): Promise<Reading> => readingOf(await metrics.snapshot(), ms);
  return { metrics, at };
}

test('what is counted between two readings becomes rates, of the whole and of each lane', async () => {
  const { metrics, at } = await observed();
  const before = await at(10_000);
  metrics.events.accepted?.({
    ...{ requestId: 'r', app: 'default', notifications: [], counts: 12, acceptedAt: 0 },
    targets: 12,
  });
  metrics.events.settled?.(settlement(many(6, 't'), [...many(4, ACCEPTED), ...many(2, failed())]));
  metrics.events.retried?.(retried(8));
  metrics.events.refused?.({ reason: 'full', notifications: 2 });
  const frame = frameOf(await at(12_000), before, before);
  expect(frame.rates).toEqual({ accepted: 6, delivered: 2, failed: 1, retried: 4, refused: 1 });
  expect(frame.totals).toEqual({ accepted: 12, delivered: 4, failed: 2 });
  expect(frame.lanes).toMatchObject([{ app: 'default', delivered: 2, failed: 1, retried: 4, used: true }]);
  expect(frame.latency.push?.p50).toBeGreaterThan(2.5);
  expect(frame.latency.push?.p99).toBeLessThanOrEqual(5);
  expect(frame.lanes[0]?.latency?.p50).toBeLessThanOrEqual(1);
});

test('the first frame has neither rates nor latencies: what was counted before is not of this second', async () => {
  const { metrics, at } = await observed();
  metrics.events.settled?.(settlement(['a', 'b']));
  const frame = frameOf(await at(1000));
  expect(frame.rates).toBeUndefined();
  expect(frame.latency).toEqual({ push: undefined, provider: undefined, queue: undefined });
  expect(frame.lanes[0]).toMatchObject({ delivered: 0, latency: undefined, used: true });
});

test('counters that go back, as those of a worker that is replaced, make no negative rate', async () => {
  const { metrics, at } = await observed();
  const before = await at(0);
  metrics.events.settled?.(settlement(['a']));
  const after = await at(1000);
  expect(frameOf({ ...before, at: 2000 }, after, after).rates).toMatchObject({ delivered: 0 });
  expect(frameOf(after, after, after).rates).toMatchObject({ delivered: 0 });
});

test('pushes that no lane takes count as failed, and make no lane', async () => {
  const { metrics, at } = await observed();
  const before = await at(0);
  const off = failed({ category: 'disabled', reason: 'PlatformDisabled' });
  metrics.events.settled?.(settlement(['g'], [off], { provider: undefined }));
  const frame = frameOf(await at(1000), before, before);
  expect(frame.rates?.failed).toBe(1);
  expect(frame.lanes).toHaveLength(1);
});

test('of many lanes those in trouble come first, then those in use; the quietest are left out', async () => {
  const lane = (app: string, more: Partial<LaneReading> = {}) => laneReading({ ...more, app });
  const open = { ...laneReading().lane, breaker: 'open' as const };
  const idle = { ...laneReading().transport, sessions: 0 };
  const lanes = Array.from({ length: 120 }, (_, i) => lane(`app-${i}`, { transport: idle }));
  const { at } = await observed([...lanes, lane('zebra'), lane('broken', { lane: open })]);
  const frame = frameOf(await at(0));
  expect(frame.lanes).toHaveLength(MOST_LANES);
  expect(frame.more_lanes).toBe(22);
  expect(frame.lanes.slice(0, 2)).toMatchObject([
    { app: 'broken', breaker: 'open' },
    { app: 'zebra', breaker: 'closed', used: true },
  ]);
});

test('names of apps with quotes, commas and backslashes stay whole', async () => {
  const app = 'a",outcome="x\\,b\n<script>';
  const { at } = await observed([laneReading({ app })]);
  expect((await at(0)).lanes[0]?.app).toBe(app);
});

test('hooks are told with their backlog, the longest first', async () => {
  const metrics = quietMetrics({
    feedback: () => [
      { app: 'default', backlog: 0, sent: 5, failed: 1, dropped: 0 },
      { app: 'shop', backlog: 7, sent: 0, failed: 3, dropped: 2 },
    ],
  });
  expect(frameOf(readingOf(await metrics.snapshot(), 0)).hooks).toEqual([
    { app: 'shop', backlog: 7, sent: 0, failed: 3, dropped: 2 },
    { app: 'default', backlog: 0, sent: 5, failed: 1, dropped: 0 },
  ]);
});

test('quantiles lie within their bucket; what took longer than the last bound counts as the bound', () => {
  const counts = LATENCY_BOUNDS.map((bound) => (bound >= 0.1 ? 100 : 0));
  const { p50, p99 } = quantilesBetween(undefined, [...counts, 100]) as { p50: number; p99: number };
  expect(p50).toBe(75);
  expect(p99).toBe(99.5);
  const late = [...LATENCY_BOUNDS.map(() => 0), 10];
  expect(quantilesBetween(undefined, late)).toEqual({ p50: 60_000, p99: 60_000 });
  expect(quantilesBetween(late, late)).toBeUndefined();
});
