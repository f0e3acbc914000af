import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadFcmCredential } from '../../../src/fcm/credentials.ts';
import type { AwsEnvironment } from '../../../src/fcm/sign-in/aws-subject-token.ts';
import { createFcmTokenSource } from '../../../src/fcm/token.ts';
import { type Answer, type Asked, goodAnswers, IAM, STS, startSignInServers } from './sign-in-servers.ts';

const START = Date.UTC(2026, 0, 1);
const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p';
const CLOUD = 'https://www.googleapis.com/auth/cloud-platform';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });

interface Setup {
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly env?: AwsEnvironment;
}

/** A token source at scripted servers. @param fields of the credential, given their origin */
async function setUp(fields: (origin: string) => object, { answers = {}, env = {} }: Setup = {}) {
  const servers = await startSignInServers({ ...goodAnswers(START), ...answers });
  const clock = { now: START };
  const credential = loadFcmCredential(
    { key_path: '', credential: JSON.stringify(fields(servers.origin)), project_id: 'p' },
    {},
  );
  const source = createFcmTokenSource({ credential, env, now: () => clock.now, timeoutMs: 5_000 });
  return { source, clock, asked: servers.asked, [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose]() };
}

const external =
  (source: object | ((origin: string) => object), more: (origin: string) => object = () => ({})) =>
  (origin: string) => ({
    type: 'external_account',
    audience: AUDIENCE,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: origin + STS,
    credential_source: typeof source === 'function' ? source(origin) : source,
    ...more(origin),
  });
const acting = (origin: string) => ({ service_account_impersonation_url: origin + IAM });

function tokenFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'subject-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'token');
  writeFileSync(path, content);
  return path;
}

const formOf = (asked: Asked | undefined) => Object.fromEntries(new URLSearchParams(asked?.body));

