import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { tracedCall } from '../../src/grpc/traced-call.ts';
import type { OpenSpan, Tracing } from '../../src/observe/tracing/tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

function metadata(entries: Record<string, string>): Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(entries)) made.set(name, value);
  return made;
}

test("without tracing a caller's trace is passed on as it came, and named in the trailer", () => {
  const traced = tracedCall({ metadata: metadata({ traceparent: TRACEPARENT, tracestate: 'a=1' }) });
  expect(traced?.context).toEqual({ traceparent: TRACEPARENT, tracestate: 'a=1' });
  expect(traced?.answered(new Metadata(), 'r1').get('martlet-trace-id')).toEqual([TRACE]);
  expect(tracedCall({ metadata: metadata({ traceparent: 'nonsense' }) })).toBeUndefined();
});

test('with tracing the call has a span, which ends with the answer or the error', () => {
  const ended: unknown[] = [];
  const own = `00-${TRACE}-00f067aa0ba902b7-01`;
  const span: OpenSpan = { context: { traceparent: own }, end: (_, error) => ended.push(error) };
  const tracing: Tracing = { events: {}, request: () => span, hook: () => span, close: async () => {} };
  const traced = tracedCall({ metadata: metadata({}) }, tracing);
  expect(traced?.context.traceparent).toBe(own);
  traced?.answered(new Metadata(), 'r1');
  traced?.failed(new Error('full'));
  expect(ended).toEqual([undefined, 'full']);
});
