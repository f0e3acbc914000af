import { describe, expect, test } from 'vitest';
import type { TokenAnswer, TokenSource } from '../../src/carrier/token-source.ts';
import { createFcmTransport } from '../../src/fcm/transport.ts';
import { createPool } from '../../src/http2/create-pool.ts';
import type { Delivery, Failed, Notification, Outcome } from '../../src/push/push.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';
import { type Script, startFcmServer } from './fcm-server.ts';

const failure = (status: number, message: string, errorCode?: string) => ({
  status,
  body: {
    error: {
      message,
      ...(errorCode
        ? { details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }] }
        : {}),
    },
  },
});

/** Hands out `token-1`, `token-2`, … as they are invalidated; without `ready`, only after the promise. */
function tokens(ready?: Promise<TokenAnswer>): TokenSource & { invalidated: string[] } {
  const invalidated: string[] = [];
  const current = () => `token-${invalidated.length + 1}`;
  return {
    invalidated,
    cached: () => (ready ? undefined : current()),
    get: async () => ready ?? { token: current() },
    invalidate: (token) => {
      if (token === current()) invalidated.push(token);
    },
    lastFailure: () => undefined,
  };
}

async function setUp(script?: Script, tokenSource = tokens(), requestTimeoutMs = 15_000, now = Date.now) {
  const server = await startFcmServer(script);
  const transport = createFcmTransport({
    credential: { projectId: 'demo-project' },
    origin: server.origin,
    createPool: (options) => createPool({ ...options, ca: [server.ca], requestTimeoutMs }),
    tokenSource,
    now,
  });
  return {
    server,
    transport,
    tokenSource,
    async [Symbol.asyncDispose]() {
      await transport.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const delivery = (targets: readonly string[], fields: Partial<Notification> = {}): Delivery =>
  deliveryOf(targets, { platform: 2, ...fields }, { kind: fields.topic ? 'topic' : 'token' });

const kinds = (settled: readonly Outcome[]): string[] =>
  settled.map((outcome) => (outcome.kind === 'accepted' ? 'accepted' : outcome.reason));

test('one request for each token, with what FCM wants to see', async () => {
  await using it = await setUp();
  expect(await outcomesOf(it.transport, delivery(['a', 'ü "x"', 'c'], { dry_run: true }))).toEqual(
    Array(3).fill({ kind: 'accepted', providerId: 'projects/p/messages/1', session: 1 }),
  );
  const { arrived } = it.server;
  expect(arrived.map(({ body }) => body.message.token).sort()).toEqual(['a', 'c', 'ü "x"']);
  expect(arrived[0]?.body).toMatchObject({ message: { notification: { body: 'hi' } }, validate_only: true });
  expect(arrived[0]?.headers).toMatchObject({
    ':method': 'POST',
    ':path': '/v1/projects/demo-project/messages:send',
    'content-type': 'application/json',
    authorization: 'Bearer token-1',
  });
});

test('twelve hundred tokens are twelve hundred requests on a connection', async () => {
  await using it = await setUp();
  const targets = Array.from({ length: 1200 }, (_, i) => `t${i}`);
  expect(new Set(kinds(await outcomesOf(it.transport, delivery(targets))))).toEqual(new Set(['accepted']));
  expect(new Set(it.server.arrived.map(({ body }) => body.message.token)).size).toBe(1200);
  expect(it.server.sessions.size).toBe(1);
});

test('a topic loses its prefix', async () => {
  await using it = await setUp();
  expect(kinds(await outcomesOf(it.transport, delivery(['/topics/news'], { topic: '/topics/news' })))).toEqual([
    'accepted',
  ]);
  expect(it.server.arrived[0]?.body.message.topic).toBe('news');
});

test('each token has its own outcome, in its own place', async () => {
  await using it = await setUp((target) =>
    target === 'gone'
      ? failure(404, 'Requested entity was not found.', 'UNREGISTERED')
      : target === 'later'
        ? failure(503, 'x', 'UNAVAILABLE')
        : { status: 200, body: {} },
  );
  const settled = await outcomesOf(it.transport, delivery(['', 'a', 'gone', '', 'later', 'b']));
  expect(kinds(settled)).toEqual([
    'MissingTarget',
    'accepted',
    'UNREGISTERED',
    'MissingTarget',
    'UNAVAILABLE',
    'accepted',
  ]);
  expect(it.server.arrived).toHaveLength(4);
});

test('a message that Google’s client refuses fails every token and reaches nobody', async () => {
  await using it = await setUp();
  expect(kinds(await outcomesOf(it.transport, delivery(['a', 'b'], { priority: 'urgent' })))).toEqual([
    'InvalidMessage',
    'InvalidMessage',
  ]);
  expect(it.server.arrived).toEqual([]);
});

describe('the access token', () => {
  test('that FCM refuses is dropped once, and the next push has another', async () => {
    await using it = await setUp((_, { headers }) =>
      headers.authorization === 'Bearer token-1' ? failure(401, 'x') : { status: 200, body: {} },
    );
    const settled = await outcomesOf(it.transport, delivery(['a', 'b', 'c']));
    expect(settled).toMatchObject(Array(3).fill({ category: 'stale_credential' }));
    expect(it.tokenSource.invalidated).toEqual(['token-1']);
    expect(kinds(await outcomesOf(it.transport, delivery(['a'])))).toEqual(['accepted']);
  });

  test('is not to blame for an APNs key that Apple refuses', async () => {
    await using it = await setUp(() => failure(401, 'x', 'THIRD_PARTY_AUTH_ERROR'));
    expect(await outcomesOf(it.transport, delivery(['a']))).toMatchObject([{ category: 'credential' }]);
    expect(it.tokenSource.invalidated).toEqual([]);
  });

  test('that is still to come is waited for', async () => {
    const signIn = Promise.withResolvers<TokenAnswer>();
    await using it = await setUp(undefined, tokens(signIn.promise));
    const pending = outcomesOf(it.transport, delivery(['a', 'b']));
    expect(it.transport.status().inFlight).toBe(2);
    signIn.resolve({ token: 'late' });
    expect(kinds(await pending)).toEqual(['accepted', 'accepted']);
    expect(it.server.arrived[0]?.headers.authorization).toBe('Bearer late');
  });

  test('that cannot be had fails the pushes as Gorush tells it', async () => {
    const outcome = { kind: 'failed', category: 'credential', reason: 'invalid_grant', error: 'auth: x' } as const;
    await using it = await setUp(undefined, tokens(Promise.resolve({ outcome })));
    const url = `${it.server.origin}/v1/projects/demo-project/messages:send`;
    expect(await outcomesOf(it.transport, delivery(['a', '', 'b']))).toMatchObject([
      { category: 'credential', error: `unknown error while making an http call: Post "${url}": auth: x` },
      { reason: 'MissingTarget' },
      { category: 'credential' },
    ]);
  });
});

describe('without an answer', () => {
  test('a push may have got through', async () => {
    await using it = await setUp(() => 'cut');
    expect(await outcomesOf(it.transport, delivery(['a']))).toMatchObject([{ category: 'unanswered' }]);
    expect(it.transport.status().status).not.toBe('pass');
  });

  test('a push ends by its deadline', async () => {
    await using it = await setUp(() => 'never', tokens(), 100);
    expect(await outcomesOf(it.transport, delivery(['a']))).toMatchObject([{ category: 'unanswered' }]);
  });

  test('because nobody listens, a push was not sent', async () => {
    const it = await setUp();
    await it.server[Symbol.asyncDispose]();
    expect(await outcomesOf(it.transport, delivery(['a']))).toMatchObject([{ category: 'not_sent' }]);
    expect(it.transport.status()).toMatchObject({ status: 'fail', sessions: 0 });
    await it.transport.close();
  });
});

describe('the status', () => {
  test('passes, warns while pushes fail, and passes again', async () => {
    let answer = { status: 200, body: {} as unknown };
    await using it = await setUp(() => answer);
    expect(it.transport.status().status).toBe('pass');
    answer = failure(503, 'The service is currently unavailable.\nmore', 'UNAVAILABLE');
    await outcomesOf(it.transport, delivery(['a']));
    expect(it.transport.status()).toMatchObject({ status: 'warn', output: 'The service is currently unavailable.' });
    answer = failure(404, 'x', 'UNREGISTERED');
    await outcomesOf(it.transport, delivery(['a']));
    expect(it.transport.status()).not.toHaveProperty('lastSuccessAt');
    answer = { status: 200, body: {} };
    await outcomesOf(it.transport, delivery(['a']));
    expect(it.transport.status()).toMatchObject({ status: 'pass', sessions: 1, inFlight: 0 });
    expect(it.transport.status()).toHaveProperty('lastSuccessAt');
  });
});

describe('closing', () => {
  test('settles what waits for a token, and what comes after', async () => {
    const signIn = Promise.withResolvers<TokenAnswer>();
    await using it = await setUp(undefined, tokens(signIn.promise));
    const pending = outcomesOf(it.transport, delivery(['a', '']));
    await it.transport.close();
    expect(await pending).toMatchObject([{ category: 'not_sent' }, { reason: 'MissingTarget' }]);
    signIn.resolve({ token: 'late' });
    expect(await outcomesOf(it.transport, delivery(['b']))).toMatchObject([{ category: 'not_sent' }]);
    expect(it.server.arrived).toEqual([]);
  });
});

test('a sign-in that was refused is tried again without a push, and FCM asked to send nothing', async () => {
  let ms = 0;
  let isRevoked = true;
  let failure: Failed | undefined;
  const outcome = { kind: 'failed', category: 'credential', reason: 'invalid_grant', error: 'auth: no' } as const;
  const source = {
    ...tokens(),
    cached: () => undefined,
    get: async () => {
      failure = isRevoked ? outcome : undefined;
      return failure ? { outcome: failure } : { token: 'token-1' };
    },
    lastFailure: () => failure,
  };
  await using it = await setUp(undefined, source, 15_000, () => ms);
  await outcomesOf(it.transport, delivery(['a']));
  expect(it.transport.status()).toMatchObject({ status: 'fail', output: 'auth: no' });
  isRevoked = false;
  expect(it.transport.status().status).toBe('fail');
  ms += 10_000;
  expect(it.transport.status().status).toBe('fail');
  await expect.poll(() => it.transport.status().status).toBe('pass');
  await expect
    .poll(() => it.server.arrived.map(({ body }) => body))
    .toEqual([{ validate_only: true, message: { topic: 'martlet-probe' } }]);
});
