import { expect, test } from 'vitest';
import { hubRoute } from '../../../src/api/hub/hub-route.ts';
import { cursorOf, PAGE_QUERY, pageBody, pageOf } from '../../../src/api/hub/list-page.ts';
import { StoreUnavailable } from '../../../src/hub/storage/store-unavailable.ts';
import { UnreadableError } from '../../../src/hub/storage/unreadable.ts';
import { keyOf, openHubFace, personOf } from './hub-face.ts';

const echo = (method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', more: object = {}) =>
  hubRoute({
    method,
    path: '/v1/users/{user}',
    scope: 'users',
    own: 'path',
    handle: async ({ params, app, body, person }) => ({ status: 200, body: { user: params.user, app, body, person } }),
    ...more,
  });

const numbers = hubRoute({
  method: 'GET',
  path: '/v1/numbers',
  scope: 'read',
  query: PAGE_QUERY,
  async handle({ query }) {
    const page = pageOf('numbers', ['number'], query);
    const from = Number(page.after?.[0] ?? 0);
    const rows = Array.from({ length: Math.min(page.limit + 1, 250 - from) }, (_, i) => from + i + 1);
    const { rows: shown, next } = pageBody('numbers', rows, page, (row) => [row]);
    return { status: 200, body: { numbers: shown, ...next } };
  },
});

test('an id in a path is any text but controls, percent-encoded, and a slash in it is data', async () => {
  const face = await openHubFace(() => [echo('GET')]);
  for (const id of ['ada', 'a/b', 'ä ö', '👩‍👩‍👧', 'a?b#c', '%2F', '...', 'x'.repeat(256), '👍'.repeat(256), ' '])
    expect((await face.ask(`GET /v1/users/${encodeURIComponent(id)}`)).body.user, id).toBe(id);
});

test('a parameter that the route does not have is 422, with the one that was meant, and nothing is done', async () => {
  let done = 0;
  const put = echo('PUT', { handle: async () => ({ status: 200, body: { done: ++done } }) });
  const face = await openHubFace(() => [put, numbers]);
  const { status, body } = await face.ask('GET /v1/numbers?limt=5&since=yesterday&app=default');
  expect(status).toBe(422);
  expect(body.details).toEqual([
    { path: 'limt', reason: 'unknown parameter; did you mean "limit"?' },
    { path: 'since', reason: 'unknown parameter' },
  ]);
  expect((await face.ask('PUT /v1/users/ada?limit=5', { body: {} })).status).toBe(422);
  expect((await face.ask('GET /v1/numbers?__proto__=1')).status).toBe(422);
  expect(done).toBe(0);
  expect((await face.ask('GET /v1/numbers?limit=5&cursor=')).body.numbers).toHaveLength(5);
});

test('what stands in for another system overlooks what that overlooks', async () => {
  const face = await openHubFace(() => [numbers], { refuse: (res) => res.writeHead(400).end() });
  expect((await face.ask('GET /v1/numbers?limt=5')).status).toBe(200);
});

test('what is no id is 422 with its place, and what cannot be decoded is 400', async () => {
  const face = await openHubFace(() => [echo('GET')]);
  for (const raw of [
    '%2E%2E',
    '%2E',
    '%00',
    'a%0Ab',
    '%C2%85',
    'x'.repeat(257),
    encodeURIComponent('👍'.repeat(257)),
  ]) {
    const { status, body } = await face.ask(`GET /v1/users/${raw}`);
    expect(status, raw.slice(0, 20)).toBe(422);
    expect(body).toMatchObject({ code: 422, details: [{ path: 'user' }] });
  }
  for (const raw of ['%', '%zz', '%ff', '%C3']) expect((await face.ask(`GET /v1/users/${raw}`)).status, raw).toBe(400);
});

test('another method gets 405 with those that there are, and another path goes on to the next router', async () => {
  const face = await openHubFace(() => [echo('GET'), echo('DELETE')]);
  const wrong = await face.ask('PUT /v1/users/ada', { body: {} });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get('Allow')).toBe('GET, HEAD, DELETE');
  for (const path of ['/v1/users', '/v1/users/', '/v1/users/ada/', '/V1/users/ada', '/v1//users/ada'])
    expect((await fetch(face.url + path)).status, path).toBe(404);
  expect((await fetch(`${face.url}/v1/users/ada`, { method: 'HEAD' })).status).toBe(200);
});

test('a literal segment counts before a parameter, whatever the method', async () => {
  const route = (method: 'GET' | 'PUT' | 'POST', path: string) =>
    hubRoute({ method, path, scope: 'users', body: 'none', handle: async () => ({ status: 200, body: path }) });
  const face = await openHubFace(() => [
    route('GET', '/v1/devices/{device}'),
    route('PUT', '/v1/devices/{device}'),
    route('GET', '/v1/devices/export'),
    route('POST', '/v1/devices/import'),
  ]);
  expect((await face.ask('GET /v1/devices/export')).body).toBe('/v1/devices/export');
  expect((await face.ask('PUT /v1/devices/phone')).body).toBe('/v1/devices/{device}');
  expect((await face.ask('PUT /v1/devices/export')).headers.get('Allow')).toBe('GET, HEAD');
  expect((await face.ask('GET /v1/devices/import')).headers.get('Allow')).toBe('POST');
});

