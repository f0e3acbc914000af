import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { ask, bearer, NOTIFICATION, push, sha256, startGuardedRelay } from './guarded-relay.ts';

const keyFor = (name: string, apps: readonly string[] | undefined, scopes = ['push', 'read']) => ({
  [name]: { sha256: sha256(`${name}-key`), scopes, ...(apps ? { apps } : {}) },
});

const start = () =>
  startGuardedRelay({
    apps: { acme: {}, globex: {} },
    auth: {
      keys: { ...keyFor('acme', ['acme']), ...keyFor('both', ['acme', 'globex']), ...keyFor('all', undefined) },
    },
    log: { audit: 'stdout' },
    history: { path: '' },
  });

test('a key for one app needs not name it; one for several does, unless it may push for default', async () => {
  const relay = await start();
  expect((await push(relay.url, bearer('acme-key'))).status).toBe(200);
  expect((await push(relay.url, bearer('acme-key'), { ...NOTIFICATION, app: 'globex' })).status).toBe(403);
  expect((await push(relay.url, bearer('both-key'))).status).toBe(403);
  expect((await push(relay.url, bearer('both-key'), { ...NOTIFICATION, app: 'globex' })).status).toBe(200);
  expect(relay.audited().map(({ status, apps }) => [status, apps])).toEqual([
    [200, { acme: 2 }],
    [403, undefined],
    [403, undefined],
    [200, { globex: 2 }],
  ]);
});

test('a key for some apps sees the counters and the pushes of these alone', async () => {
  const { url } = await start();
  await push(url, bearer('all-key'));
  await push(url, bearer('all-key'), { ...NOTIFICATION, app: 'globex', tokens: ['g1'] });
  await push(url, bearer('acme-key'), { ...NOTIFICATION, tokens: ['a1', 'a2', 'a3'] });
  const read = async (path: string, key: string) => {
    const { status, text } = await ask(url + path, { headers: bearer(key) });
    return { status, body: JSON.parse(text) };
  };
  await eventually(async () =>
    expect((await read('/api/stat/app', 'all-key')).body).toMatchObject({
      total_count: 6,
      android: { push_success: 6 },
      apps: { default: { total_count: 2 }, acme: { total_count: 3 }, globex: { total_count: 1 } },
    }),
  );
  expect((await read('/api/stat/app', 'acme-key')).body).toMatchObject({ total_count: 3 });
  expect((await read('/api/stat/app?app=acme', 'acme-key')).body).toMatchObject({ total_count: 3 });
  expect((await read('/api/stat/app?app=globex', 'acme-key')).status).toBe(403);
  expect((await read('/api/stat/app?app=nowhere', 'acme-key')).status).toBe(403);
  expect((await read('/api/stat/app?app=nowhere', 'all-key')).status).toBe(404);
  expect((await read('/api/stat/app', 'both-key')).body).toMatchObject({ total_count: 4 });
  await eventually(async () => {
    const { body } = await read('/v1/pushes', 'acme-key');
    expect(new Set(body.pushes.map(({ app }: { app: string }) => app))).toEqual(new Set(['acme']));
  });
});
