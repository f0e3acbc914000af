import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { ExpoTransport, type ExpoTransportOptions } from '../../src/expo/transport.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';
import { type ExpoAnswer, startExpoServer, tickets } from './expo-server.ts';

const dispatcher = new Agent();
afterAll(() => dispatcher.destroy());

const transportTo = (endpoint: string, more: Partial<ExpoTransportOptions> = {}) =>
  new ExpoTransport({
    dispatcher,
    endpoint,
    accessToken: 'expo-1',
    requestTimeoutMs: 5000,
    receipts: { firstMs: 900_000, untilMs: 86_400_000 },
    now: () => 1000,
    ...more,
  });

const token = (name: string | number) => `ExponentPushToken[${name}]`;
const delivery = (targets: readonly string[], fields: object = {}, more: object = {}) =>
  deliveryOf(targets, { platform: 5, ...fields }, more);

test('a hundred tokens are one request, and tickets are matched by their place', async () => {
  await using server = await startExpoServer();
  const targets = Array.from({ length: 201 }, (_, i) => token(i));
  const outcomes = await outcomesOf(transportTo(server.origin), delivery(targets));
  expect(server.taken.map(({ body }) => body[0]?.to.length).sort()).toEqual([1, 100, 100]);
  expect(outcomes).toEqual(
    targets.map((target) => ({
      kind: 'accepted',
      providerId: `receipt-of-${target}`,
      receipt: { askAt: 901_000, until: 86_401_000 },
    })),
  );
  expect(server.taken.find(({ body }) => body[0]?.to.length === 100)).toMatchObject({
    path: '/--/api/v2/push/send',
    headers: { authorization: 'Bearer expo-1', accept: 'application/json', 'content-encoding': 'gzip' },
  });
});

test('a small request goes out as it is', async () => {
  await using server = await startExpoServer();
  await outcomesOf(transportTo(server.origin, { accessToken: '' }), delivery([token('a')]));
  expect(server.taken[0]?.headers['content-encoding']).toBeUndefined();
  expect(server.taken[0]?.headers.authorization).toBeUndefined();
  expect(server.taken[0]?.body).toEqual([{ body: 'hi', to: [token('a')] }]);
});

test('what is no token is not sent, and the others are', async () => {
  await using server = await startExpoServer();
  const outcomes = await outcomesOf(transportTo(server.origin), delivery(['', 'abc', token('a')]));
  expect(outcomes).toMatchObject([{ reason: 'InvalidToken' }, { reason: 'InvalidToken' }, { kind: 'accepted' }]);
  expect(server.taken[0]?.body[0]?.to).toEqual([token('a')]);
});

describe('a ticket with an error', () => {
  test.each([
    ['DeviceNotRegistered', 'invalid_token'],
    ['MessageTooBig', 'invalid_request'],
    ['MessageRateExceeded', 'unavailable'],
    ['MismatchSenderId', 'credential'],
    ['InvalidCredentials', 'credential'],
    ['DeveloperError', 'invalid_request'],
    ['ExpoError', 'unavailable'],
    ['ProviderError', 'unavailable'],
    ['SomethingNew', 'unavailable'],
    [undefined, 'unavailable'],
  ])('%s concerns its own token alone', async (error, category) => {
    const message = `"${token('secret')}" is not a registered push notification recipient`;
    const body = {
      data: [
        { status: 'error', message, details: { error } },
        { status: 'ok', id: 'r2' },
      ],
    };
    await using server = await startExpoServer(() => ({ body }));
    const [bad, good] = await outcomesOf(transportTo(server.origin), delivery([token('secret'), token('b')]));
    expect(bad).toMatchObject({ kind: 'failed', category, reason: error ?? 'UnknownReceipt' });
    expect(JSON.stringify(bad)).not.toContain('secret');
    expect(good).toMatchObject({ kind: 'accepted', providerId: 'r2' });
  });
});

