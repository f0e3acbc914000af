import { expect, test } from 'vitest';
import { ask, bearer, type GuardedRelay, sha256, startGuardedRelay } from '../../auth/guarded-relay.ts';

const KEYS = {
  ops: { sha256: sha256('ops-key'), scopes: ['users', 'push', 'admin'] },
  reader: { sha256: sha256('reader-key'), scopes: ['read'] },
};

const startHub = (): Promise<GuardedRelay> =>
  startGuardedRelay({
    auth: { keys: KEYS },
    hub: { enabled: true, path: '', test_endpoint: true },
    log: { audit: 'stdout' },
  });

/** Changes that no line is written about, and why. */
const UNAUDITED: Readonly<Record<string, string>> = {
  'POST /v1/notifications/preview': 'changes nothing',
  'POST /v1/engagements': 'what people did, in hundreds: it is data, not a change by its caller',
  'PUT /v1/users/{user}/presence': 'what a client says of itself twice a minute',
  'POST /v1/push/topics': 'would say whose a topic is',
  'DELETE /v1/push/topics': 'would say whose a topic is',
  'POST /v1/push/topics/remove': 'would say whose a topic is',
  'DELETE /v1/push/devices/': 'is always refused',
};

test('every route of the hub that changes something has a name in the audit log', async () => {
  const { hub } = await startHub();
  const silent = (hub?.routes ?? [])
    .filter(({ method, action }) => method !== 'GET' && action === undefined)
    .map(({ method, path }) => `${method} ${path}`);
  // The same with a slash at the end is the same.
  const isKnown = (route: string): boolean => route in UNAUDITED || route.replace(/\/$/, '') in UNAUDITED;
  expect(silent.filter((route) => !isKnown(route))).toEqual([]);
});

const HASH = '[\\w-]{43}';
const hashed = (noun: string): unknown => expect.stringMatching(new RegExp(`^${noun}#${HASH}$`));

/** Sends, and gives the lines that were written meanwhile. */
async function lineOf(
  relay: GuardedRelay,
  [method, path, body]: readonly [string, string, object?],
  key = 'ops-key',
): Promise<Record<string, unknown> | undefined> {
  const before = relay.audited().length;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  await ask(relay.url + path, { method, headers: bearer(key), ...sent });
  const lines = relay.audited().slice(before);
  expect(lines.length, `${method} ${path}`).toBeLessThan(2);
  return lines[0];
}

test('a line says who changed what: people, devices and topics by keyed hashes, sends by their ids', async () => {
  const relay = await startHub();
  const common = { who: 'ops', by: 'key', apps: { default: 0 }, address: expect.any(String) };
  const device = { user: 'ada-lovelace', platform: 'android', token: 'token-of-ada' };
  const cases: readonly (readonly [readonly [string, string, object?], object])[] = [
    [
      ['PUT', '/v1/users/ada-lovelace', { name: 'Ada' }],
      { action: 'user.replace', target: hashed('user'), status: 201 },
    ],
    [['PATCH', '/v1/users/ada-lovelace', { nme: 1 }], { action: 'user.update', target: hashed('user'), status: 422 }],
    [['PUT', '/v1/devices/phone-1', device], { action: 'device.register', target: hashed('device'), status: 201 }],
    [['POST', '/v1/devices', device], { action: 'device.register', target: hashed('device'), status: 200 }],
    [
      ['PUT', '/v1/users/ada-lovelace/settings', { enabled: true }],
      { action: 'settings.replace', target: hashed('user') },
    ],
    [
      ['PUT', '/v1/topics/chess/users/ada-lovelace'],
      { target: expect.stringMatching(new RegExp(`^topic#${HASH} user#${HASH}$`)) },
    ],
    [
      ['POST', '/v1/notifications', { id: 'n1', message: 'hi', to: { users: ['ada-lovelace'] } }],
      { action: 'notification.send', target: 'notification:n1', status: 202 },
    ],
    [['DELETE', '/v1/notifications/n1'], { action: 'notification.cancel', target: 'notification:n1', status: 200 }],
    [
      ['POST', '/v1/users/ada-lovelace/notifications/n1/read'],
      { action: 'inbox.read', target: expect.stringMatching(new RegExp(`^user#${HASH} notification:n1$`)) },
    ],
    [['POST', '/v1/users/ada-lovelace/tokens'], { action: 'user.token', target: hashed('user'), status: 201 }],
    [['POST', '/v1/push/send', { user_id: 'ada-lovelace', body: 'x' }], { action: 'push.send' }],
    [
      ['POST', '/api/push/apns/', { registration_id: 'ab'.repeat(32), user_id: 'ada-lovelace' }],
      { target: hashed('device'), status: 201 },
    ],
    [['DELETE', `/api/push/apns/${'ab'.repeat(32)}/`], { target: hashed('device'), status: 204 }],
    [['DELETE', '/v1/users/ada-lovelace'], { action: 'user.erase', target: hashed('user'), status: 200 }],
  ];
  for (const [request, line] of cases)
    expect(await lineOf(relay, request), request.slice(0, 2).join(' ')).toMatchObject({ ...common, ...line });
  expect(JSON.stringify(relay.audited())).not.toMatch(/ada-lovelace|phone-1|token-of-ada|abababab|chess/);
});

test('the same person has the same hash, in the log and in the store, whoever asks', async () => {
  const relay = await startHub();
  const put = await lineOf(relay, ['PUT', '/v1/users/ada', {}]);
  const { text } = await ask(`${relay.url}/v1/users/ada/tokens`, { method: 'POST', headers: bearer('ops-key') });
  const { token } = JSON.parse(text);
  const own = await lineOf(relay, ['PATCH', '/v1/users/ada/settings', { enabled: false }], token);
  expect(own).toMatchObject({ by: 'user', who: put?.target, target: put?.target, action: 'settings.update' });
  const rows = await relay.hub?.store.db.selectFrom('audit').select(['action', 'target', 'by']).execute();
  expect(rows).toContainEqual({ action: 'settings.update', target: put?.target, by: put?.target });
});

test('who was not let in has a line, too, and reading has none', async () => {
  const relay = await startHub();
  expect(await lineOf(relay, ['PUT', '/v1/users/ada', {}], 'reader-key')).toMatchObject({ who: 'reader', status: 403 });
  expect(await lineOf(relay, ['GET', '/v1/users'])).toBeUndefined();
});
