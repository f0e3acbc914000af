import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { createNtfyTransport, type NtfyTransportOptions } from '../../src/ntfy/transport.ts';
import type { Delivery, Outcome, PushTransport } from '../../src/push/push.ts';
import { awaiting } from '../support/awaiting.ts';

const dispatcher = new Agent();
afterAll(() => dispatcher.destroy());

interface Taken {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: { readonly [key: string]: unknown };
}

/** A server that answers as ntfy's does, by default with an id and what it was given. */
async function startServer(
  script: (taken: Taken, count: number) => [number, object | string] | undefined = () => undefined,
) {
  const taken: Taken[] = [];
  const server = createServer(
    awaiting(async (request, response) => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        message: (await json(request)) as Taken['message'],
      };
      taken.push(one);
      const [status, body] = script(one, taken.length) ?? [200, { id: 'abcdefghijkl', ...one.message }];
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const transportTo = (endpoint: string, more: Partial<NtfyTransportOptions> = {}): PushTransport =>
  createNtfyTransport({
    app: 'default',
    endpoint,
    authorization: 'Bearer tk_1',
    dispatcher,
    requestTimeoutMs: 5000,
    connections: 1,
    ...more,
  });

function outcomesOf(transport: PushTransport, targets: readonly string[], fields: object = {}): Promise<Outcome[]> {
  const delivery: Delivery = {
    notification: { tokens: [...targets], platform: 6, message: 'hi', ...fields },
    kind: 'token',
    targets,
    environment: 'production',
    attempt: 0,
  };
  return new Promise((resolve) => {
    const outcomes: Outcome[] = [];
    let open = targets.length;
    transport.send(delivery, (index, outcome) => {
      outcomes[index] = outcome;
      if (--open === 0) resolve(outcomes);
    });
  });
}

const refusal = (http: number, code: number): [number, object] => [http, { code, http, error: 'no', link: '' }];

test('each topic gets a message as JSON, with the credential', async () => {
  await using server = await startServer();
  const outcomes = await outcomesOf(transportTo(`${server.url}/base/`), ['alerts', `${server.url}/base/other`]);
  expect(outcomes).toEqual(Array(2).fill({ kind: 'accepted', providerId: 'abcdefghijkl' }));
  expect(server.taken.map(({ path, message }) => [path, message])).toEqual([
    ['/base/', { topic: 'alerts', message: 'hi' }],
    ['/base/', { topic: 'other', message: 'hi' }],
  ]);
  expect(server.taken[0]?.headers.authorization).toBe('Bearer tk_1');
});

test('another server is never called, and never gets the credential', async () => {
  await using server = await startServer();
  await using other = await startServer();
  expect(await outcomesOf(transportTo(server.url), [`${other.url}/alerts`])).toMatchObject([
    { category: 'invalid_request', reason: 'InvalidTopic' },
  ]);
  expect([server.taken.length, other.taken.length]).toEqual([0, 0]);
});

describe('an answer', () => {
  const NOON = Date.UTC(2026, 0, 5, 12);
  test.each([
    ['of too many requests waits for the burst', refusal(429, 42901), { category: 'unavailable', retryAfterMs: 5000 }],
    ['of a used-up day waits for midnight', refusal(429, 42908), { category: 'unavailable', retryAfterMs: 43_350_000 }],
    ['of a topic without a phone is tried again', refusal(507, 50701), { category: 'unavailable' }],
    ['of a wrong token', refusal(401, 40101), { category: 'credential', reason: '40101' }],
    ['of a wrong request', refusal(400, 40018), { category: 'invalid_request', error: '40018: no' }],
    ['with an unknown code', refusal(400, 49999), { category: 'invalid_request', reason: '49999' }],
    ['of something else at this address', [404, '<html>'], { category: 'unavailable', reason: 'InvalidAnswer' }],
    ['of something else, with 200', [200, '{}'], { category: 'unavailable', reason: 'InvalidAnswer' }],
    ['of a gateway in trouble', [502, 'bad gateway'], { category: 'unavailable', reason: 'Status502' }],
  ] as [string, [number, object], object][])('%s', async (_, answer, expected) => {
    await using server = await startServer(() => answer);
    const transport = transportTo(server.url, { now: () => NOON, random: () => 0.5 });
    expect(await outcomesOf(transport, ['alerts'])).toMatchObject([{ kind: 'failed', ...expected }]);
  });
});

test('a refusal that is a whim of the server is asked about once more', async () => {
  await using server = await startServer((_, count) => (count === 1 ? refusal(403, 40301) : undefined));
  expect(await outcomesOf(transportTo(server.url), ['alerts'])).toMatchObject([{ kind: 'accepted' }]);
  expect(server.taken).toHaveLength(2);
});

test('one forbidden topic spares the lane, five different ones in a row do not', async () => {
  await using server = await startServer(({ message }) => (message.topic === 'open' ? undefined : refusal(403, 40301)));
  const transport = transportTo(server.url, { connections: 10 });
  const spared = async (topics: string[]) =>
    (await outcomesOf(transport, topics)).map((outcome) => outcome.kind === 'failed' && outcome.sparesLane === true);
  expect(await spared(['a', 'a', 'a', 'a', 'a', 'a'])).toEqual(Array(6).fill(true));
  expect(await spared(['b', 'c', 'd', 'e'])).toContain(false);
  await outcomesOf(transport, ['open']);
  expect(await spared(['f'])).toEqual([true]);
});

test('a server that does not know sequence ids is mentioned once', async () => {
  await using server = await startServer(() => [200, { id: 'abc' }]);
  let mentions = 0;
  const transport = transportTo(server.url, { onOldServer: () => void mentions++ });
  await outcomesOf(transport, ['alerts', 'alerts'], { collapse_id: 'one' });
  expect(mentions).toBe(1);
});