describe('a refused request', () => {
  test.each([
    [
      'of too many a second',
      { status: 429, body: { errors: [{ code: 'TOO_MANY_REQUESTS' }] } },
      'unavailable',
      'TOO_MANY_REQUESTS',
    ],
    [
      'with a wrong access token',
      { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } },
      'credential',
      'UNAUTHORIZED',
    ],
    ['with 200 and errors', { body: { errors: [{ code: 'UNAUTHORIZED' }] } }, 'credential', 'UNAUTHORIZED'],
    [
      'for its form',
      { status: 400, body: { errors: [{ code: 'VALIDATION_ERROR' }] } },
      'invalid_request',
      'VALIDATION_ERROR',
    ],
    ['of a gateway', { status: 502, body: '<html>' }, 'unavailable', 'Status502'],
    ['by something on the way', { status: 404, body: '<html>' }, 'unavailable', 'InvalidAnswer'],
    ['by something on the way, with 200', { body: '<html>' }, 'unavailable', 'InvalidAnswer'],
    ['with fewer tickets than tokens', { body: { data: [{ status: 'ok', id: 'r' }] } }, 'unavailable', 'InvalidAnswer'],
  ] as [string, ExpoAnswer, string, string][])('%s', async (_, answer, category, reason) => {
    await using server = await startExpoServer(() => answer);
    expect(await outcomesOf(transportTo(server.origin), delivery([token('a'), token('b')]))).toMatchObject(
      Array(2).fill({ category, reason }),
    );
  });
});

test('tokens of several projects are parted as the error says, and each is sent once', async () => {
  const projects = { '@me/one': [token('a'), token('c')], '@me/two': [token('b')] };
  await using server = await startExpoServer((request) =>
    (request.body[0]?.to.length ?? 0) > 2
      ? { status: 400, body: { errors: [{ code: 'PUSH_TOO_MANY_EXPERIENCE_IDS', details: projects }] } }
      : tickets(request),
  );
  const outcomes = await outcomesOf(transportTo(server.origin), delivery(['a', 'b', 'c'].map(token)));
  expect(outcomes.map((outcome) => 'providerId' in outcome && outcome.providerId)).toEqual(
    ['a', 'b', 'c'].map((name) => `receipt-of-${token(name)}`),
  );
  expect(server.taken.slice(1).map(({ body }) => body[0]?.to)).toEqual([[token('a'), token('c')], [token('b')]]);
});

test('an error that names no projects ends, and does not go round', async () => {
  const body = { errors: [{ code: 'PUSH_TOO_MANY_EXPERIENCE_IDS', details: { '@me/one': [token('a')] } }] };
  await using server = await startExpoServer(() => ({ status: 400, body }));
  expect(await outcomesOf(transportTo(server.origin), delivery([token('a'), token('b')]))).toMatchObject(
    Array(2).fill({ reason: 'PUSH_TOO_MANY_EXPERIENCE_IDS', category: 'invalid_request' }),
  );
  expect(server.taken).toHaveLength(1);
});

test('a cut after the request may have been taken, and what is repeated goes in smaller requests', async () => {
  await using server = await startExpoServer((_, count) =>
    count === 1 ? 'cut' : tickets(server.taken.at(-1) as never),
  );
  const targets = Array.from({ length: 50 }, (_, i) => token(i));
  expect((await outcomesOf(transportTo(server.origin), delivery(targets)))[0]).toMatchObject({
    category: 'unanswered',
  });
  await outcomesOf(transportTo(server.origin), delivery(targets, {}, { attempt: 1 }));
  expect(
    server.taken
      .slice(1)
      .map(({ body }) => body[0]?.to.length)
      .sort(),
  ).toEqual([10, 20, 20]);
});

test('six requests are under way at a time', async () => {
  const gate = Promise.withResolvers<void>();
  await using server = await startExpoServer(async (request) => {
    await gate.promise;
    return tickets(request);
  });
  const transport = transportTo(server.origin);
  const outcomes = outcomesOf(transport, delivery(Array.from({ length: 800 }, (_, i) => token(i))));
  await expect.poll(() => server.taken.length).toBe(6);
  expect(transport.status()).toMatchObject({ sessions: 6, inFlight: 800 });
  gate.resolve();
  expect((await outcomes).filter(({ kind }) => kind === 'accepted')).toHaveLength(800);
  expect(server.taken).toHaveLength(8);
});
