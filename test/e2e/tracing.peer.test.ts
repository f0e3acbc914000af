import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../observe/tracing/otlp-receiver.ts';
import { startRelay } from './running-relay.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`;

const push = (head: string) => ({ platform: 1, tokens: [head.repeat(8)], topic: 'com.example.app', message: 'hi' });

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

async function startHook(): Promise<AsyncDisposable & { readonly url: string; readonly calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      calls.push({ headers: req.headers, body: JSON.parse(body) });
      res.end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function post(url: string, notification: object, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ notifications: [notification] });
  const response = await fetch(`${url}/api/push`, { method: 'POST', body, headers });
  return { header: response.headers.get('x-trace-id'), body: (await response.json()) as Record<string, unknown> };
}

const named = ({ spans }: OtlpReceiver, name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);

const attempts = (receiver: OtlpReceiver): ReceivedSpan[] =>
  named(receiver, 'send apns').sort((a, b) => a.start - b.start);

test('one trace leads from the caller over the request, the queue and each attempt to the hook', async () => {
  await using receiver = await startOtlpReceiver();
  await using hook = await startHook();
  await using relay = await startRelay({
    core: { feedback_hook_url: hook.url },
    ios: { max_retry: 1 },
    queue: { backoff: 0.2 },
    log: { format: 'json', error_level: 'error' },
    tracing: { endpoint: receiver.endpoint, headers: ['x-tenant: t1'] },
  });
  const { header, body } = await post(relay.url, push('dead1503'), {
    traceparent: TRACEPARENT,
    tracestate: 'vendor=1',
  });
  expect([header, body.trace_id]).toEqual([TRACE, TRACE]);
  await expect.poll(() => named(receiver, 'feedback hook').length).toBe(1);
  await expect.poll(() => attempts(receiver).length).toBe(2);

  const [request] = named(receiver, 'POST /api/push') as [ReceivedSpan];
  const [queue] = named(receiver, 'queue') as [ReceivedSpan];
  const [first, second] = attempts(receiver) as [ReceivedSpan, ReceivedSpan];
  const [call] = named(receiver, 'feedback hook') as [ReceivedSpan];
  expect(receiver.spans).toHaveLength(5);
  expect(
    new Set(receiver.spans.map(({ traceId, service, traceState }) => `${traceId} ${service} ${traceState}`)),
  ).toEqual(new Set([`${TRACE} martlet vendor=1`]));
  expect(request).toMatchObject({ parentId: CALLER, kind: 2, attributes: { 'martlet.request_id': body.request_id } });
  for (const span of [queue, first, second, call]) expect(span.parentId).toBe(request.spanId);
  expect([queue.kind, first.kind, call.kind]).toEqual([1, 3, 3]);
  expect(first).toMatchObject({
    attributes: { 'martlet.attempt': 1, 'martlet.retried': 1, 'http.response.status_code': 503 },
    events: [{ name: 'retry planned' }],
    status: { code: 2 },
  });
  expect(second).toMatchObject({ attributes: { 'martlet.attempt': 2, 'martlet.failed': 1 }, events: [] });
  const order = [queue.start, queue.end, first.start, first.end, second.start, second.end];
  // The clocks of two spans are read at two moments, and rounded.
  for (const [place, at] of order.slice(1).entries()) expect(at).toBeGreaterThan((order[place] as number) - 0.1);
  expect(call.start).toBeGreaterThanOrEqual(Math.floor(second.end));
  const planned = first.events[0]?.attributes['martlet.retry_in_ms'] as number;
  expect(second.start - first.end).toBeGreaterThanOrEqual(planned - 1);

  expect(hook.calls[0]?.headers).toMatchObject({
    traceparent: `00-${TRACE}-${call.spanId}-01`,
    tracestate: 'vendor=1',
  });
  expect(hook.calls[0]?.body).toMatchObject({ trace_id: TRACE, request_id: body.request_id });
  expect(relay.output()).toContain(`"trace_id":"${TRACE}"`);
  expect(receiver.headers[0]).toMatchObject({ 'x-tenant': 't1' });
  const explained = await relay.get(`/v1/pushes/${body.request_id}`);
  expect(explained).toMatchObject({ pushes: [{ trace_id: TRACE }] });
});

test('a push that outlives its process goes on in the same trace', async () => {
  await using receiver = await startOtlpReceiver();
  await using relay = await startRelay({
    ios: { max_retry: 5 },
    queue: { backoff: 30, backoff_max: 30 },
    core: { shutdown_timeout: 0.1 },
    tracing: { endpoint: receiver.endpoint, service_name: 'push' },
  });
  const { body } = await post(relay.url, push('dead1429'));
  await expect.poll(() => attempts(receiver).length).toBe(1);
  relay.child.kill('SIGKILL');
  await relay.ended();
  await relay.restart();
  await expect.poll(() => attempts(receiver).length).toBe(2);
  const [request] = named(receiver, 'POST /api/push') as [ReceivedSpan];
  const [first, second] = attempts(receiver) as [ReceivedSpan, ReceivedSpan];
  expect(request).toMatchObject({ parentId: '', traceId: body.trace_id, service: 'push' });
  expect([first, second].map(({ traceId, parentId }) => [traceId, parentId])).toEqual(
    Array(2).fill([body.trace_id, request.spanId]),
  );
  expect(first.attributes).toMatchObject({ 'martlet.reason': 'TooManyRequests' });
  expect(second).toMatchObject({ attributes: { 'martlet.delivered': 1 }, status: { code: 0 } });
  expect(second.start).toBeGreaterThan(first.end);
});

test('what is not in the sample is not sent, but its trace is passed on', async () => {
  await using receiver = await startOtlpReceiver();
  await using hook = await startHook();
  await using relay = await startRelay({
    core: { feedback_hook_url: hook.url },
    tracing: { endpoint: receiver.endpoint, sample: 0 },
  });
  const { header } = await post(relay.url, push('dead0410'));
  expect(header).toMatch(/^[0-9a-f]{32}$/);
  await expect.poll(() => hook.calls.length).toBe(1);
  expect(hook.calls[0]?.headers.traceparent).toMatch(new RegExp(`^00-${header}-[0-9a-f]{16}-00$`));
  relay.child.kill();
  await relay.ended();
  expect(receiver.spans).toEqual([]);
});

test('without tracing the trace of the caller goes to the hook as it came; without one there is none', async () => {
  await using hook = await startHook();
  await using relay = await startRelay({ core: { feedback_hook_url: hook.url } });
  const traced = await post(relay.url, push('dead0410'), { traceparent: TRACEPARENT });
  expect([traced.header, traced.body.trace_id]).toEqual([TRACE, TRACE]);
  await expect.poll(() => hook.calls.length).toBe(1);
  expect(hook.calls[0]?.headers.traceparent).toBe(TRACEPARENT);
  for (const headers of [{}, { traceparent: 'nonsense' }]) {
    const { header, body } = await post(relay.url, push('dead0410'), headers);
    expect([header, 'trace_id' in body]).toEqual([null, false]);
  }
  await expect.poll(() => hook.calls.length).toBe(3);
  expect(hook.calls[2]?.headers).not.toHaveProperty('traceparent');
  expect(hook.calls[2]?.body).not.toHaveProperty('traceparent');
});
