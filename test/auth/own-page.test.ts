import { request } from 'node:http';
import { expect, test } from 'vitest';
import { isOwnPage, notFromHere } from '../../src/auth/own-page.ts';
import { bearer, startGuardedRelay } from './guarded-relay.ts';

const host = 'relay.example:8088';

test.each([
  [{}, true],
  [{ origin: 'http://relay.example:8088' }, true],
  [{ origin: 'https://relay.example:8088' }, true],
  [{ origin: 'http://relay.example' }, false],
  [{ origin: 'https://evil.example' }, false],
  [{ origin: 'null' }, false],
  [{ 'sec-fetch-site': 'same-origin', origin: 'http://name-before-the-proxy.example' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: 'http://relay.example:8088' }, false],
])('a change that a browser sends with %j is of our own page: %s', (headers, own) => {
  expect(isOwnPage({ method: 'POST', headers: { host, ...headers } })).toBe(own);
});

test('a link on another page may lead here', () => {
  expect(isOwnPage({ method: 'GET', headers: { host, 'sec-fetch-site': 'cross-site' } })).toBe(true);
});

test('no origin is that of a request without a host', () => {
  expect(isOwnPage({ method: 'POST', headers: { origin: 'null' } })).toBe(false);
});

test.each(['localhost', 'localhost:8088', '127.0.0.1:1', '127.8.9.1', '[::1]:8088'])(
  '%s is a name of this machine',
  (name) => {
    expect(notFromHere({ method: 'PUT', headers: { host: name } })).toBeUndefined();
    expect(notFromHere({ method: 'PUT', headers: { ':authority': name } })).toBeUndefined();
  },
);

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '', 'localhost:8088@evil.example'])(
  '"%s" is none',
  (name) => expect(notFromHere({ method: 'GET', headers: { host: name } })).toContain('localhost alone'),
);

const statusOf = (url: string, method: string, headers: Record<string, string>, body = ''): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (res) => {
      res.resume();
      resolve(res.statusCode as number);
    });
    sent.on('error', reject).end(body);
  });

test('without keys a page of another origin, another name and a proxy cannot change apps', async () => {
  const { url } = await startGuardedRelay({ auth: {} });
  const apps = `${url}/v1/apps`;
  const own = { 'content-type': 'text/plain' };
  expect(await statusOf(apps, 'GET', {})).toBe(200);
  // 403 here, too, but for want of a master key: it was let in.
  expect(await statusOf(`${apps}/acme`, 'DELETE', { ...own, origin: url })).toBe(403);
  expect(await statusOf(`${apps}/acme`, 'PATCH', { ...own, origin: url }, '{"x": 1}')).toBe(400);
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: 'evil.example' },
    { 'x-forwarded-for': '192.0.2.1' },
    { forwarded: 'for=192.0.2.1' },
    { via: '1.1 proxy' },
  ] as Record<string, string>[])
    expect(await statusOf(`${apps}/acme`, 'PATCH', { ...own, ...headers }, '{"x": 1}'), JSON.stringify(headers)).toBe(
      403,
    );
  expect(await statusOf(apps, 'GET', { host: 'evil.example' })).toBe(403);
});

test('with a key it does not matter where a request comes from: no browser adds one by itself', async () => {
  const { url } = await startGuardedRelay();
  const headers = { ...bearer('admin-key'), host: 'relay.example', origin: 'https://app.example', via: '1.1 proxy' };
  expect(await statusOf(`${url}/v1/apps`, 'GET', headers)).toBe(200);
  expect(await statusOf(`${url}/v1/apps/acme`, 'PATCH', headers, '{"x": 1}')).toBe(400);
});
