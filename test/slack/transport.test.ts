import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { hostRules } from '../../src/carrier/hosts.ts';
import type { PushTransport } from '../../src/push/push.ts';
import { createSlackTransport, type SlackTransportOptions } from '../../src/slack/transport.ts';
import { awaiting } from '../support/awaiting.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';

const dispatcher = new Agent();
afterAll(() => dispatcher.destroy());

interface Taken {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: { readonly [key: string]: unknown };
}
type Answer = { readonly status?: number; readonly body: object | string; readonly headers?: Record<string, string> };

/** Slack as a test wants it: answers when `script` says so. */
async function startServer(script: (taken: Taken, count: number) => Answer | Promise<Answer>) {
  const taken: Taken[] = [];
  const server = createServer(
    awaiting(async (request, response) => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        message: (await json(request)) as Taken['message'],
      };
      taken.push(one);
      const { status = 200, body, headers } = await script(one, taken.length);
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    taken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const transportTo = (origin: string, more: Partial<SlackTransportOptions> = {}): PushTransport =>
  createSlackTransport({
    endpoint: origin,
    token: 'xoxb-1',
    rules: hostRules({ 'slack.webhook_hosts': [origin] }),
    dispatcher,
    webhooks: dispatcher,
    requestTimeoutMs: 5000,
    connections: 8,
    ...more,
  });

const posted: Answer = { body: { ok: true, channel: 'C1', ts: '1.2' } };
const delivery = (targets: readonly string[], fields: object = {}) => deliveryOf(targets, { platform: 9, ...fields });

test('a channel gets a message with the bot token, and its id is what threads need', async () => {
  await using server = await startServer(() => posted);
  const transport = transportTo(server.origin);
  const outcomes = await outcomesOf(
    transport,
    delivery(['C0123456789'], { title: 'A <b> & c', message: 'see <!channel>', url: 'https://example.com/?a=1&b=2' }),
  );
  expect(outcomes).toEqual([{ kind: 'accepted', providerId: 'C1/1.2' }]);
  expect(server.taken[0]).toMatchObject({
    path: '/api/chat.postMessage',
    headers: { authorization: 'Bearer xoxb-1' },
    message: {
      channel: 'C0123456789',
      text: '*A &lt;b&gt; &amp; c*\nsee &lt;!channel&gt;\n<https://example.com/?a=1&amp;b=2>',
    },
  });
});

test('text, blocks and thread of its own go out as they are', async () => {
  await using server = await startServer(() => posted);
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '<@U1>' } }];
  await outcomesOf(
    transportTo(server.origin),
    delivery(['#general'], { slack: { text: '<@U1>', blocks, thread_ts: '1.1' } }),
  );
  expect(server.taken[0]?.message).toEqual({ channel: '#general', text: '<@U1>', blocks, thread_ts: '1.1' });
});

test('a webhook gets text and blocks, and never the bot token', async () => {
  await using server = await startServer(() => ({ body: 'ok' }));
  const transport = transportTo(server.origin, { token: '' });
  expect(await outcomesOf(transport, delivery([`${server.origin}/services/T/B/x`]))).toEqual([{ kind: 'accepted' }]);
  expect(server.taken[0]).toMatchObject({ path: '/services/T/B/x', message: { text: 'hi' } });
  expect(server.taken[0]?.headers.authorization).toBeUndefined();
  expect(await outcomesOf(transport, delivery(['C0123456789']))).toMatchObject([
    { reason: 'NotConfigured', sparesLane: true },
  ]);
});