describe('an external account', () => {
  test('exchanges the token of its file at the STS', async () => {
    const file = tokenFile('subject.token\n');
    await using it = await setUp(external({ file }));
    expect(await it.source.get()).toEqual({ token: 'federated' });
    const [exchange, ...others] = it.asked;
    expect(others).toEqual([]);
    expect([
      exchange?.method,
      exchange?.path,
      exchange?.headers['content-type'],
      exchange?.headers.authorization,
    ]).toEqual([...['POST', STS, 'application/x-www-form-urlencoded', undefined]]);
    expect(formOf(exchange)).toEqual({
      audience: AUDIENCE,
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: expect.stringContaining('https://www.googleapis.com/auth/firebase'),
      subject_token: 'subject.token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    });
  });

  test('reads the file again for each sign-in', async () => {
    const file = tokenFile('first');
    await using it = await setUp(external({ file }));
    await it.source.get();
    writeFileSync(file, 'second');
    it.source.invalidate('federated');
    await it.source.get();
    expect(it.asked.map((each) => formOf(each).subject_token)).toEqual(['first', 'second']);
  });

  test('acts as a service account where it says so, for as long as it says', async () => {
    const file = tokenFile('{"id_token":"in.json"}');
    const format = { type: 'json', subject_token_field_name: 'id_token' };
    await using it = await setUp(
      external({ file, format }, (origin) => ({
        ...acting(origin),
        service_account_impersonation: { token_lifetime_seconds: 1800 },
      })),
    );
    expect(await it.source.get()).toEqual({ token: 'impersonated' });
    const [exchange, impersonation] = it.asked;
    expect(formOf(exchange)).toMatchObject({ subject_token: 'in.json', scope: CLOUD });
    expect([impersonation?.method, impersonation?.path]).toEqual(['POST', IAM]);
    expect(impersonation?.headers).toMatchObject({
      authorization: 'Bearer federated',
      'content-type': 'application/json',
    });
    expect(JSON.parse(impersonation?.body ?? '')).toEqual({
      lifetime: '1800s',
      scope: expect.arrayContaining([CLOUD, 'https://www.googleapis.com/auth/firebase']),
    });
  });

  test('uses the token until five minutes before its expireTime', async () => {
    await using it = await setUp(external({ file: tokenFile('t') }, acting));
    await it.source.get();
    it.clock.now += 1_499_000;
    expect(it.source.cached()).toBe('impersonated');
    expect(it.asked).toHaveLength(2);
    it.clock.now += 2_000;
    expect(it.source.cached()).toBe('impersonated');
    await expect.poll(() => it.asked.length).toBe(4);
  });

  test('asks a URL for its token, with its headers', async () => {
    await using it = await setUp(
      external((origin) => ({
        url: `${origin}/identity?resource=x`,
        headers: { Metadata: 'True' },
        format: { type: 'json', subject_token_field_name: 'access_token' },
      })),
      { answers: { '/identity?resource=x': { body: { access_token: 'of.azure', expires_in: '86399' } } } },
    );
    expect(await it.source.get()).toEqual({ token: 'federated' });
    const [first, exchange] = it.asked;
    expect([first?.method, first?.headers.metadata]).toEqual(['GET', 'True']);
    expect(formOf(exchange).subject_token).toBe('of.azure');
  });

  test('says who asks when it has a client, and whose project it is when it has none', async () => {
    const audience = '//iam.googleapis.com/locations/global/workforcePools/pool/providers/p';
    const workforce = { audience, workforce_pool_user_project: '12' };
    const file = tokenFile('t');
    await using alone = await setUp(external({ file }, () => workforce));
    await alone.source.get();
    expect(formOf(alone.asked[0]).options).toBe('{"userProject":"12"}');
    const client = { client_id: 'me', client_secret: 's:cret' };
    await using named = await setUp(external({ file }, () => ({ ...workforce, ...client })));
    await named.source.get();
    expect(formOf(named.asked[0]).options).toBeUndefined();
    expect(named.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s:cret').toString('base64')}`);
  });
});

describe('an external account of AWS', () => {
  const source = (origin: string) => ({
    environment_id: 'aws1',
    region_url: `${origin}/zone`,
    url: `${origin}/roles`,
    regional_cred_verification_url: 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
    imdsv2_session_token_url: `${origin}/session`,
  });
  const answers = {
    '/session': { body: 'session-token' },
    '/zone': { body: 'us-east-2b' },
    '/roles': { body: 'push-role' },
    '/roles/push-role': { body: { AccessKeyId: 'ID', SecretAccessKey: 'SECRET', Token: 'TEMPORARY' } },
  };
  interface Signed {
    readonly url: string;
    readonly method: string;
    readonly headers: readonly { readonly key: string; readonly value: string }[];
  }
  const signedIn = (asked: Asked | undefined) => {
    const { url, method, headers } = JSON.parse(decodeURIComponent(formOf(asked).subject_token ?? '')) as Signed;
    return { url, method, headers: Object.fromEntries(headers.map(({ key, value }) => [key, value])) };
  };

  test('signs with the role of the machine', async () => {
    await using it = await setUp(external(source), { answers });
    expect(await it.source.get()).toEqual({ token: 'federated' });
    expect(it.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /session',
      'GET /roles',
      'GET /roles/push-role',
      'GET /zone',
      `POST ${STS}`,
    ]);
    expect(it.asked[0]?.headers['x-aws-ec2-metadata-token-ttl-seconds']).toBe('300');
    for (const each of it.asked.slice(1, 4)) expect(each.headers['x-aws-ec2-metadata-token']).toBe('session-token');
    expect(signedIn(it.asked[4])).toEqual({
      url: 'https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
      method: 'POST',
      headers: {
        host: 'sts.us-east-2.amazonaws.com',
        'x-amz-date': '20260101T000000Z',
        'x-amz-security-token': 'TEMPORARY',
        'x-goog-cloud-target-resource': AUDIENCE,
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=ID\/20260101\/us-east-2\/sts\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, Signature=[0-9a-f]{64}$/,
        ),
      },
    });
  });

  test('signs with the keys and the region of the environment, and asks no metadata server', async () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 'S' };
    await using it = await setUp(external(source), { env });
    expect(await it.source.get()).toEqual({ token: 'federated' });
    expect(it.asked).toHaveLength(1);
    expect(signedIn(it.asked[0])).toMatchObject({
      url: expect.stringContaining('sts.eu-west-1.'),
      headers: { authorization: expect.stringContaining('Credential=ENV/20260101/eu-west-1/') },
    });
  });

  test.each<[Record<string, Answer>, string]>([
    [
      { '/session': { status: 403 } },
      'credential_source.imdsv2_session_token_url: the metadata server of AWS answers 403',
    ],
    [{ '/roles': { status: 404 } }, 'credential_source.url: the metadata server of AWS answers 404'],
    [{ '/roles/push-role': { body: { Code: 'Failed' } } }, 'answers without AccessKeyId and SecretAccessKey'],
    [{ '/zone': { body: '<html>' } }, 'credential_source.region_url: the metadata server of AWS does not answer'],
  ])('%j leaves the pushes unsent', async (wrong, message) => {
    await using it = await setUp(external(source), { answers: { ...answers, ...wrong } });
    const answer = await it.source.get();
    expect(answer).toMatchObject({ outcome: { category: 'not_sent', reason: 'SignInUnavailable' } });
    expect(JSON.stringify(answer)).toContain(message);
    expect(JSON.stringify(answer)).not.toContain('SECRET');
  });

  test('without a metadata server and without variables says which would help', async () => {
    await using it = await setUp(external({ environment_id: 'aws1' }));
    expect(JSON.stringify(await it.source.get())).toContain('credential_source.url is missing, and AWS_ACCESS_KEY_ID');
  });
});