test('a body that is no JSON is 400, one that is too long 413, and an empty one is no JSON', async () => {
  const face = await openHubFace(() => [echo('PUT'), echo('POST', { body: 'maybe' })]);
  const status = async (body: unknown, method = 'PUT') => (await face.ask(`${method} /v1/users/ada`, { body })).status;
  expect(await status('')).toBe(400);
  expect(await status('', 'POST')).toBe(200);
  expect(await status('{')).toBe(400);
  expect(await status(Buffer.from('{"a":"\xff"}', 'latin1'))).toBe(400);
  expect(await status(`${'['.repeat(101)}${']'.repeat(101)}`)).toBe(400);
  expect(await status(`${'['.repeat(100)}${']'.repeat(100)}`)).toBe(200);
  expect(await status(`"${'x'.repeat(1_048_574)}"`)).toBe(200);
  expect(await status(`"${'x'.repeat(1_048_575)}"`)).toBe(413);
});

test('without keys everything is open; with them it takes the scope', async () => {
  const face = await openHubFace(() => [echo('GET')]);
  expect((await face.ask('GET /v1/users/ada')).status).toBe(200);
  expect((await face.ask('GET /v1/users/ada', { as: keyOf(['users']) })).status).toBe(200);
  expect((await face.ask('GET /v1/users/ada', { as: keyOf(['admin']) })).status).toBe(200);
  const refused = await face.ask('GET /v1/users/ada', { as: keyOf(['push', 'read']) });
  expect(refused).toMatchObject({ status: 403, body: { code: 403, message: 'This needs the scope users.' } });
});

test('the token of a person is for that person and that app, and for the routes that say so', async () => {
  const face = await openHubFace(() => [
    echo('GET'),
    hubRoute({ method: 'GET', path: '/v1/users', scope: 'users', handle: async () => ({ status: 200 }) }),
    hubRoute({
      ...{ method: 'POST', path: '/v1/engagements', scope: 'users', own: 'own' },
      handle: async ({ person, app }) => ({ status: 200, body: { person, app } }),
    }),
  ]);
  const ada = personOf('ada', 'shop');
  expect((await face.ask('GET /v1/users/ada', { as: ada })).body).toMatchObject({ app: 'shop', person: 'ada' });
  expect((await face.ask('GET /v1/users/ada?app=shop', { as: ada })).status).toBe(200);
  expect((await face.ask('GET /v1/users/ada?app=news', { as: ada })).status).toBe(403);
  expect((await face.ask('GET /v1/users/ada?app=nowhere', { as: ada })).status).toBe(403);
  expect((await face.ask('GET /v1/users/bob', { as: ada })).status).toBe(403);
  expect((await face.ask('GET /v1/users', { as: ada })).status).toBe(403);
  expect((await face.ask('POST /v1/engagements', { as: ada, body: {} })).body).toEqual({ person: 'ada', app: 'shop' });
});

test('the app is the one that is asked for, else that of the key, else default', async () => {
  const face = await openHubFace(() => [echo('GET')]);
  const ask = (query: string, apps?: string[]) => face.ask(`GET /v1/users/ada${query}`, { as: keyOf(['users'], apps) });
  expect((await ask('')).body.app).toBe('default');
  expect((await ask('?app=shop')).body.app).toBe('shop');
  expect((await ask('?app=SHOP', ['shop'])).body.app).toBe('shop');
  expect((await ask('', ['shop'])).body.app).toBe('shop');
  expect((await ask('', ['shop', 'default'])).body.app).toBe('default');
  expect((await ask('', ['shop', 'news'])).status).toBe(400);
  expect((await ask('?app=news', ['shop'])).status).toBe(403);
  expect((await ask('?app=nowhere', ['shop'])).status).toBe(403);
  expect((await ask('?app=nowhere')).status).toBe(404);
  expect((await ask('?app=shop&app=news')).status).toBe(422);
});

