import { expect, onTestFinished, test, vi } from 'vitest';
import { ReadinessLines } from '../../src/health/readiness-lines.ts';
import type { Check, Readiness } from '../../src/health/ready.ts';

const READY: Readiness = { status: 200, body: { status: 'pass', checks: [{ name: 'queue', status: 'pass' }] } };
const failing = (...checks: readonly Check[]): Readiness => ({ status: 503, body: { status: 'fail', checks } });

function linesOf() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const said: [string, Readonly<Record<string, unknown>>][] = [];
  const is = { ready: READY };
  const lines = new ReadinessLines({
    ready: () => is.ready,
    warn: (...line) => said.push(line),
    now: () => Date.now(),
  });
  onTestFinished(() => lines.close());
  return { is, said, lines };
}

test('a change of readiness is told once, with the checks that fail, and once when it is over', () => {
  const { is, said } = linesOf();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
  is.ready = failing(
    { name: 'queue', status: 'fail', output: 'redis: connect ECONNREFUSED 127.0.0.1:6379' },
    { name: 'default/apns/production', status: 'warn', output: 'whatever' },
    { name: 'default/fcm/production', status: 'fail' },
  );
  vi.advanceTimersByTime(300_000);
  const why = 'queue: redis: connect ECONNREFUSED 127.0.0.1:6379; default/fcm/production';
  expect(said).toEqual([['not ready: /readyz answers 503', { checks: why }]]);
  is.ready = READY;
  vi.advanceTimersByTime(60_000);
  expect(said.slice(1)).toEqual([['ready again: /readyz answers 200', { seconds: 300 }]]);
});

test('a check that warns is no change of readiness', () => {
  const { is, said } = linesOf();
  is.ready = { status: 200, body: { status: 'warn', checks: [{ name: 'queue', status: 'warn' }] } };
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
});

test('of a thousand checks that fail ten are named', () => {
  const { is, said, lines } = linesOf();
  is.ready = failing(...Array.from({ length: 1000 }, (_, at): Check => ({ name: `app${at}`, status: 'fail' })));
  lines.look();
  expect(said[0]?.[1].checks).toMatch(/^app0; app1; .*; app9; and 990 more$/);
});

test('nothing is told after the end', () => {
  const { is, said, lines } = linesOf();
  lines.close();
  is.ready = failing({ name: 'queue', status: 'fail' });
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
});
