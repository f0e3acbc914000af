import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sealOptOut } from '../../../../src/hub/people/opt-out-link.ts';
import { openHubStore } from '../../../../src/hub/storage/open-hub-store.ts';
import { eventually } from '../../../support/eventually.ts';
import { openSeedRelay, type SeedRelay } from '../seed-relay.ts';

const PUBLIC = 'https://push.example.com/relay';
const ONE_CLICK = 'List-Unsubscribe=One-Click';
const FORM = 'application/x-www-form-urlencoded';

let relay: SeedRelay;
let count = 0;
let user = '';

beforeAll(async () => {
  relay = await openSeedRelay({ hub: { public_url: `${PUBLIC}/` } });
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(async () => {
  user = `ada${++count}`;
  const person = { email: `${user}@example.com`, consent: { email: true } };
  await relay.ask(`PUT /v1/users/${user}`, 'boss', person);
});

const send = async (type: string, more: object = {}): Promise<string> => {
  const body = { type, message: 'Hello', to: { users: [user] }, channels: ['email'], ...more };
  return (await relay.ask('POST /v1/notifications', 'boss', body)).body.id;
};
const decision = async (id: string) =>
  (await relay.ask(`GET /v1/notifications/${id}`, 'boss')).body.people[0].decisions[0];

/** The mail that arrived at the simulated server. */
const mailOf = (id: string): Promise<string> =>
  eventually(async () => {
    const { deliveries } = (await relay.ask('GET /sandbox/deliveries?limit=1000', 'boss')).body;
    const found = deliveries.find((each: { id: string }) => each.id.startsWith(`<${id}.`));
    expect(found).toBeDefined();
    return (typeof found.payload === 'string' ? found.payload : JSON.stringify(found.payload)).replaceAll(
      /\r?\n[ \t]+/g,
      ' ',
    );
  });

/** Of a mail of this type, as a path of this relay. */
const linkOf = async (type: string): Promise<string> => {
  const mail = await mailOf(await send(type));
  const [, url = ''] = /List-Unsubscribe: <([^>]+)>/.exec(mail) ?? [];
  expect(url.startsWith(`${PUBLIC}/u/`)).toBe(true);
  return url.slice(PUBLIC.length);
};

const post = (path: string, body: string | FormData = ONE_CLICK, type: string | null = FORM) =>
  fetch(relay.url + path, {
    ...{ method: 'POST', body, redirect: 'manual' },
    ...(type === null ? {} : { headers: { 'content-type': type } }),
  });

const isUnsubscribed = async (type: string): Promise<boolean> =>
  (await decision(await send(type))).reason === 'unsubscribed';

test('a mail of the hub says how to unsubscribe, and the next one of its type is not sent', async () => {
  const id = await send('news');
  const mail = await mailOf(id);
  expect(mail).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
  const answer = await post(await linkOf('news'));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect(await decision(await send('news'))).toMatchObject({
    ...{
      state: 'suppressed',
      reason: 'unsubscribed',
      words: 'The person has unsubscribed from mail of the type news.',
    },
  });
  expect(await isUnsubscribed('invoice')).toBe(false);
  expect((await relay.ask(`GET /v1/users/${user}`, 'boss')).body.opt_outs).toMatchObject([
    { channel: 'email', type: 'news', source: 'link' },
  ]);
});

test('a link that mail servers would refuse for its length is left out', async () => {
  user = '👍'.repeat(250);
  const person = { email: 'long@example.com', consent: { email: true } };
  await relay.ask(`PUT /v1/users/${encodeURIComponent(user)}`, 'boss', person);
  const mail = await mailOf(await send('news'));
  expect(mail).toContain('To: long@example.com');
  expect(mail).not.toContain('List-Unsubscribe');
});

test('a critical mail has no such link', async () => {
  const mail = await mailOf(await send('alarm', { priority: 'critical' }));
  expect(mail).not.toContain('List-Unsubscribe');
});

test('a mail program may send the form in parts, and more than once', async () => {
  const path = await linkOf('news');
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  expect((await post(path, form, null)).status).toBe(200);
  expect((await post(path, form, null)).status).toBe(200);
  expect(await isUnsubscribed('news')).toBe(true);
});

describe('nothing is changed', () => {
  test.each<[string, string, string]>([
    ['an empty body', '', FORM],
    ['another value', 'List-Unsubscribe=Yes', FORM],
    ['another field', 'unsubscribe=One-Click', FORM],
    ['another media type', ONE_CLICK, 'text/plain'],
    ['JSON', JSON.stringify({ 'List-Unsubscribe': 'One-Click' }), 'application/json'],
    ['parts without a boundary', ONE_CLICK, 'multipart/form-data'],
    ['parts that are cut off', '--b\r\nContent-Disposition: form-data; name="List-', 'multipart/form-data; boundary=b'],
  ])('by %s: 400', async (_, body, type) => {
    const path = await linkOf('news');
    expect((await post(path, body, type)).status).toBe(400);
    expect(await isUnsubscribed('news')).toBe(false);
  });

  test('by a body that is too long: 413', async () => {
    expect((await post(await linkOf('news'), `${ONE_CLICK}&x=${'x'.repeat(20_000)}`)).status).toBe(413);
    expect(await isUnsubscribed('news')).toBe(false);
  });

  test('by a link that is forged, cut, or of another store: 404', async () => {
    const path = await linkOf('news');
    const other = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => {} });
    const link = { app: 'default', user, channel: 'email', type: 'news', at: 1 } as const;
    const foreign = `/u/${sealOptOut(other.seal, link)}`;
    await other.close();
    for (const bad of [foreign, path.slice(0, -2), `${path}A`, '/u/x', '/u/%00']) {
      expect((await post(bad)).status, bad).toBe(404);
      expect((await fetch(relay.url + bad)).status, bad).toBe(404);
    }
    expect(await isUnsubscribed('news')).toBe(false);
  });

  test('by a hundred GETs and HEADs, which programs send that look at mails', async () => {
    const path = await linkOf('news');
    for (let i = 0; i < 100; i++) {
      const answer = await fetch(relay.url + path, { method: i % 2 ? 'GET' : 'HEAD' });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    expect(await isUnsubscribed('news')).toBe(false);
  });
});

test('who follows the link in a browser gets a page whose form does it, and which loads nothing', async () => {
  const path = await linkOf('news <b>');
  const answer = await fetch(relay.url + path);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  const html = await answer.text();
  expect(html).toContain('news &lt;b&gt;');
  expect(html).not.toContain(user);
  const [, name = '', value = ''] = /<input type="hidden" name="([^"]+)" value="([^"]+)">/.exec(html) ?? [];
  expect((await post(path, `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)).status).toBe(200);
  expect(await isUnsubscribed('news <b>')).toBe(true);
});

test('other methods are named what there is', async () => {
  const path = await linkOf('news');
  const { status, headers } = await fetch(relay.url + path, {
    method: 'DELETE',
    headers: { authorization: 'Bearer boss' },
  });
  expect(status).toBe(405);
  expect(headers.get('allow')).toBe('GET, HEAD, POST');
});

test('it works from anywhere, though the hub itself is for this machine alone where there are no keys', async () => {
  await using open = await openSeedRelay({ auth: {}, hub: { public_url: PUBLIC } });
  const store = open.hub?.store;
  if (!store) throw new Error('no hub');
  await open.ask('PUT /v1/users/ada', '', {});
  const path = `/u/${sealOptOut(store.seal, { app: 'default', user: 'ada', channel: 'email', type: 'news', at: Date.now() })}`;
  const headers = { host: 'push.example.com', 'x-forwarded-for': '203.0.113.7', 'content-type': FORM };
  const status = await new Promise((resolve, reject) => {
    request(open.url + path, { method: 'POST', headers }, (res) => resolve(res.resume().statusCode))
      .on('error', reject)
      .end(ONE_CLICK);
  });
  expect(status).toBe(200);
  expect(await store.db.selectFrom('opt_outs').select('user').execute()).toEqual([{ user: 'ada' }]);
});
