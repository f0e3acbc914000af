import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { fates } from '../../src/sandbox/fate.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/needs.ts';
import { dashboardQueries } from './dashboard.ts';
import { type RunningPrometheus, startPrometheus } from './running-prometheus.ts';

/** Requests of a hundred pushes each. */
const SIZE = 100;
const REQUESTS = { ios: 50, android: 40, huawei: 5, unknown: 5 };

const apns = (n: number): string => n.toString(16).padStart(64, '0');
const dying = (fate: keyof typeof fates, n: number): string => fates[fate].hex + n.toString(16).padStart(56, '0');

/** The first `bad` of a request's tokens fail as their names say. */
function tokens(request: number, good: (n: number) => string, bad: readonly string[]): string[] {
  return [...bad, ...Array.from({ length: SIZE - bad.length }, (_, i) => good(request * SIZE + i))];
}

const iosTokens = (request: number): string[] =>
  tokens(request, apns, [
    ...Array.from({ length: 5 }, (_, i) => dying('unregistered', request * SIZE + i)),
    ...Array.from({ length: 5 }, (_, i) => dying('bad-token', request * SIZE + i)),
    ...(request < 10 ? [dying('busy-once', request)] : []),
  ]);

const named = (request: number, dead: number): string[] =>
  tokens(
    request,
    (n) => `device-${n}`,
    Array.from({ length: dead }, (_, i) => `sandbox-unregistered-${request}-${i}`),
  );

function notifications(): object[] {
  const of = (platform: number, count: number, targets: (request: number) => string[]): object[] =>
    Array.from({ length: count }, (_, request) => ({ platform, tokens: targets(request), title: 't', message: 'hi' }));
  return [
    ...of(1, REQUESTS.ios, iosTokens),
    ...of(2, REQUESTS.android, (request) => named(request, 10)),
    ...of(3, REQUESTS.huawei, (request) => named(1000 + request, 5)),
    ...of(42, REQUESTS.unknown, (request) => named(2000 + request, 0)),
  ];
}

async function sendAll(relay: RunningRelay): Promise<void> {
  for (const notification of notifications()) {
    const { status } = await relay.push(notification);
    expect(status).toBe(200);
  }
}

/** What was scraped before it is there, or has failed. */
const SETTLED_S = 2;

const failed = (labels: string): string => `sum(martlet_pushes_total{outcome="failed", ${labels}})`;

const figures: readonly (readonly [expr: string, value: number])[] = [
  ['sum(martlet_pushes_total)', 10_000],
  ['sum(martlet_pushes_total{outcome="accepted"})', 8575],
  ['sum(martlet_pushes_total{provider="apns", outcome="accepted"})', 4500],
  ['sum(martlet_pushes_total{provider="fcm", outcome="accepted"})', 3600],
  ['sum(martlet_pushes_total{provider="hms", outcome="accepted"})', 475],
  ['sum(martlet_pushes_total{app="default"})', 10_000],
  ['gorush_total_push_count', 9500],
  ['gorush_ios_success', 4500],
  ['gorush_ios_error', 500],
  ['gorush_android_success', 3600],
  ['gorush_android_fail', 400],
  ['gorush_huawei_success', 475],
  ['gorush_huawei_fail', 25],
  ['sum(martlet_retries_total)', 10],
  ['sum(martlet_retries_total{provider="apns", category="unavailable", reason="TooManyRequests"})', 10],
  ['sum(martlet_push_duration_seconds_count)', 9500],
  ['sum(martlet_push_duration_seconds_bucket{le="+Inf"})', 9500],
  ['sum(martlet_provider_duration_seconds_count)', 9510],
  ['sum(martlet_queue_wait_seconds_count)', 9500],
  ['sum(martlet_queue_depth)', 0],
  ['sum(martlet_queue_pushes_total)', 10_000],
  ['sum(martlet_queue_refused_total)', 0],
  ['martlet_queue_durable', 1],
  ['martlet_ready', 1],
  ['martlet_sandbox', 0],
  [failed('provider="apns", category="invalid_token", reason="Unregistered"'), 250],
  [failed('provider="apns", category="invalid_token", reason="BadDeviceToken"'), 250],
  [failed('provider="fcm", category="invalid_token", reason="UNREGISTERED"'), 400],
  [failed('provider="hms", category="invalid_token", reason="80100000"'), 25],
  [failed('provider="none", category="disabled", reason="UnknownPlatform"'), 500],
  ['count(sum by (provider, category, reason) (martlet_pushes_total{outcome="failed"}))', 5],
];

/** All figures in one query, each under its own text. */
const together = figures
  .map(([expr]) => `label_replace(sum(${expr}), "figure", ${JSON.stringify(expr)}, "", "")`)
  .join(' or ');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { name: string; health: string; state: string }[] }[];
}

async function rulesOf(prometheus: RunningPrometheus): Promise<Rules['groups'][number]['rules']> {
  for (;;) {
    const { groups } = (await prometheus.get('/api/v1/rules')) as Rules;
    const rules = groups.flatMap((group) => group.rules);
    if (rules.every(({ health }) => health !== 'unknown')) return rules;
    await sleep(100);
  }
}

/** Gorush's counters have no `_total`; a drop-in cannot rename them. */
const isOurs = (line: string): boolean => line !== '' && !line.startsWith('gorush_');

async function lint(relay: RunningRelay): Promise<string[]> {
  const input = await (await fetch(`${relay.url}/metrics`)).text();
  try {
    return execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' }).split('\n');
  } catch (error) {
    return String((error as { stderr: string }).stderr).split('\n');
  }
}

describe.each([1, 2])(
  '10,000 pushes of %i processes, scraped by a real Prometheus',
  needs('prometheus', 'promtool'),
  (processes) => {
    test('add up exactly, and every query of the dashboard and of the alerts is understood', async () => {
      const config = { core: { processes }, ios: { max_retry: 2 }, queue: { backoff: 0.05 } };
      await using relay = await startRelay(config);
      await using prometheus = await startPrometheus(new URL(relay.url).host);
      await eventually(async () => expect((await prometheus.query('up'))[0]?.value).toBe(1));
      await sendAll(relay);
      // All have their outcome, and the same scrape knows that nothing waits. One query asks for all figures: a scrape of a busy machine that
      // ends late, and fails, takes back the series of its moment, so that two queries about one moment may see different things.
      await eventually(async () => {
        const told = await prometheus.query(together, Date.now() / 1000 - SETTLED_S);
        const values = new Map(told.map(({ metric, value }) => [metric.figure, value]));
        expect(figures.map(([expr]) => [expr, values.get(expr) ?? 0])).toEqual(figures);
      });
      for (const { expr } of dashboardQueries) await prometheus.query(expr);
      for (const { name, health, state } of await rulesOf(prometheus)) {
        expect([name, health]).toEqual([name, 'ok']);
        expect([name, state]).not.toEqual([name, 'firing']);
      }
      expect((await lint(relay)).filter(isOurs)).toEqual([]);
    });
  },
);