describe('an impersonated service account', () => {
  const impersonated =
    (source: (origin: string) => object, more: object = {}) =>
    (origin: string) => ({
      type: 'impersonated_service_account',
      service_account_impersonation_url: origin + IAM,
      source_credentials: source(origin),
      ...more,
    });
  const account = (origin: string) => ({
    type: 'service_account',
    client_email: 'a@b.example',
    private_key: pem,
    token_uri: origin + STS,
  });
  const user = (origin: string) => ({
    type: 'authorized_user',
    client_id: 'i',
    client_secret: 's',
    refresh_token: 'r',
    token_uri: origin + STS,
  });

  test.each([
    ['service_account', account, 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    ['authorized_user', user, 'refresh_token'],
  ])('signs in with its %s, then acts', async (_, source, grant) => {
    await using it = await setUp(impersonated(source));
    expect(await it.source.get()).toEqual({ token: 'impersonated' });
    expect(formOf(it.asked[0]).grant_type).toBe(grant);
    expect(it.asked[1]?.headers.authorization).toBe('Bearer federated');
    expect(JSON.parse(it.asked[1]?.body ?? '')).toEqual({ lifetime: '3600s', scope: expect.any(Array) });
  });

  test('with an external account and delegates', async () => {
    const file = tokenFile('t');
    const delegates = ['one@b.example', 'two@b.example'];
    await using it = await setUp(impersonated(external({ file }), { delegates }));
    expect(await it.source.get()).toEqual({ token: 'impersonated' });
    expect(JSON.parse(it.asked[1]?.body ?? '')).toMatchObject({ delegates });
  });

  test('whose source is refused is refused with its reason', async () => {
    const refusal = { status: 400, body: { error: 'invalid_grant', error_description: 'Token has been revoked.' } };
    await using it = await setUp(impersonated(user), { answers: { [STS]: refusal } });
    expect(await it.source.get()).toMatchObject({ outcome: { category: 'credential', reason: 'invalid_grant' } });
    expect(it.asked).toHaveLength(1);
  });
});

describe('a sign-in that brings no token', () => {
  const file = () => tokenFile('SECRET.token');
  const refusals: [string, Answer, string][] = [
    ['STS', { status: 400, body: { error: 'invalid_grant', error_description: 'expired' } }, 'invalid_grant'],
    ['STS', { status: 400, body: { error: 'invalid_target' } }, 'invalid_target'],
    ['STS', { status: 401, body: { error: 'invalid_client' } }, 'invalid_client'],
    ['IAM', { status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } } }, 'SignInRefused'],
    ['IAM', { status: 404, body: { error: { code: 404, status: 'NOT_FOUND' } } }, 'SignInRefused'],
  ];
  test.each(refusals)('because %s answers %j is refused', async (where, answer, reason) => {
    const path = where === 'STS' ? STS : IAM;
    await using it = await setUp(external({ file: file() }, acting), { answers: { [path]: answer } });
    const got = await it.source.get();
    expect(got).toMatchObject({ outcome: { category: 'credential', reason } });
    expect(it.source.lastFailure()).toMatchObject({ reason });
  });

  const others: [string, Answer][] = [
    ['STS', { status: 403, body: '<html>blocked</html>' }],
    ['STS', { status: 503, body: { error: 'temporarily_unavailable' } }],
    ['STS', { body: '{}' }],
    ['STS', { body: '<html>sign in to the Wi-Fi</html>' }],
    ['IAM', { status: 404, body: '<html>not found</html>' }],
    ['IAM', { status: 429, body: { error: { code: 429 } } }],
    ['IAM', { body: { accessToken: 't' } }],
    ['IAM', { body: { accessToken: 'a\nb', expireTime: '2030-01-01T00:00:00Z' } }],
    ['IAM', { body: { expireTime: '2030-01-01T00:00:00Z' } }],
  ];
  test.each(others)('because %s answers %j leaves the pushes unsent', async (where, answer) => {
    const path = where === 'STS' ? STS : IAM;
    await using it = await setUp(external({ file: file() }, acting), { answers: { [path]: answer } });
    expect(await it.source.get()).toMatchObject({ outcome: { category: 'not_sent', reason: 'SignInUnavailable' } });
  });

  test('a Retry-After of the STS is kept', async () => {
    const answer = { status: 503, headers: { 'retry-after': '7' } };
    await using it = await setUp(external({ file: file() }), { answers: { [STS]: answer } });
    expect(await it.source.get()).toMatchObject({ outcome: { retryAfterMs: 7000 } });
  });

  const json = { type: 'json', subject_token_field_name: 'id_token' };
  const sources: [string, () => object, string][] = [
    ['no file', () => ({ file: '/nowhere/token' }), 'credential_source.file /nowhere/token: no such file'],
    ['a folder', () => ({ file: tmpdir() }), `credential_source.file ${tmpdir()}: is a directory`],
    ['an empty file', () => ({ file: tokenFile(' \n') }), 'there is no token'],
    [
      'a file of another form',
      () => ({ file: tokenFile('SECRET'), format: json }),
      'there is no text \\"id_token\\" in JSON',
    ],
    [
      'a file without the field',
      () => ({ file: tokenFile('{"token":"SECRET"}'), format: json }),
      'format.subject_token_field_name',
    ],
    ['a huge file', () => ({ file: tokenFile('x'.repeat(1_100_000)) }), 'longer than 1048576 bytes'],
  ];
  test.each(sources)('%s leaves the pushes unsent, and is named', async (_, source, message) => {
    await using it = await setUp(external(source()));
    const answer = await it.source.get();
    expect(answer).toMatchObject({ outcome: { category: 'not_sent' } });
    expect(JSON.stringify(answer)).toContain(message);
    expect(JSON.stringify(answer)).not.toContain('SECRET');
    expect(it.asked).toEqual([]);
  });

  test('a URL that gives none, or cannot be reached, is named', async () => {
    const url = (origin: string) => ({ url: `${origin}/identity` });
    const status = { '/identity': { status: 400, body: { error: 'invalid_request' } } };
    await using refused = await setUp(external(url), { answers: status });
    expect(JSON.stringify(await refused.source.get())).toContain('credential_source.url: 400');
    await using away = await setUp(external({ url: 'http://127.0.0.1:1/identity' }));
    expect(await away.source.get()).toMatchObject({ outcome: { category: 'not_sent' } });
    expect(JSON.stringify(away.source.lastFailure())).toContain('ECONNREFUSED 127.0.0.1:1');
  });
});
