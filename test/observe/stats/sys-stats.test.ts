import { expect, test } from 'vitest';
import { createSysStats } from '../../../src/observe/stats/sys-stats.ts';

function at(start: number) {
  let now = start;
  const stats = createSysStats({ now: () => 1_767_366_245_670, monotonic: () => now, pid: 42, host: 'relay-1' });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { stats, pass };
}

test('answers are counted by status, with their time and size', () => {
  const { stats, pass } = at(5000);
  const first = stats.begin();
  pass(30);
  stats.end(first, 200, 100);
  const second = stats.begin();
  pass(10);
  stats.end(second, 404, 19);
  expect(stats.read()).toEqual({
    pid: 42,
    hostname: 'relay-1',
    uptime: '40ms',
    uptime_sec: 0.04,
    time: '2026-01-02 15:04:05.67 +0000 UTC',
    unixtime: 1_767_366_245,
    status_code_count: { 200: 1, 404: 1 },
    total_status_code_count: { 200: 1, 404: 1 },
    count: 2,
    total_count: 2,
    total_response_time: '40ms',
    total_response_time_sec: 0.04,
    total_response_size: 119,
    average_response_size: 59,
    average_response_time: '20ms',
    average_response_time_sec: 0.02,
    total_metrics_counts: {},
    average_metrics_timers: {},
  });
});

test('counts of the second start again with the next one, and keep their keys', () => {
  const { stats, pass } = at(0);
  stats.end(stats.begin(), 200, 0);
  pass(1000);
  expect(stats.read()).toMatchObject({
    status_code_count: { 200: 0 },
    total_status_code_count: { 200: 1 },
    count: 0,
    total_count: 1,
  });
});

test('before the first answer every average is 0', () => {
  const { stats } = at(0);
  expect(stats.read()).toMatchObject({ uptime: '0s', average_response_time: '0s', average_response_size: 0, count: 0 });
});
