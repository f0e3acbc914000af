import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { FcmCredential, ServiceAccount } from '../../src/fcm/credentials.ts';
import { createFcmTokenSource } from '../../src/fcm/token.ts';
import { type Answer, startOauthServer } from './oauth-server.ts';

const START = Date.UTC(2026, 0, 1);
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const account = (tokenUri: string): ServiceAccount => ({
  type: 'service_account',
  projectId: 'p',
  clientEmail: 'push@p.iam.gserviceaccount.com',
  privateKey,
  privateKeyId: 'kid1',
  tokenUri,
});

/** A token source at a server that answers so, with a clock that stands still until it is moved. */
async function setUp(answers: readonly Answer[], credential: (uri: string, host: string) => FcmCredential = account) {
  const server = await startOauthServer(...answers);
  const clock = { now: START };
  const source = createFcmTokenSource({ credential: credential(server.uri, server.host), now: () => clock.now });
  return { server, clock, source, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const lasting = (seconds: number): Answer => ({ body: { access_token: 't', expires_in: seconds } });

describe('a service account', () => {
  test('signs in with an assertion to its token_uri', async () => {
    await using it = await setUp([]);
    expect(await it.source.get()).toEqual({ token: 'token-1' });
    const { method, path, headers, form } = it.server.requests[0]!;
    expect([method, path, headers['content-type']]).toEqual(['POST', '/token', 'application/x-www-form-urlencoded']);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const { protectedHeader, payload } = await jwtVerify(form.get('assertion') as string, publicKey, {
      currentDate: new Date(START),
    });
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'kid1' });
    expect(payload).toEqual({
      iss: 'push@p.iam.gserviceaccount.com',
      scope: ['cloud-platform', 'datastore', 'devstorage.full_control', 'firebase', 'identitytoolkit', 'userinfo.email']
        .map((name) => `https://www.googleapis.com/auth/${name}`)
        .join(' '),
      aud: it.server.uri,
      iat: START / 1000 - 10,
      exp: START / 1000 + 3590,
    });
  });
});