describe('what cannot be sent is not sent:', () => {
  const url = 'https://hooks.slack.com.evil.example/services/T/B/x';
  test.each([
    ['a webhook at a host that is not on the list', [url], {}, 'BlockedHost'],
    ['a webhook with user information', ['https://hooks.slack.com@evil.example/x'], {}, 'BlockedHost'],
    ['an address of another kind', ['ftp://hooks.slack.com/x'], {}, 'InvalidTarget'],
    ['an empty target', [''], {}, 'InvalidTarget'],
    ['markup in place of a channel', ['<!channel>'], {}, 'InvalidTarget'],
    ['nothing to say', ['C1'], { message: '' }, 'MissingText'],
    ['more than 50 blocks', ['C1'], { slack: { blocks: Array(51).fill({ type: 'divider' }) } }, 'TooManyBlocks'],
    [
      'a section that is too long',
      ['C1'],
      { slack: { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'a'.repeat(3001) } }] } },
      'TooManyBlocks',
    ],
    [
      'blocks that are too long together',
      ['C1'],
      { slack: { blocks: Array(5).fill({ type: 'section', text: { type: 'mrkdwn', text: 'a'.repeat(2900) } }) } },
      'TooManyBlocks',
    ],
    ['a text that is too long', ['C1'], { message: 'a'.repeat(40_001) }, 'msg_too_long'],
  ] as [string, string[], object, string][])('%s', async (_, targets, fields, reason) => {
    await using server = await startServer(() => posted);
    expect(await outcomesOf(transportTo(server.origin), delivery(targets, fields))).toMatchObject([
      { kind: 'failed', category: 'invalid_request', reason },
    ]);
    expect(server.taken).toEqual([]);
  });
});

describe('an answer', () => {
  test.each([
    [
      'of a channel that is gone',
      { body: { ok: false, error: 'channel_not_found' } },
      'invalid_token',
      'channel_not_found',
    ],
    [
      'of a bot that was not invited',
      { body: { ok: false, error: 'not_in_channel' } },
      'invalid_request',
      'not_in_channel',
    ],
    ['of a revoked token', { body: { ok: false, error: 'token_revoked' } }, 'credential', 'token_revoked'],
    ['with an unknown word', { body: { ok: false, error: 'some_new_word' } }, 'invalid_request', 'some_new_word'],
    ['of an error inside Slack', { body: { ok: false, error: 'internal_error' } }, 'unavailable', 'internal_error'],
    ['of a gateway in trouble', { status: 502, body: '<html>' }, 'unavailable', 'service_unavailable'],
    ['of something on the way', { status: 403, body: '<html>' }, 'unavailable', 'InvalidAnswer'],
    ['of something on the way, with 200', { body: '<html>' }, 'unavailable', 'InvalidAnswer'],
  ] as [string, Answer, string, string][])('%s', async (_, answer, category, reason) => {
    await using server = await startServer(() => answer);
    expect(await outcomesOf(transportTo(server.origin), delivery(['C1']))).toMatchObject([{ category, reason }]);
  });

  test.each([
    ['no_service', 404, 'invalid_token'],
    ['channel_is_archived', 410, 'invalid_token'],
    ['action_prohibited', 403, 'invalid_request'],
    ['rollup_error', 500, 'unavailable'],
  ])('of a webhook: %s', async (word, status, category) => {
    await using server = await startServer(() => ({ status, body: word }));
    expect(await outcomesOf(transportTo(server.origin), delivery([`${server.origin}/services/T/B/x`]))).toMatchObject([
      { category, reason: word },
    ]);
  });
});

test('a channel over its rate is left alone for the time that Slack gives, others go on, and the lane does not notice', async () => {
  await using server = await startServer(({ message }) =>
    message.channel === 'C1'
      ? { status: 429, body: { ok: false, error: 'ratelimited' }, headers: { 'retry-after': '30' } }
      : posted,
  );
  const transport = transportTo(server.origin, { now: () => 5000 });
  expect(await outcomesOf(transport, delivery(['C1', 'C1', 'C2']))).toMatchObject([
    { reason: 'ratelimited', category: 'unavailable', retryAfterMs: 30_000, sparesLane: true },
    { reason: 'Held', category: 'not_sent', retryAfterMs: 30_000, sparesLane: true },
    { kind: 'accepted' },
  ]);
  expect(server.taken.map(({ message }) => message.channel)).toEqual(['C1', 'C2']);
});

test('a channel gets one message at a time, in order', async () => {
  let open = 0;
  let most = 0;
  await using server = await startServer(async ({ message }) => {
    if (message.channel === 'C1') most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    if (message.channel === 'C1') open--;
    return posted;
  });
  const transport = transportTo(server.origin);
  await Promise.all(
    Array.from({ length: 10 }, (_, i) => outcomesOf(transport, delivery(['C1', 'C2'], { message: String(i) }))),
  );
  expect(most).toBe(1);
  const texts = server.taken.filter(({ message }) => message.channel === 'C1').map(({ message }) => message.text);
  expect(texts).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
});