test('a resource has an ETag: 304 for who knows it, 412 for who expects another', async () => {
  let rev = 3;
  const face = await openHubFace(() => [
    hubRoute({
      ...{ method: 'GET', path: '/v1/users/{user}', scope: 'users' },
      handle: async () => ({ status: 200, body: {}, rev }),
    }),
    hubRoute({
      ...{ method: 'PUT', path: '/v1/users/{user}', scope: 'users' },
      async handle({ expect: matches }) {
        matches(rev);
        rev++;
        return { status: 200, body: {}, rev };
      },
    }),
  ]);
  const get = (tag: string) => face.ask('GET /v1/users/ada', { headers: { 'If-None-Match': tag } });
  const put = (headers: Record<string, string>) => face.ask('PUT /v1/users/ada', { headers, body: {} });
  expect((await get('"2"')).headers.get('ETag')).toBe('"3"');
  for (const tag of ['"3"', 'W/"3"', '"1", "3"', '*']) expect((await get(tag)).status, tag).toBe(304);
  expect((await put({ 'If-Match': '"2"' })).status).toBe(412);
  expect((await put({ 'If-None-Match': '*' })).status).toBe(412);
  expect((await put({ 'If-Match': '"3"' })).headers.get('ETag')).toBe('"4"');
});

test('lists come in pages of 1 to 1000, 100 by default, with a cursor to go on', async () => {
  const face = await openHubFace(() => [numbers]);
  const first = (await face.ask('GET /v1/numbers')).body;
  expect(first.numbers).toHaveLength(100);
  const second = (await face.ask(`GET /v1/numbers?limit=149&cursor=${first.next_cursor}`)).body;
  expect(second.numbers).toEqual(Array.from({ length: 149 }, (_, i) => i + 101));
  const third = (await face.ask(`GET /v1/numbers?cursor=${second.next_cursor}`)).body;
  expect(third).toEqual({ numbers: [250] });
  for (const limit of ['0', '1001', '-1', 'x', '1e2', '10.5'])
    expect((await face.ask(`GET /v1/numbers?limit=${limit}`)).status, limit).toBe(422);
});

test('a parameter that no store could look for is 422', async () => {
  const face = await openHubFace(() => [numbers]);
  const { status, body } = await face.ask('GET /v1/numbers?app=a%00b');
  expect([status, body.details]).toEqual([422, [{ path: 'app', reason: 'must not have the character U+0000' }]]);
});

test('a cursor that is none of the list is 422', async () => {
  const face = await openHubFace(() => [numbers]);
  const bad = [
    'x',
    '1',
    cursorOf('other', [3]),
    cursorOf('numbers', ['3']),
    cursorOf('numbers', [3, 4]),
    cursorOf('numbers', [1.5]),
    cursorOf('numbers', [1e300]),
    '%F0',
    'a'.repeat(9000),
  ];
  for (const cursor of bad) {
    const { status, body } = await face.ask(`GET /v1/numbers?cursor=${cursor}`);
    expect(status, cursor.slice(0, 20)).toBe(422);
    expect(body.details[0].path).toBe('cursor');
  }
});

test('a store that is down is 503 with the time to come again', async () => {
  const face = await openHubFace(() => [
    echo('GET', {
      handle: async () => {
        throw new StoreUnavailable('the store of the hub cannot be reached', 2);
      },
    }),
  ]);
  const { status, headers } = await face.ask('GET /v1/users/ada');
  expect(status).toBe(503);
  expect(headers.get('Retry-After')).toBe('2');
});

test('why the hub is closed to a sender is said, before anything else', async () => {
  const face = await openHubFace(() => [echo('GET')], { closed: () => 'closed: set auth.keys' });
  for (const line of ['GET /v1/users/ada', 'PUT /v1/users/ada', 'GET /v1/users/%00'])
    expect((await face.ask(line)).body, line).toEqual({ code: 403, message: 'closed: set auth.keys' });
});

test('changes are in the audit log with app and status, and no id of a person', async () => {
  const face = await openHubFace(() => [echo('PUT', { action: 'user.replace' }), echo('GET')]);
  await face.ask('PUT /v1/users/ada@example.com?app=shop', { as: keyOf(['users']), body: {} });
  await face.ask('PUT /v1/users/ada@example.com', { as: keyOf(['read']), body: {} });
  await face.ask('PUT /v1/users/ada@example.com', { as: keyOf(['users']), body: '{' });
  await face.ask('GET /v1/users/ada@example.com', { as: keyOf(['users']) });
  const address = expect.stringContaining('127.0.0.1');
  const common = { who: 'key', by: 'key', address, action: 'user.replace' };
  const target = expect.stringMatching(/^user#[\w-]{43}$/);
  expect(face.audited).toEqual([
    { ...common, status: 200, apps: { shop: 0 }, target },
    { ...common, status: 403 },
    { ...common, status: 400, apps: { default: 0 }, target },
  ]);
});

test('what is kept and cannot be read is answered with 500, and says so', async () => {
  const face = await openHubFace(() => [
    hubRoute({
      ...{ method: 'GET', path: '/v1/spoilt', scope: 'read' },
      handle: async () => {
        throw new UnreadableError();
      },
    }),
  ]);
  const { status, body } = await face.ask('GET /v1/spoilt');
  expect(status).toBe(500);
  expect(body.message).toContain('damaged and cannot be read');
});