test('an answer without an end is given up', async () => {
  const server = createServer((_req, res) => {
    res.on('drain', () => res.write(Buffer.alloc(65_536, 'x')));
    res.write(Buffer.alloc(1_000_000, 'x'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const source = createFcmTokenSource({
    credential: account(`http://127.0.0.1:${(server.address() as AddressInfo).port}/token`),
  });
  expect(await source.get()).toMatchObject({
    outcome: {
      reason: 'SignInUnavailable',
      error: expect.stringMatching(/^auth: no answer of 127\.0\.0\.1:\d+: the answer is longer than 262144 bytes$/),
    },
  });
  server.closeAllConnections();
  server.close();
});

test('an authorized user signs in with the refresh token', async () => {
  await using it = await setUp([], (tokenUri) => ({
    type: 'authorized_user',
    projectId: 'p',
    clientId: 'id',
    clientSecret: 's&=',
    refreshToken: 'r',
    tokenUri,
  }));
  expect(await it.source.get()).toEqual({ token: 'token-1' });
  expect(Object.fromEntries(it.server.requests[0]!.form)).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'r',
    client_id: 'id',
    client_secret: 's&=',
  });
});

test('a machine asks its metadata server', async () => {
  await using it = await setUp([], (_, host) => ({ type: 'metadata_server', projectId: 'p', host }));
  expect(await it.source.get()).toEqual({ token: 'token-1' });
  const { method, path, headers } = it.server.requests[0]!;
  expect(method).toBe('GET');
  expect(path).toContain('/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2F');
  expect(headers['metadata-flavor']).toBe('Google');
});

describe('one sign-in', () => {
  test('serves all who wait for it', async () => {
    await using it = await setUp([]);
    expect(it.source.cached()).toBeUndefined();
    const answers = await Promise.all(Array.from({ length: 100 }, () => it.source.get()));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"token":"token-1"}']));
    expect(it.server.requests).toHaveLength(1);
  });

  test('serves until five minutes before the end, and the old token until there is a new one', async () => {
    await using it = await setUp([]);
    await it.source.get();
    it.clock.now += 3_299_000;
    expect(it.source.cached()).toBe('token-1');
    expect(it.server.requests).toHaveLength(1);
    it.clock.now += 1_000;
    expect(it.source.cached()).toBe('token-1');
    expect(await it.source.get()).toEqual({ token: 'token-1' });
    await expect.poll(() => it.source.cached()).toBe('token-2');
    expect(it.server.requests).toHaveLength(2);
  });

  test('is renewed at half the life of a short-lived token', async () => {
    await using it = await setUp([lasting(60)]);
    await it.source.get();
    it.clock.now += 29_000;
    expect(it.source.cached()).toBe('t');
    expect(it.server.requests).toHaveLength(1);
    it.clock.now += 22_000;
    expect(it.source.cached()).toBeUndefined();
    expect(await it.source.get()).toEqual({ token: 't' });
    expect(it.server.requests).toHaveLength(2);
  });

  test('whose token ends at once is good for those who waited', async () => {
    await using it = await setUp([lasting(0)]);
    expect(await it.source.get()).toEqual({ token: 't' });
    expect(it.source.cached()).toBeUndefined();
  });
});

test('a token that FCM refused is replaced, and only once however many say so', async () => {
  await using it = await setUp([]);
  await it.source.get();
  it.source.invalidate('token-1');
  expect(it.source.cached()).toBeUndefined();
  expect(await it.source.get()).toEqual({ token: 'token-2' });
  it.source.invalidate('token-1');
  expect(it.source.cached()).toBe('token-2');
});

describe('a sign-in that fails', () => {
  test('for good says so, in Google’s word', async () => {
    const body = { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
    await using it = await setUp([{ status: 400, body }, {}]);
    const failed = {
      kind: 'failed',
      category: 'credential',
      reason: 'invalid_grant',
      error: `auth: cannot fetch token: 400\nResponse: ${JSON.stringify(body)}`,
    };
    expect(await it.source.get()).toEqual({ outcome: failed });
    expect(it.source.lastFailure()).toEqual(failed);
    expect(await it.source.get()).toEqual({ token: 'token-2' });
    expect(it.source.lastFailure()).toBeUndefined();
  });

  test.each([
    [403, '<html>blocked</html>'],
    [404, ''],
    [401, 'sign in first'],
    [400, '{}'],
    [400, '{"error":""}'],
    [407, '{"message":"proxy"}'],
  ])('with %d and %j is a gateway speaking, and no verdict', async (status, body) => {
    await using it = await setUp([{ status, body }]);
    expect(await it.source.get()).toMatchObject({ outcome: { category: 'not_sent', reason: 'SignInUnavailable' } });
  });

  test("with an error in Google's own form is a refusal", async () => {
    await using it = await setUp([{ status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } } }]);
    expect(await it.source.get()).toMatchObject({ outcome: { category: 'credential', reason: 'SignInRefused' } });
  });

  test.each([503, 500, 429, 302])('with %d leaves the pushes unsent, for later', async (status) => {
    await using it = await setUp([{ status, headers: { 'retry-after': '7' }, body: 'later' }]);
    expect(await it.source.get()).toMatchObject({
      outcome: { category: 'not_sent', reason: 'SignInUnavailable', retryAfterMs: 7000 },
    });
  });

  test.each(['', '[]', '{"access_token":5}', '{"access_token":"a\\nb"}'])(
    'with 200 and %j is no sign-in',
    async (body) => {
      await using it = await setUp([{ body }]);
      expect(await it.source.get()).toMatchObject({ outcome: { category: 'not_sent' } });
    },
  );

  test('because nobody listens leaves the pushes unsent', async () => {
    const { server, source } = await setUp([]);
    await server[Symbol.asyncDispose]();
    const answer = await source.get();
    expect(answer).toMatchObject({ outcome: { category: 'not_sent', reason: 'SignInUnavailable' } });
    expect(JSON.stringify(answer)).toContain('ECONNREFUSED');
  });

  test('because nobody answers ends with its timeout', async () => {
    const never = Promise.withResolvers<void>();
    await using server = await startOauthServer({ until: never.promise });
    const source = createFcmTokenSource({ credential: account(server.uri), timeoutMs: 50 });
    expect(await source.get()).toMatchObject({ outcome: { category: 'not_sent' } });
    never.resolve();
  });

  test('in the background is not told while the old token is good', async () => {
    await using it = await setUp([{}, { status: 503 }]);
    await it.source.get();
    it.clock.now += 3_400_000;
    expect(it.source.cached()).toBe('token-1');
    await expect.poll(() => it.source.lastFailure()).toBeDefined();
    for (let i = 0; i < 10; i++) expect(it.source.cached()).toBe('token-1');
    expect(it.server.requests).toHaveLength(2);
    it.clock.now += 30_000;
    expect(it.source.cached()).toBe('token-1');
    await expect.poll(() => it.server.requests.length).toBe(3);
  });
});
