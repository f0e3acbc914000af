import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { ApnsCredential } from '../../src/apns/credentials.ts';
import { type ApnsTransportOptions, createApnsTransport } from '../../src/apns/transport.ts';
import type { TokenAnswer, TokenSource } from '../../src/carrier/token-source.ts';
import { createPool } from '../../src/http2/create-pool.ts';
import type { Burst, Http2Pool } from '../../src/http2/http2-pool.ts';
import type { Delivery, Failed, Notification, PushTransport } from '../../src/push/push.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';
import { type Answer, type Peer, type Received, startPeer } from './apns-peer.ts';

const ACCEPTED = expect.objectContaining({ kind: 'accepted', session: 1 });

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const tokenCredential: ApnsCredential = { kind: 'token', key: privateKey, keyId: 'KEY', teamId: 'TEAM' };

const delivery = (targets: string[], fields: Partial<Notification> = {}): Delivery =>
  deliveryOf(targets, { platform: 1, ...fields }, { environment: 'development' });

interface Running extends AsyncDisposable {
  readonly transport: PushTransport;
  readonly peer: Peer;
}

async function start(
  script: (received: Received) => Answer | 'drop' | undefined = () => undefined,
  options: Partial<ApnsTransportOptions> = {},
): Promise<Running> {
  const peer = await startPeer(script);
  const transport = createApnsTransport({
    credential: tokenCredential,
    origin: peer.origin,
    createPool: (given) => createPool({ ...given, ca: [peer.ca], requestTimeoutMs: 2000 }),
    ...options,
  });
  return {
    transport,
    peer,
    async [Symbol.asyncDispose]() {
      await transport.close();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** A pool that answers nothing, and keeps what it was given. */
function silentPool(): Http2Pool & { readonly bursts: Burst[] } {
  const bursts: Burst[] = [];
  const counters = { goaways: 0, pings: 0, connects: 0, connectFailures: 0 };
  return {
    bursts,
    submit: (burst) => void bursts.push(burst),
    stats: () => ({ ...counters, sessions: 1, inFlight: 2, waiting: 3, capacity: 1000 }),
    close: async () => {},
  };
}

test('every token gets its request, and its outcome under its own index', async () => {
  await using running = await start(({ path }) =>
    path.endsWith('/dead')
      ? { status: 410, body: { reason: 'Unregistered', timestamp: 1_700_000_000_000 } }
      : undefined,
  );
  const outcomes = await outcomesOf(running.transport, delivery(['a1', 'dead', 'a2'], { topic: 'com.example.app' }));
  expect(outcomes).toEqual([ACCEPTED, expect.objectContaining({ reason: 'Unregistered', providerId: 'A0' }), ACCEPTED]);
  expect(running.peer.received.map(({ path }) => path).sort()).toEqual(
    ['a1', 'a2', 'dead'].map((t) => `/3/device/${t}`),
  );
  const [first] = running.peer.received;
  expect(first?.body).toBe('{"aps":{"alert":"hi"}}');
  expect(first?.headers).toMatchObject({ 'apns-topic': 'com.example.app', 'apns-push-type': 'alert' });
  expect(decodeJwt(String(first?.headers.authorization).replace(/^bearer /, ''))).toMatchObject({ iss: 'TEAM' });
  expect(first?.headers).not.toHaveProperty('apns-id');
});

test('tokens that cannot be sent fail alone', async () => {
  await using running = await start();
  const outcomes = await outcomesOf(running.transport, delivery(['', 'a1', '%zz', 'a2']));
  expect(outcomes.map((outcome) => (outcome as Failed).reason)).toEqual([
    'MissingDeviceToken',
    undefined,
    'BadDeviceToken',
    undefined,
  ]);
  expect(running.peer.received).toHaveLength(2);
});

test('APNs judges the size of a payload unless we are told to', async () => {
  await using running = await start();
  const outcomes = await outcomesOf(running.transport, delivery(['a1'], { message: 'x'.repeat(5000) }));
  expect(outcomes).toEqual([ACCEPTED]);
});

test('with refuseOversized a payload that is too large never leaves', async () => {
  await using running = await start(undefined, { refuseOversized: true });
  const outcomes = await outcomesOf(running.transport, delivery(['a1', 'a2'], { message: 'x'.repeat(5000) }));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: 'PayloadTooLarge' });
  expect(running.peer.received).toHaveLength(0);
});

test('a token refused as expired is replaced once for all pushes that carried it', async () => {
  let refused: string | undefined;
  await using running = await start(({ headers }) => {
    refused ??= headers.authorization;
    return headers.authorization === refused ? { status: 403, body: { reason: 'ExpiredProviderToken' } } : undefined;
  });
  const targets = Array.from({ length: 100 }, (_, i) => `t${i}`);
  const first = await outcomesOf(running.transport, delivery(targets));
  for (const outcome of first) expect(outcome).toMatchObject({ category: 'stale_credential' });
  expect(running.transport.status()).toMatchObject({ status: 'warn', output: 'ExpiredProviderToken' });
  const second = await outcomesOf(running.transport, delivery(targets));
  // One object for all: a push costs none of its own.
  expect([...new Set(second)]).toEqual([{ kind: 'accepted', session: 1 }]);
  expect(new Set(running.peer.received.map(({ headers }) => headers.authorization)).size).toBe(2);
  expect(running.transport.status()).toMatchObject({ status: 'pass' });
});

test('a refused credential is tried again without a push, on a device that nobody has, so that readiness comes back', async () => {
  let isRevoked = true;
  let ms = Date.now();
  await using running = await start(
    ({ path }) =>
      isRevoked
        ? { status: 403, body: { reason: 'InvalidProviderToken' } }
        : path.endsWith('/a1')
          ? undefined
          : { status: 400, body: { reason: 'BadDeviceToken' } },
    { now: () => ms },
  );
  const { transport, peer } = running;
  const status = () => transport.status().status;
  await outcomesOf(transport, delivery(['a1'], { topic: 'com.example.app' }));
  expect(transport.status()).toMatchObject({ status: 'fail', output: 'InvalidProviderToken' });
  expect(peer.received).toHaveLength(1);
  ms += 10_000;
  status();
  await expect.poll(() => peer.received.length).toBe(2);
  expect(peer.received[1]).toMatchObject({
    path: `/3/device/${'0'.repeat(64)}`,
    headers: { 'apns-topic': 'com.example.app', 'apns-push-type': 'background', 'apns-priority': '5' },
    body: '{"aps":{}}',
  });
  expect(status()).toBe('fail');
  isRevoked = false;
  await expect
    .poll(() => {
      ms += 10_000;
      return status();
    })
    .toBe('pass');
});

test('a provider that cannot be reached is tried again without a push, and not more than every ten seconds', async () => {
  let ms = Date.now();
  const pool = silentPool();
  const unreachable = { ...pool, stats: () => ({ ...pool.stats(), sessions: 0, lastError: 'connect ECONNREFUSED' }) };
  const transport = createApnsTransport({
    credential: tokenCredential,
    origin: 'https://localhost:1',
    createPool: () => unreachable,
    now: () => ms,
  });
  expect(transport.status()).toMatchObject({ status: 'fail', output: 'connect ECONNREFUSED' });
  await expect.poll(() => pool.bursts.length).toBe(1);
  for (const probes of [1, 2]) {
    expect(pool.bursts).toHaveLength(probes);
    transport.status();
    ms += 10_000;
    transport.status();
    await expect.poll(() => pool.bursts.length).toBe(probes + 1);
  }
});

test('a certificate is shown in the TLS handshake, and no token is sent', async () => {
  const { cert, key } = makeAuthority().leaf(['com.example.app']);
  const credential: ApnsCredential = { kind: 'certificate', cert, key, notAfter: Date.now() + 1e11 };
  await using running = await start(undefined, { credential });
  expect(await outcomesOf(running.transport, delivery(['a1']))).toEqual([ACCEPTED]);
  expect(running.peer.received[0]).toMatchObject({ client: 'com.example.app' });
  expect(running.peer.received[0]?.headers).not.toHaveProperty('authorization');
});

describe('an apns-id of ours', () => {
  test('is a UUID of its own for each token, the same when the push is repeated', async () => {
    await using running = await start(undefined, { generateApnsId: true });
    const sent = delivery(['a1', 'a2']);
    expect(await outcomesOf(running.transport, sent)).toEqual([ACCEPTED, ACCEPTED]);
    expect(await outcomesOf(running.transport, { ...sent, attempt: 1 })).toEqual([ACCEPTED, ACCEPTED]);
    const ids = Map.groupBy(running.peer.received, ({ path }) => path);
    const perToken = [...ids.values()].map((pushes) => new Set(pushes.map(({ headers }) => headers['apns-id'])));
    expect(perToken.map((set) => set.size)).toEqual([1, 1]);
    const [one, two] = perToken.flatMap((set) => [...set]);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("gives way to the caller's", async () => {
    await using running = await start(undefined, { generateApnsId: true });
    await outcomesOf(running.transport, delivery(['a1'], { apns_id: 'mine' }));
    expect(running.peer.received[0]?.headers['apns-id']).toBe('mine');
  });
});

describe('when APNs is out of reach', () => {
  test('a push that was on its way counts as unanswered', async () => {
    await using running = await start(() => 'drop');
    expect(await outcomesOf(running.transport, delivery(['a1']))).toMatchObject([{ category: 'unanswered' }]);
    expect(running.transport.status().status).not.toBe('pass');
  });

  test('a push that never left counts as not sent, and the status says why', async () => {
    const running = await start();
    await running.peer[Symbol.asyncDispose]();
    expect(await outcomesOf(running.transport, delivery(['a1']))).toMatchObject([{ category: 'not_sent' }]);
    expect(running.transport.status()).toMatchObject({ status: 'fail', sessions: 0 });
    await running.transport.close();
  });
});

describe('the status', () => {
  const note = { ...delivery(['a1']) };
  const answer = (burst: Burst | undefined, status: number, reason = ''): void =>
    burst?.onResponse(0, status, {}, Buffer.from(JSON.stringify({ reason })), 1);

  test('fails on a wrong credential until a push gets through, and not on a bad push', async () => {
    const pool = silentPool();
    const tokenSource = {
      cached: () => 'jwt',
      get: async () => ({ token: 'jwt' }),
      invalidate: () => {},
      lastFailure: () => undefined,
    };
    const credential = tokenCredential;
    const transport = createApnsTransport({
      credential,
      origin: 'https://localhost',
      createPool: () => pool,
      tokenSource,
      now: () => 5,
    });
    for (let i = 0; i < 4; i++) transport.send(note, () => {});
    expect(transport.status()).toMatchObject({ status: 'pass', sessions: 1, inFlight: 5, capacity: 1000 });
    answer(pool.bursts[0], 410, 'Unregistered');
    expect(transport.status().status).toBe('pass');
    answer(pool.bursts[1], 403, 'InvalidProviderToken');
    expect(transport.status()).toMatchObject({ status: 'fail', output: 'InvalidProviderToken' });
    answer(pool.bursts[2], 400, 'BadDeviceToken');
    expect(transport.status().status).toBe('fail');
    answer(pool.bursts[3], 200);
    expect(transport.status()).toMatchObject({ status: 'pass', lastSuccessAt: 5 });
  });

  test('warns of a certificate that is about to expire, and fails when it has', () => {
    const DAY = 86_400_000;
    const of = (notAfter: number) =>
      createApnsTransport({
        credential: { kind: 'certificate', cert: '', key: '', notAfter },
        origin: 'https://localhost',
        createPool: silentPool,
        now: () => 0,
      }).status();
    expect(of(15 * DAY)).toMatchObject({ status: 'pass' });
    expect(of(13 * DAY)).toMatchObject({ status: 'warn', output: 'the certificate expires on 1970-01-14' });
    expect(of(0)).toMatchObject({ status: 'fail', output: 'the certificate expired on 1970-01-01' });
  });
});

describe('without a provider token', () => {
  const signingFailed = { kind: 'failed', category: 'credential', reason: 'SigningFailed', error: 'bad key' } as const;
  const unsigned = (get: TokenSource['get']) => {
    const pool = silentPool();
    const tokenSource = { cached: () => undefined, get, invalidate: () => {}, lastFailure: () => undefined };
    const transport = createApnsTransport({
      credential: tokenCredential,
      origin: 'https://localhost',
      createPool: () => pool,
      tokenSource,
    });
    return { pool, transport };
  };

  test('a key that cannot sign fails all targets as a credential', async () => {
    const { transport, pool } = unsigned(async () => ({ outcome: signingFailed }));
    const outcomes = await outcomesOf(transport, delivery(['a1', 'a2']));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ category: 'credential', reason: 'SigningFailed' });
    expect(transport.status().status).toBe('fail');
    expect(pool.bursts).toHaveLength(0);
  });

  test('pushes that wait for it are settled by close, once', async () => {
    let signed = (_: TokenAnswer): void => {};
    const { transport, pool } = unsigned(() => new Promise((resolve) => (signed = resolve)));
    const outcomes = outcomesOf(transport, delivery(['a1', 'a2']));
    expect(transport.status().inFlight).toBe(7);
    await transport.close();
    signed({ token: 'jwt' });
    expect(await outcomes).toMatchObject([{ category: 'not_sent' }, { category: 'not_sent' }]);
    expect(pool.bursts).toHaveLength(0);
    expect(await outcomesOf(transport, delivery(['a1']))).toMatchObject([{ category: 'not_sent' }]);
  });
});
