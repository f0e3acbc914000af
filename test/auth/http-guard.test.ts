import { expect, test } from 'vitest';
import { ask, bearer, KEYS, push, sha256, startGuardedRelay } from './guarded-relay.ts';

test('with no key configured everybody may do everything', async () => {
  const { url } = await startGuardedRelay({ auth: {} });
  expect((await push(url)).status).toBe(200);
  expect((await ask(`${url}/api/config`)).status).toBe(200);
});

test('with a key configured only the health checks and the greeting are open', async () => {
  const { url } = await startGuardedRelay();
  for (const path of ['/healthz', '/readyz', '/']) expect((await ask(url + path)).status, path).toBe(200);
  expect((await ask(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  for (const path of [
    '/metrics',
    '/api/stat/go',
    '/api/stat/app',
    '/api/config',
    '/sys/stats',
    '/version',
    '/sandbox/deliveries',
    '/v1/apps',
    '/v1/pushes',
    '/v1/console/events',
    '/docs',
    '/nowhere',
    '/healthz/x',
    '/METRICS',
  ])
    expect((await ask(url + path)).status, path).toBe(401);
  expect((await push(url)).status).toBe(401);
  expect((await ask(`${url}/healthz`, { method: 'POST' })).status).toBe(401);
});

test('a refusal has the form of every error, and says how to do better', async () => {
  const { url } = await startGuardedRelay();
  const nobody = await push(url);
  expect(JSON.parse(nobody.text)).toEqual({
    code: 401,
    message: 'A key is needed: Authorization: Bearer <key>, or X-API-Key.',
  });
  expect(nobody.headers.get('WWW-Authenticate')).toBe('Bearer realm="martlet"');
  expect(nobody.headers.get('X-Gorush-Version')).toBe('v1.22.0');
  const wrong = await push(url, bearer('wrong'));
  expect(JSON.parse(wrong.text)).toEqual({ code: 401, message: 'The key is unknown.' });
  expect(wrong.headers.get('WWW-Authenticate')).toBe('Bearer realm="martlet", error="invalid_token"');
  const narrow = await push(url, bearer('reader-key'));
  expect(narrow.status).toBe(403);
  expect(JSON.parse(narrow.text)).toEqual({ code: 403, message: 'This needs the scope push.' });
  expect(narrow.headers.get('WWW-Authenticate')).toBe(
    'Bearer realm="martlet", error="insufficient_scope", scope="push"',
  );
});

test('a key comes as Bearer, in X-API-Key, or as the password of Basic', async () => {
  const { url } = await startGuardedRelay();
  const basic = Buffer.from('anybody:pusher-key').toString('base64');
  for (const headers of [
    { Authorization: 'Bearer pusher-key' },
    { Authorization: 'bearer  pusher-key' },
    { 'X-API-Key': 'pusher-key' },
    { 'X-API-Key': 'pusher-key', Authorization: 'Bearer for-the-proxy' },
    { 'X-API-Key': '', Authorization: 'Bearer pusher-key' },
    { Authorization: `Basic ${basic}` },
  ] as Record<string, string>[])
    expect((await push(url, headers)).status, JSON.stringify(headers)).toBe(200);
  for (const headers of [
    { Authorization: 'pusher-key' },
    { Authorization: 'Digest pusher-key' },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer pusher-key x' },
    { Authorization: 'Basic !!' },
    { 'X-API-Key': 'pusher-key ' + 'x' },
  ] as Record<string, string>[])
    expect((await push(url, headers)).status, JSON.stringify(headers)).toBe(401);
});

test('a key may be any text', async () => {
  const key = 'schlüssel-à-part-ключ';
  const { url } = await startGuardedRelay({ auth: { keys: { pusher: { sha256: sha256(key), scopes: ['push'] } } } });
  // As curl sends what it is given: its bytes.
  const sent = Buffer.from(key).toString('latin1');
  const basic = Buffer.from(`:${key}`).toString('base64');
  for (const headers of [bearer(sent), { 'X-API-Key': sent }, { Authorization: `Basic ${basic}` }])
    expect((await push(url, headers as Record<string, string>)).status).toBe(200);
});

const SCOPES: readonly [key: string, method: string, path: string, isLetIn: boolean][] = [
  ['pusher-key', 'POST', '/api/push', true],
  ['pusher-key', 'POST', '/api/push?x=1', true],
  ['pusher-key', 'GET', '/metrics', false],
  ['pusher-key', 'GET', '/v1/apps', false],
  ['reader-key', 'POST', '/api/push', false],
  ['reader-key', 'GET', '/metrics', true],
  ['reader-key', 'GET', '/api/stat/app', true],
  ['reader-key', 'GET', '/api/config', true],
  ['reader-key', 'GET', '/v1/pushes', true],
  ['reader-key', 'GET', '/v1/apps', false],
  ['reader-key', 'GET', '/V1/Apps/', false],
  ['reader-key', 'GET', '/v1/%61pps', false],
  ['reader-key', 'POST', '/v1/pushes', false],
  ['reader-key', 'DELETE', '/metrics', false],
  ['admin-key', 'POST', '/api/push', true],
  ['admin-key', 'GET', '/metrics', true],
  ['admin-key', 'GET', '/v1/apps', true],
  ['admin-key', 'PUT', '/v1/apps/acme', true],
];

test('each scope opens its own routes, and admin all of them', async () => {
  const { url } = await startGuardedRelay();
  for (const [key, method, path, isLetIn] of SCOPES) {
    const { status } = await ask(url + path, { method, headers: bearer(key) });
    expect([401, 403].includes(status), `${key} ${method} ${path}: ${status}`).toBe(!isLetIn);
  }
});

test('a browser that remembers the password does not send for a page of somebody else', async () => {
  const { url } = await startGuardedRelay();
  const Authorization = `Basic ${Buffer.from(':admin-key').toString('base64')}`;
  expect((await push(url, { Authorization, Origin: 'https://evil.example' })).status).toBe(401);
  expect((await push(url, { Authorization, Origin: 'null' })).status).toBe(401);
  expect((await push(url, { Authorization, Origin: url })).status).toBe(200);
});

test('only what a browser shows as a page is offered a password, and not a page with a sign-in of its own', async () => {
  const { url } = await startGuardedRelay();
  const offered = async (path: string, headers = {}) =>
    (await ask(url + path, { headers })).headers.get('WWW-Authenticate');
  const browser = { Accept: 'text/html,*/*' };
  expect(await offered('/metrics', browser)).toContain('Basic realm="martlet"');
  expect(await offered('/metrics')).toBe('Bearer realm="martlet"');
  for (const path of ['/docs', '/console']) expect(await offered(path, browser)).toBe('Bearer realm="martlet"');
});

test('a renamed route keeps its scope', async () => {
  const { url } = await startGuardedRelay({ api: { push_uri: '/send', health_uri: '/up', metric_uri: '/figures' } });
  expect((await ask(`${url}/up`)).status).toBe(200);
  expect((await ask(`${url}/healthz`)).status).toBe(401);
  expect((await ask(`${url}/figures`, { headers: bearer('reader-key') })).status).toBe(200);
  expect((await ask(`${url}/send`, { method: 'POST', headers: bearer('pusher-key') })).status).toBe(400);
});

test('refusals are counted by reason', async () => {
  const { url } = await startGuardedRelay();
  await push(url);
  await push(url, bearer('wrong'));
  await push(url, bearer('wrong'));
  await push(url, bearer('reader-key'));
  const { text } = await ask(`${url}/metrics`, { headers: bearer('reader-key') });
  expect(text).toContain('martlet_auth_failures_total{reason="no_credential"} 1');
  expect(text).toContain('martlet_auth_failures_total{reason="unknown_key"} 2');
  expect(text).toContain('martlet_auth_failures_total{reason="scope"} 1');
});

test('a key may have only so many requests a second, and is told so', async () => {
  const keys = { pusher: { sha256: sha256('k'), scopes: ['push'], rate_limit: 2 } };
  const { url } = await startGuardedRelay({ auth: { keys } });
  const first = await push(url, bearer('k'));
  expect(first.headers.get('RateLimit-Policy')).toBe('"requests";q=2;w=1');
  expect(first.headers.get('RateLimit')).toMatch(/^"requests";r=[01];t=1$/);
  const answers = await Promise.all(Array.from({ length: 20 }, () => push(url, bearer('k'))));
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers.get('Retry-After')).toBe('1');
  expect(refused?.headers.get('RateLimit-Policy')).toBe('"requests";q=2;w=1');
  expect(refused?.headers.get('RateLimit')).toBe('"requests";r=0;t=1');
  expect(JSON.parse(refused?.text ?? '')).toMatchObject({ code: 429 });
});

test('whoever guesses has to wait, but not a key that was used from there before', async () => {
  const { url } = await startGuardedRelay({
    auth: {
      keys: KEYS,
      max_failures: 3,
      max_lockout: 60,
    },
  });
  expect((await push(url, bearer('pusher-key'))).status).toBe(200);
  const statuses: number[] = [];
  for (let i = 0; i < 6; i++) statuses.push((await push(url, bearer(`guess-${i}`))).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
  const locked = await push(url, bearer('another-guess'));
  expect(Number(locked.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect((await push(url, bearer('reader-key'))).status).toBe(429);
  expect((await push(url, bearer('pusher-key'))).status).toBe(200);
  expect((await ask(`${url}/healthz`)).status).toBe(200);
});

test('a key for some apps does not find out which others there are', async () => {
  const keys = { pusher: { sha256: sha256('k'), scopes: ['push'], apps: ['shop'] } };
  const { url } = await startGuardedRelay({ auth: { keys }, apps: { shop: { android: {} }, news: { android: {} } } });
  const to = async (app: string) => {
    const { status, text } = await push(url, bearer('k'), { platform: 2, tokens: ['t'], message: 'm', app });
    return { status, text };
  };
  expect((await to('Shop')).status).toBe(200);
  const others = await Promise.all(['news', 'NEWS', 'nowhere', 'default', '__proto__'].map(to));
  for (const answer of others) expect(answer).toEqual(others[0]);
  expect(others[0]?.status).toBe(403);
});

test('a key for an app that there is not sends nothing', async () => {
  const keys = { pusher: { sha256: sha256('k'), scopes: ['push'], apps: ['ghost'] } };
  const { url } = await startGuardedRelay({ auth: { keys } });
  for (let i = 0; i < 2; i++) {
    const { status, text } = await push(url, bearer('k'));
    expect([status, JSON.parse(text).message]).toEqual([400, 'notifications[0].app: there is no such app']);
  }
});

test('a key that cannot be guessed is let in at once after a start, whoever guesses from its address', async () => {
  const key = `martlet_${'k'.repeat(43)}`;
  const keys = { ...KEYS, strong: { sha256: sha256(key), scopes: ['push'] } };
  const { url } = await startGuardedRelay({ auth: { keys, max_failures: 3, max_lockout: 60 } });
  for (let i = 0; i < 10; i++) await push(url, bearer(`martlet_${String(i).repeat(43)}`));
  expect((await push(url, bearer(`martlet_${'x'.repeat(43)}`))).status).toBe(429);
  expect((await push(url, bearer(key))).status).toBe(200);
  expect((await push(url, bearer('pusher-key'))).status).toBe(429);
});

test('where both headers are sent X-API-Key counts', async () => {
  const { url } = await startGuardedRelay();
  expect((await push(url, { ...bearer('reader-key'), 'X-API-Key': 'pusher-key' })).status).toBe(200);
  expect((await push(url, { ...bearer('pusher-key'), 'X-API-Key': 'reader-key' })).status).toBe(403);
  expect((await push(url, { ...bearer('pusher-key'), 'X-API-Key': 'wrong' })).status).toBe(401);
});

test('those who are not let in are one line a minute for each reason, with the address and without the key', async () => {
  const relay = await startGuardedRelay();
  for (let i = 0; i < 4; i++) await push(relay.url, bearer(`guess-${i}`));
  for (let i = 0; i < 4; i++) await push(relay.url);
  const lines = relay
    .lines()
    .split('\n')
    .filter((line) => line.includes('requests were not let in'));
  expect(lines).toEqual([
    expect.stringMatching(/reason=unknown_key .*address=127\.0\.0\.1/),
    expect.stringMatching(/reason=no_credential .*address=127\.0\.0\.1/),
  ]);
  expect(relay.lines()).not.toContain('guess-');
});
