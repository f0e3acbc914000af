import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { createHmsTransport, type HmsTransportOptions } from '../../src/hms/transport.ts';
import type { Delivery, Notification, PushTransport } from '../../src/push/push.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';
import { type FakeHms, startFakeHms } from './fake-hms.ts';

const transportTo = (hms: FakeHms, more: Partial<HmsTransportOptions> = {}): PushTransport =>
  createHmsTransport({
    appId: '100001',
    appSecret: 'hms-secret',
    origin: hms.origin,
    authOrigin: hms.origin,
    dispatcher: hms.agent,
    ...more,
  });

const delivery = (targets: string[], fields: Partial<Notification> = {}, kind: Delivery['kind'] = 'token'): Delivery =>
  deliveryOf(targets, { platform: 3, ...fields }, { kind });

const tokenOf = (hms: FakeHms, index = 0): string[] => JSON.parse(hms.pushes[index]?.text ?? '').message.token;

test('tokens go out in one request, signed in once', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms, { now: () => 5 });
  expect(await outcomesOf(transport, delivery(['h1', 'h2', 'h1']))).toEqual(
    Array(3).fill({ kind: 'accepted', providerId: 'r1' }),
  );
  await outcomesOf(transport, delivery(['h3']));
  expect(hms.signIns).toHaveLength(1);
  expect(hms.pushes[0]).toMatchObject({
    path: '/v1/100001/messages:send',
    headers: { authorization: 'Bearer token-1', 'content-type': 'application/json;charset=utf-8' },
  });
  expect(tokenOf(hms)).toEqual(['h1', 'h2', 'h1']);
  expect(transport.status()).toMatchObject({ status: 'pass', inFlight: 0, lastSuccessAt: 5 });
});

test('more than 1,000 tokens are several requests', async () => {
  await using hms = await startFakeHms();
  const targets = Array.from({ length: 2501 }, (_, i) => `t${i}`);
  const outcomes = await outcomesOf(transportTo(hms), delivery(targets));
  expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(hms.pushes.map((_, i) => tokenOf(hms, i).length).sort()).toEqual([1000, 1000, 501]);
  expect(hms.pushes.flatMap((_, i) => tokenOf(hms, i)).sort()).toEqual(targets.toSorted());
});

test('an empty token fails and the others are sent', async () => {
  await using hms = await startFakeHms();
  const [first, empty, last] = await outcomesOf(transportTo(hms), delivery(['h1', '', 'h2']));
  expect([first?.kind, last?.kind]).toEqual(['accepted', 'accepted']);
  expect(empty).toMatchObject({ kind: 'failed', category: 'invalid_token', reason: 'MissingTarget' });
  expect(tokenOf(hms)).toEqual(['h1', 'h2']);
});

test('empty tokens alone are no request', async () => {
  await using hms = await startFakeHms();
  await outcomesOf(transportTo(hms), delivery(['', '']));
  expect([hms.pushes.length, hms.signIns.length]).toEqual([0, 0]);
});

test('a topic and a condition are one push each', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms);
  await outcomesOf(transport, delivery(['news'], { topic: 'news' }, 'topic'));
  await outcomesOf(transport, delivery(["'a' in topics"], { condition: "'a' in topics" }, 'condition'));
  expect(hms.pushes.map(({ text }) => JSON.parse(text).message)).toMatchObject([
    { topic: 'news' },
    { condition: "'a' in topics" },
  ]);
});

test('a message that HMS would refuse fails without a request', async () => {
  await using hms = await startFakeHms();
  const outcomes = await outcomesOf(transportTo(hms), delivery(['h1', 'h2'], { huawei_ttl: 'abc' }));
  expect(outcomes).toMatchObject(Array(2).fill({ category: 'invalid_request', error: 'malformed ttl' }));
  expect(hms.pushes).toHaveLength(0);
});

test('partial success is an outcome for each token', async () => {
  await using hms = await startFakeHms();
  const msg = '{"success":1,"failure":1,"illegal_tokens":["h2"]}';
  hms.pushReplies.push({ body: { code: '80100000', msg, requestId: 'r' } });
  expect(await outcomesOf(transportTo(hms), delivery(['h1', 'h2']))).toMatchObject([
    { kind: 'accepted' },
    { kind: 'failed', category: 'invalid_token' },
  ]);
});

