import { expect, test } from 'vitest';
import { needOf } from '../../src/auth/route-scopes.ts';
import { buildConfig } from '../support/config.ts';
import { ask, bearer, sha256, startGuardedRelay } from './guarded-relay.ts';

const { api: uris } = buildConfig(({ leaf }) => leaf.default);
const need = needOf(uris);
const users = { scope: 'users', own: false };
const own = { scope: 'users', own: true };
const push = { scope: 'push', own: false };
const admin = { scope: 'admin', own: false };

test.each([
  ['GET', '/v1/users', own],
  ['PUT', '/v1/users/ada', own],
  ['GET', '/v1/users/ada/settings', own],
  ['GET', '/v1/users/ada/notifications?limit=3', own],
  ['POST', '/v1/users/ada/tokens', own],
  ['GET', '/v1/users/ada/stream', own],
  ['POST', '/v1/users/ada/events', push],
  ['POST', '/v1/users/ada%2Fbyron/events', push],
  ['GET', '/V1/Users/ada/', own],
  ['GET', '/v1/users%2Fada', own],
  ['DELETE', '/v1/devices/d1', own],
  ['POST', '/v1/devices/import', own],
  ['POST', '/v1/engagements', own],
  ['PUT', '/v1/topics/news/users/ada', users],
  ['GET', '/v1/topics/news', users],
  ['POST', '/v1/notifications', push],
  ['POST', '/v1/notifications/preview', push],
  ['DELETE', '/v1/notifications/n1', push],
  ['GET', '/v1/notifications/n1', 'read'],
  ['HEAD', '/v1/notifications/n1', 'read'],
  ['PUT', '/v1/incidents/i1', push],
  ['POST', '/v1/incidents/i1/acknowledge', { scope: 'push', own: true }],
  ['GET', '/v1/incidents/i1/timeline', 'read'],
  ['PUT', '/v1/tasks/t1', push],
  ['GET', '/v1/tasks/t1', 'read'],
  ['PUT', '/v1/schedules/s1', push],
  ['PUT', '/v1/escalations/e1', push],
  ['POST', '/v1/events', push],
  ['GET', '/v1/analytics', 'read'],
  ['GET', '/v1/dashboard', 'read'],
  ['POST', '/u/abc', 'nothing'],
  ['GET', '/u/abc', 'nothing'],
  ['PUT', '/u/abc', 'admin'],
  ['POST', '/api/push/apns/', own],
  ['PATCH', '/api/push/gcm/token/', own],
  ['POST', '/api/push/test/', { scope: 'push', own: true }],
  ['POST', '/v1/push/devices', own],
  ['POST', '/v1/push/topics', own],
  ['POST', '/v1/push/topics/send', push],
  ['POST', '/v1/push/send', push],
  ['GET', '/v1/push/config', admin],
  ['PUT', '/v1/namespace/push-credentials/apns', admin],
  ['GET', '/v1/namespace/push-credentials', admin],
  ['POST', '/api/push', 'push'],
  ['GET', '/v1/pushes', 'read'],
  ['GET', '/v1/usersabc', 'read'],
  ['PUT', '/v1/usersabc', 'admin'],
] as const)('%s %s needs %j', (method, url, needed) => {
  expect(need(method, url)).toEqual(needed);
});

test('a place that config.yml gives to Gorush is what Gorush makes of it', () => {
  const api = { ...uris, stat_go_uri: '/v1/users', metric_uri: '/u/metrics' };
  expect(needOf(api)('GET', '/v1/users')).toBe('read');
  expect(needOf(api)('GET', '/u/metrics')).toBe('read');
});

test('a key may have the scope users, and that is not a scope for anything else', async () => {
  const { url } = await startGuardedRelay({
    auth: { keys: { people: { sha256: sha256('people-key'), scopes: ['users'] } } },
  });
  const status = async (path: string, init: RequestInit = {}) =>
    (await ask(url + path, { headers: bearer('people-key'), ...init })).status;
  for (const path of ['/metrics', '/api/config', '/v1/pushes', '/v1/apps', '/v1/notifications'])
    expect(await status(path), path).toBe(403);
  expect(await status('/api/push', { method: 'POST', body: '{}' })).toBe(403);
});

test('the scheme Token is read like Bearer, as clients of Django write it', async () => {
  const { url } = await startGuardedRelay();
  expect((await ask(`${url}/metrics`, { headers: { Authorization: 'Token reader-key' } })).status).toBe(200);
});
