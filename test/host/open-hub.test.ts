import { expect, test } from 'vitest';
import { ask, bearer, type GuardedRelay, push, sha256, startGuardedRelay } from '../auth/guarded-relay.ts';
import { addPerson as insertPerson } from '../hub/add-person.ts';

const KEYS = {
  people: { sha256: sha256('people-key'), scopes: ['users'] },
  shop: { sha256: sha256('shop-key'), scopes: ['users'], apps: ['shop'] },
  pusher: { sha256: sha256('pusher-key'), scopes: ['push'] },
};
const PAGE = 'https://app.example.com';
const HUB = { enabled: true, path: '', cors_origins: [PAGE] };
const apps = { shop: {} };

const startHub = (sections: { [section: string]: object } = {}): Promise<GuardedRelay> =>
  startGuardedRelay({ auth: { keys: KEYS }, hub: HUB, apps, ...sections });

const addPerson = ({ hub }: GuardedRelay, app: string, id: string): Promise<void> => insertPerson(hub?.store, app, id);

const post = (url: string, key: string, body?: object, headers: Record<string, string> = {}) =>
  ask(url, {
    method: 'POST',
    headers: { ...bearer(key), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const tokenOf = async ({ url }: GuardedRelay, user: string, query = ''): Promise<string> =>
  JSON.parse((await post(`${url}/v1/users/${user}/tokens${query}`, 'people-key')).text).token;

test('a back end gets a token for a person, for an hour or as long as it asks for, up to a day', async () => {
  const relay = await startHub();
  await addPerson(relay, 'default', 'ada');
  const issue = (body?: object) => post(`${relay.url}/v1/users/ada/tokens`, 'people-key', body);
  const lifetime = async (body?: object): Promise<number> => {
    const before = Date.now();
    const answer = await issue(body);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    return Math.floor((Date.parse(JSON.parse(answer.text).expires_at) - before) / 60_000);
  };
  expect(await lifetime()).toBe(60);
  expect(await lifetime({})).toBe(60);
  expect(await lifetime({ ttl: 600 })).toBe(10);
  expect(await lifetime({ ttl: '24h' })).toBe(24 * 60);
  for (const body of [{ ttl: '25h' }, { ttl: 0 }, { ttl: -1 }, { ttl: 'soon' }, { ttl: null }, [], { tll: 60 }])
    expect((await issue(body)).status, JSON.stringify(body)).toBe(422);
  expect(JSON.parse((await issue({ tll: 60 })).text).details).toEqual([
    { path: 'tll', reason: 'unknown field; did you mean "ttl"?' },
  ]);
});

test('there is no token for a person whom there is not, nor one of another app', async () => {
  const relay = await startHub();
  await addPerson(relay, 'shop', 'ada');
  expect((await post(`${relay.url}/v1/users/ada/tokens`, 'people-key')).status).toBe(404);
  expect((await post(`${relay.url}/v1/users/bob/tokens?app=shop`, 'people-key')).status).toBe(404);
  expect((await post(`${relay.url}/v1/users/ada/tokens?app=shop`, 'people-key')).status).toBe(201);
  expect((await post(`${relay.url}/v1/users/ada/tokens`, 'shop-key')).status).toBe(201);
  expect((await post(`${relay.url}/v1/users/ada/tokens?app=default`, 'shop-key')).status).toBe(403);
  expect((await post(`${relay.url}/v1/users/ada/tokens`, 'pusher-key')).status).toBe(403);
});

test('a token is known by every door, and good for nothing of back ends', async () => {
  const relay = await startHub();
  await addPerson(relay, 'default', 'ada');
  const token = await tokenOf(relay, 'ada');
  const person = await ask(`${relay.url}/v1/users/ada`, { headers: bearer(token) });
  expect(person.status, 'past the guard: there is no such route yet, or the person').not.toBe(401);
  expect((await push(relay.url, bearer(token))).status).toBe(403);
  for (const path of ['/metrics', '/api/config', '/v1/apps', '/v1/pushes', '/v1/notifications', '/v1/topics/news'])
    expect((await ask(relay.url + path, { headers: bearer(token) })).status, path).toBe(403);
  expect((await post(`${relay.url}/v1/users/ada/tokens`, token)).status, 'no token makes another').toBe(403);
});

test('a token that is changed is 401, and does not say why', async () => {
  const relay = await startHub();
  await addPerson(relay, 'default', 'ada');
  const token = await tokenOf(relay, 'ada');
  const answer = await ask(`${relay.url}/v1/users/ada`, { headers: bearer(`${token.slice(0, -6)}AAAAAA`) });
  expect(answer).toMatchObject({
    status: 401,
    text: JSON.stringify({ code: 401, message: 'The token is not valid.' }),
  });
  expect(answer.headers.get('WWW-Authenticate')).toContain('invalid_token');
});

test('the token of a person who was erased ends with that', async () => {
  const relay = await startHub();
  await addPerson(relay, 'default', 'ada');
  const token = await tokenOf(relay, 'ada');
  const { store } = relay.hub as NonNullable<typeof relay.hub>;
  const hash = store.seal.hash('erased', 'default', 'ada');
  const status = async () => (await ask(`${relay.url}/v1/push/devices`, { headers: bearer(token) })).status;
  expect(await status()).toBe(200);
  await store.write((tx) => tx.insertInto('erased').values({ app: 'default', hash, at: Date.now() }).execute());
  expect(await status()).toBe(401);
});

test('Idempotency-Key: the same token again', async () => {
  const relay = await startHub();
  await addPerson(relay, 'default', 'ada');
  const issue = () => post(`${relay.url}/v1/users/ada/tokens`, 'people-key', {}, { 'Idempotency-Key': 'k1' });
  const [first, second] = [await issue(), await issue()];
  expect(second.text).toBe(first.text);
  expect(second.headers.get('Idempotency-Replayed')).toBe('true');
  expect(second.headers.get('Cache-Control')).toBe('no-store');
});

test('without keys the hub is for this machine: not by another name, through a proxy, or from a foreign page', async () => {
  const relay = await startHub({ auth: {} });
  await addPerson(relay, 'default', 'ada');
  const issue = (headers: Record<string, string>) =>
    ask(`${relay.url}/v1/users/ada/tokens`, { method: 'POST', headers });
  expect((await issue({})).status).toBe(201);
  expect((await issue({ 'X-Forwarded-For': '192.0.2.1' })).status).toBe(403);
  expect((await issue({ Origin: 'https://evil.example' })).status).toBe(403);
  const { token } = JSON.parse((await issue({})).text);
  expect((await issue({ Authorization: `Bearer ${token}` })).status, 'a person, who may not').toBe(403);
  expect((await issue({ Authorization: `Bearer ${token.slice(0, -6)}AAAAAA` })).status).toBe(401);
  expect((await issue({ Authorization: 'Bearer anything' })).status).toBe(201);
});

test('without keys and not on loopback the hub is closed, with the reason, for a person with a token too', async () => {
  const relay = await startHub({ auth: {}, core: { address: '0.0.0.0' } });
  await addPerson(relay, 'default', 'ada');
  const url = relay.url.replace('0.0.0.0', '127.0.0.1').replace('localhost', '127.0.0.1');
  const answer = await ask(`${url}/v1/users/ada/tokens`, { method: 'POST' });
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.text).message).toContain('set auth.keys, or core.address to 127.0.0.1');
});

test('with the hub off its routes are not there', async () => {
  const relay = await startHub({ hub: { enabled: false } });
  expect(relay.hub).toBeUndefined();
  expect((await post(`${relay.url}/v1/users/ada/tokens`, 'people-key')).status).toBe(404);
});

test('a page of a listed origin may ask before it has a token', async () => {
  const relay = await startHub();
  const headers = { Origin: PAGE, 'Access-Control-Request-Method': 'PUT' };
  const asked = await ask(`${relay.url}/v1/users/ada/settings`, { method: 'OPTIONS', headers });
  expect(asked.status).toBe(204);
  const refused = await ask(`${relay.url}/v1/users/ada/settings`, { headers: { Origin: PAGE } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('Access-Control-Allow-Origin')).toBe(PAGE);
});

test('/readyz has a line for the hub', async () => {
  const relay = await startHub();
  const { checks } = JSON.parse((await ask(`${relay.url}/readyz`)).text);
  expect(checks).toContainEqual({ name: 'hub', status: 'pass' });
});