test('a stale token is dropped, so that the next attempt signs in again', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms);
  hms.pushReplies.push({ status: 401, body: { code: '80200003', msg: 'OAuth token expired' } });
  expect(await outcomesOf(transport, delivery(['h1']))).toMatchObject([{ category: 'stale_credential' }]);
  expect(transport.status().status).toBe('warn');
  expect(await outcomesOf(transport, delivery(['h1']))).toMatchObject([{ kind: 'accepted' }]);
  expect(hms.pushes.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(transport.status().status).toBe('pass');
});

test('when sign-in is refused nothing is sent, and a later one makes up for it', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms);
  hms.signInReplies.push({ status: 400, body: { error: 1101, sub_error: 20001 } });
  expect(await outcomesOf(transport, delivery(['h1', 'h2']))).toMatchObject(Array(2).fill({ category: 'credential' }));
  expect(hms.pushes).toHaveLength(0);
  expect(transport.status()).toMatchObject({ status: 'fail', output: 'HMS sign-in refused (400): 1101 20001' });
  expect(await outcomesOf(transport, delivery(['h1']))).toMatchObject([{ kind: 'accepted' }]);
  expect(transport.status().status).toBe('pass');
});

test('a sign-in that failed is tried again without a push, so that readiness comes back', async () => {
  await using hms = await startFakeHms();
  let ms = 0;
  const transport = transportTo(hms, { now: () => ms });
  hms.signInReplies.push('cut');
  await outcomesOf(transport, delivery(['h1']));
  expect(transport.status().status).toBe('fail');
  expect(hms.signIns).toHaveLength(1);
  ms = 30_000;
  transport.status();
  await expect.poll(() => transport.status().status).toBe('pass');
  expect(hms.signIns).toHaveLength(2);
});

test('the app of a request is signed in with its own secret', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms);
  const own = { app_id: '../2?', app_secret: 'a&b=c+d%' };
  expect(await outcomesOf(transport, delivery(['h1'], own))).toMatchObject([{ kind: 'accepted' }]);
  await outcomesOf(transport, delivery(['h1'], own));
  expect(hms.signIns.map(({ text }) => Object.fromEntries(new URLSearchParams(text)))).toEqual([
    { grant_type: 'client_credentials', client_id: '../2?', client_secret: 'a&b=c+d%' },
  ]);
  expect(hms.pushes[0]?.path).toBe('/v1/..%2F2%3F/messages:send');
});

test('a wrong secret of a request is a mistake of that request', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms);
  hms.signInReplies.push({ status: 400, body: { error: 1101 } });
  expect(await outcomesOf(transport, delivery(['h1'], { app_id: '2', app_secret: 'x' }))).toMatchObject([
    { category: 'invalid_request', reason: 'SignInRefused' },
  ]);
  expect(transport.status().status).toBe('pass');
});

test('a lost connection and a missing answer may have been processed', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms, { requestTimeoutMs: 500 });
  hms.pushReplies.push('cut', 'hang');
  expect(await outcomesOf(transport, delivery(['h1']))).toMatchObject([
    { category: 'unanswered', reason: 'ConnectionLost' },
  ]);
  expect(await outcomesOf(transport, delivery(['h1']))).toMatchObject([{ category: 'unanswered', reason: 'Timeout' }]);
  expect(transport.status().status).toBe('warn');
});

test('a server that is not there never saw the push', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms, { origin: 'https://localhost:1' });
  expect(await outcomesOf(transport, delivery(['h1']))).toMatchObject([
    { category: 'not_sent', reason: 'ConnectionFailed' },
  ]);
});

test('a certificate that nobody vouches for is refused before the secret is sent', async () => {
  await using hms = await startFakeHms();
  const dispatcher = new Agent();
  expect(await outcomesOf(transportTo(hms, { dispatcher }), delivery(['h1']))).toMatchObject([
    { category: 'not_sent', reason: 'SignInUnavailable' },
  ]);
  expect(hms.signIns).toHaveLength(0);
  await dispatcher.destroy();
});

test('closing settles what is under way and what waits', async () => {
  await using hms = await startFakeHms();
  const transport = transportTo(hms, { connections: 1 });
  await outcomesOf(transport, delivery(['h1']));
  hms.pushReplies.push('hang');
  const written = outcomesOf(transport, delivery(['h2']));
  const waiting = outcomesOf(transport, delivery(['h3']));
  await expect.poll(() => hms.pushes.length).toBe(2);
  expect(transport.status().inFlight).toBe(2);
  await transport.close();
  expect(await written).toMatchObject([{ category: 'unanswered' }]);
  expect(await waiting).toMatchObject([{ category: 'not_sent' }]);
  expect(await outcomesOf(transport, delivery(['h4']))).toMatchObject([{ category: 'not_sent' }]);
  expect(transport.status().inFlight).toBe(0);
});
