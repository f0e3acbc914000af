import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { watchedExporter } from '../../../src/observe/tracing/watched-exporter.ts';
import { freePort } from '../../support/free-port.ts';

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0];

test('a receiver that does not take traces is a warning, one a minute, and one when it does again', () => {
  const results: Result[] = [];
  const said: [string, object][] = [];
  let now = 0;
  const inner: SpanExporter = { export: (_, done) => done(results.shift() as Result), shutdown: async () => {} };
  const exporter = watchedExporter(
    inner,
    'http://otel.example:4318/v1/traces',
    (...line) => said.push(line),
    () => now,
  );
  const seen: number[] = [];
  for (const result of [
    { code: 0 },
    { code: 1, error: new Error('connect ECONNREFUSED') },
    { code: 1 },
    { code: 1 },
    { code: 0 },
  ]) {
    results.push(result);
    exporter.export([], ({ code }) => seen.push(code));
    now += 40_000;
  }
  expect(seen).toEqual([0, 1, 1, 1, 0]);
  const host = 'otel.example:4318';
  expect(said).toEqual([
    ['traces are lost: the receiver does not take them', { host, error: 'connect ECONNREFUSED' }],
    ['traces are lost: the receiver does not take them', { host, error: 'refused' }],
    ['traces are taken again', { host, seconds: 120 }],
  ]);
});

test('a receiver that is not there is told with its cause', async () => {
  const said: object[] = [];
  const url = `http://127.0.0.1:${await freePort()}/v1/traces`;
  const inner = new OTLPTraceExporter({ url, timeoutMillis: 500 });
  const exporter = watchedExporter(inner, url, (...line) => said.push(line));
  await new Promise<void>((resolve) => exporter.export([], () => resolve()));
  expect(JSON.stringify(said)).toMatch(/ECONNREFUSED|timed out|retryable/);
  await exporter.shutdown();
});
