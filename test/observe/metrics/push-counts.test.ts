import { expect, test } from 'vitest';
import { MOST_APPS, MOST_TIMED_APPS } from '../../../src/observe/metrics/push-counts.ts';
import { failed, settlement } from '../../support/settlement.ts';
import { linesOf, quietMetrics } from './quiet-metrics.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const OPENMETRICS = 'application/openmetrics-text';

test('a token, an error text and a word that no table has are never labels', async () => {
  const metrics = quietMetrics();
  const outcome = failed({ reason: 'canary-reason', error: 'canary-error' });
  metrics.events.settled?.(settlement(['canary-token'], [outcome, failed({ reason: 'canary-two' })]));
  const { text } = await metrics.render();
  expect(text).not.toContain('canary');
  expect(linesOf(text, 'martlet_pushes_total')).toEqual([expect.stringMatching(/reason="other"\} 2$/)]);
});

test('reasons of providers, of the relay, of the connection and of an HTTP status keep their words', async () => {
  const metrics = quietMetrics();
  const words = [
    'BadDeviceToken',
    'UNREGISTERED',
    '80300007',
    'Expired',
    'RequestTimeout',
    'Econnrefused',
    'BadGateway',
  ];
  metrics.events.settled?.(
    settlement(
      words,
      words.map((reason) => failed({ reason })),
    ),
  );
  const { text } = await metrics.render();
  for (const word of words) expect(text).toContain(`reason="${word}"} 1\n`);
});

test('one reason in two categories is two series', async () => {
  const metrics = quietMetrics();
  const outcomes = [failed(), failed({ category: 'expired' }), failed()];
  metrics.events.settled?.(settlement(['a', 'b', 'c'], outcomes));
  const { text } = await metrics.render();
  expect(text).toMatch(/category="invalid_token",reason="Unregistered"\} 2\n/);
  expect(text).toMatch(/category="expired",reason="Unregistered"\} 1\n/);
});

test('an app that no lane is for has no label of its own, whatever a caller names', async () => {
  const metrics = quietMetrics();
  const unknown = failed({ category: 'disabled', reason: 'UnknownApp' });
  metrics.events.settled?.(settlement(['a'], [unknown], { app: 'canary', provider: undefined }));
  const { text } = await metrics.render();
  expect(text).not.toContain('canary');
  expect(text).toContain('app="other",provider="none"');
});

test('apps beyond the limit share the series of other', async () => {
  const metrics = quietMetrics();
  for (let i = 0; i < MOST_APPS + 10; i++) metrics.events.settled?.(settlement(['a'], undefined, { app: `app-${i}` }));
  const apps = linesOf((await metrics.render()).text, 'martlet_pushes_total');
  expect(apps).toHaveLength(MOST_APPS + 1);
  expect(apps.at(-1)).toMatch(/app="other".*\} 10$/);
  const timed = linesOf((await metrics.render()).text, 'martlet_push_duration_seconds_count');
  expect(timed).toHaveLength(MOST_TIMED_APPS + 1);
  expect(timed.at(-1)).toMatch(new RegExp(`app="other".* ${MOST_APPS + 10 - MOST_TIMED_APPS}$`));
});

test('latencies are observed once for each push of a batch, in seconds', async () => {
  const metrics = quietMetrics();
  const timing = { acceptedAt: 0, ageMs: 1500, providerMs: 40, queuedMs: 2 };
  metrics.events.settled?.(settlement(['a', 'b', 'c'], undefined, { timing }));
  const { text } = await metrics.render();
  const labels = 'app="default",provider="apns",environment="production"';
  expect(text).toContain(`martlet_push_duration_seconds_bucket{${labels},le="1"} 0\n`);
  expect(text).toContain(`martlet_push_duration_seconds_bucket{${labels},le="2.5"} 3\n`);
  expect(text).toContain(`martlet_push_duration_seconds_sum{${labels}} 4.5\n`);
  expect(text).toContain(`martlet_push_duration_seconds_count{${labels}} 3\n`);
  expect(text).toContain(`martlet_provider_duration_seconds_bucket{${labels},le="0.05"} 3\n`);
  expect(text).toContain(`martlet_queue_wait_seconds_bucket{${labels},le="0.0025"} 3\n`);
});

test('a retry counts its attempt, and the push only when it is settled', async () => {
  const metrics = quietMetrics();
  const timing = { acceptedAt: 0, ageMs: 30, providerMs: 20, queuedMs: 10 };
  const retry = { ...settlement(['a']), provider: 'apns', failed: failed(), delayMs: 1, timing } as const;
  metrics.events.retried?.(retry);
  const { text } = await metrics.render();
  expect(text).toMatch(/martlet_provider_duration_seconds_count\{.*\} 1\n/);
  expect(text).toMatch(/martlet_queue_wait_seconds_count\{.*\} 1\n/);
  expect(text).toMatch(/martlet_push_duration_seconds_count\{.*\} 0\n/);
});

test('a push that was never sent took no time of the provider', async () => {
  const metrics = quietMetrics();
  metrics.events.settled?.(settlement(['a'], [failed({ reason: 'Expired' })], { timing: { acceptedAt: 0, ageMs: 9 } }));
  const { text } = await metrics.render();
  expect(text).toMatch(/martlet_provider_duration_seconds_count\{.*\} 0\n/);
  expect(text).toMatch(/martlet_push_duration_seconds_count\{.*\} 1\n/);
});

test('a bucket shows the trace of a push that fell into it', async () => {
  const metrics = quietMetrics();
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  metrics.events.settled?.(settlement(['a'], undefined, { traceparent }));
  const { text } = await metrics.render(OPENMETRICS);
  expect(text).toMatch(new RegExp(`_bucket\\{.*le="0.005"\\} 1 # \\{trace_id="${TRACE}"\\} 0.003 \\d+`));
  expect((await metrics.render()).text).not.toContain(TRACE);
});

test('a trace that nobody keeps, or a text that is none, is no exemplar', async () => {
  const metrics = quietMetrics();
  for (const traceparent of [`00-${TRACE}-00f067aa0ba902b7-00`, 'canary"}', ''])
    metrics.events.settled?.(settlement(['a'], undefined, { traceparent }));
  expect((await metrics.render(OPENMETRICS)).text).not.toContain('trace_id');
});
