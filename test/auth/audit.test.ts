import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { auditAdmin } from '../../src/auth/audit.ts';
import { ask, bearer, push, startGuardedRelay } from './guarded-relay.ts';

test('each push request is a line with who, how many to which app, and the answer', async () => {
  const relay = await startGuardedRelay({ log: { audit: 'stdout' } });
  const { text } = await push(relay.url, bearer('pusher-key'));
  await push(relay.url, bearer('pusher-key'), { platform: 3, topic: 'news', message: 'm' });
  await ask(`${relay.url}/api/push`, { method: 'POST', headers: bearer('pusher-key'), body: 'no json' });
  await push(relay.url, bearer('reader-key'));
  await push(relay.url);
  const common = { action: 'push', address: '127.0.0.1', time: expect.stringMatching(/^\d{4}-.*Z$/) };
  expect(relay.audited()).toEqual([
    {
      ...common,
      request_id: JSON.parse(text).request_id,
      who: 'pusher',
      by: 'key',
      apps: { default: 2 },
      status: 200,
    },
    { ...common, request_id: expect.any(String), who: 'pusher', by: 'key', apps: { default: 1 }, status: 200 },
    { ...common, who: 'pusher', by: 'key', status: 400 },
    { ...common, who: 'reader', by: 'key', status: 403, reason: 'scope' },
    { ...common, status: 401, reason: 'no_credential' },
  ]);
});

test('what only reads is no line, but what was not let in is', async () => {
  const relay = await startGuardedRelay({ log: { audit: 'stdout' } });
  await ask(`${relay.url}/metrics`, { headers: bearer('reader-key') });
  await ask(`${relay.url}/healthz`);
  await ask(`${relay.url}/v1/apps/acme`, { method: 'DELETE', headers: bearer('reader-key') });
  expect(relay.audited()).toMatchObject([{ action: 'refused', status: 403, reason: 'scope' }]);
});

test('no spelling of the address of the route gets around the audit log', async () => {
  const relay = await startGuardedRelay({ log: { audit: 'stdout' } });
  const body = JSON.stringify({ notifications: [{ platform: 2, tokens: ['t'], message: 'm' }] });
  for (const path of ['/api/push?x', '/api/%70ush'])
    await ask(relay.url + path, { method: 'POST', headers: bearer('pusher-key'), body });
  expect(relay.audited().map(({ action, status }) => [action, status])).toEqual([
    ['push', 200],
    ['push', 200],
  ]);
});

test('without keys the address says who it was', async () => {
  const relay = await startGuardedRelay({ auth: {}, log: { audit: 'stdout' } });
  await push(relay.url);
  expect(relay.audited()).toMatchObject([{ address: '127.0.0.1', action: 'push', apps: { default: 2 }, status: 200 }]);
});

test('a change of an administrator is a line as well', () => {
  const written: object[] = [];
  const req = { socket: { remoteAddress: '192.0.2.1' } } as IncomingMessage;
  auditAdmin((record) => written.push(record), req, {
    action: 'provider.update',
    app: 'acme',
    target: 'ios',
    status: 200,
  });
  auditAdmin(undefined, req, { action: 'app.delete', status: 204 });
  expect(written).toEqual([
    { address: '192.0.2.1', action: 'provider.update', apps: { acme: 0 }, target: 'ios', status: 200 },
  ]);
});
