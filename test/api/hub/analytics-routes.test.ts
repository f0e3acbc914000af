import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { apnsToken, openSeedRelay, type SeedRelay } from './seed-relay.ts';

let relay: SeedRelay;
beforeAll(async () => {
  relay = await openSeedRelay({ apps: { acme: {}, globex: {} }, hub: { costs: { push: 0.25 } } });
  for (const app of ['default', 'acme']) {
    await relay.ask(`PUT /v1/users/ada?app=${app}`, 'boss', {});
    await relay.ask(`PUT /v1/devices/d1?app=${app}`, 'boss', { platform: 'ios', token: apnsToken(1), user: 'ada' });
  }
  const send = { type: 'news', message: 'hi', to: { users: ['ada'] }, mode: 'push_only' };
  await relay.ask('POST /v1/notifications', 'boss', { id: 'n1', ...send });
  for (const id of ['n1', 'n2']) await relay.ask('POST /v1/notifications?app=acme', 'boss', { id, ...send });
});
afterAll(() => relay[Symbol.asyncDispose]());

const ask = (line: string, key = 'boss') => relay.ask(line, key);
const sums = (figures: Record<string, Record<string, number>>): number => {
  const states = ['pending', 'deferred', 'sent', 'delivered', 'seen', 'read', 'expired'].map((name) =>
    Number(figures[name]),
  );
  const reasons = ['failed', 'suppressed', 'cancelled'].flatMap((name) => Object.values(figures[name] ?? {}));
  return [...states, ...reasons].reduce((sum, each) => sum + each, 0);
};

test('the sums are those of the notifications, of one app alone', async () => {
  await eventually(async () => {
    const { body } = await ask('GET /v1/analytics?by=type,channel');
    expect(body.rows).toHaveLength(1);
    expect(body.total.pending).toBe(0);
  });
  const { body: notification } = await ask('GET /v1/notifications/n1');
  const { status, body } = await ask('GET /v1/analytics?by=type,channel');
  expect(status).toBe(200);
  expect(body).toMatchObject({ app: 'default', timezone: 'UTC', by: ['type', 'channel'], costs: { push: 0.25 } });
  expect(body.rows).toMatchObject([{ type: 'news', channel: 'push' }]);
  const { sent, failed } = notification.counts;
  expect(body.total.sent).toBe(sent ?? 0);
  expect(Object.values(body.total.failed as Record<string, number>).reduce((sum, each) => sum + each, 0)).toBe(
    failed ?? 0,
  );
  expect(sums(body.total)).toBe(1);
  expect(sums((await ask('GET /v1/analytics?app=acme')).body.total)).toBe(2);
  expect(sums((await ask('GET /v1/analytics?app=globex')).body.total)).toBe(0);
});

test('whole quarters of an hour are asked about, and the answer says which', async () => {
  const { body } = await ask('GET /v1/analytics?from=2026-01-01T00:07:00Z&to=2026-01-01T00:20:00Z');
  expect(body).toMatchObject({ from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:30:00.000Z', rows: [] });
});

test.each([
  ['by=week', 'by'],
  ['by=hour,day', 'by'],
  ['from=yesterday', 'from'],
  ['to=9999-12-31T23:45:00.001Z', 'to'],
  ['to=0000-01-01T23:45:00Z', 'to'],
  ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
  ['from=2020-01-02T00:00:00Z', 'from'],
  ['timezone=Europe/Nowhere', 'timezone'],
  ['by=hour&by=type', 'by'],
])('%s is refused', async (query, path) => {
  const { status, body } = await ask(`GET /v1/analytics?${query}`);
  expect(status).toBe(422);
  expect(body.details).toMatchObject([{ path }]);
});

test('more than 10,000 rows are refused, and how to ask for fewer is said', async () => {
  const slot = Math.floor(Date.now() / 900_000) * 900_000;
  const row = { app: 'globex', slot, channel: 'push', platform: 'ios', doc: '{}' };
  const rows = Array.from({ length: 10_001 }, (_, i) => ({ ...row, type: `t${i}` }));
  await relay.hub?.store.write(async (tx) => {
    for (let from = 0; from < rows.length; from += 1000)
      await tx
        .insertInto('roll_ups')
        .values(rows.slice(from, from + 1000))
        .execute();
  });
  expect((await ask('GET /v1/analytics?app=globex&by=channel')).body.rows).toHaveLength(1);
  const { status, body } = await ask('GET /v1/analytics?app=globex&by=type');
  expect([status, body.details]).toEqual([422, [{ path: 'by', reason: expect.stringContaining('10000 rows') }]]);
});

test('a key needs the scope read, and sees its own apps alone', async () => {
  for (const path of ['/v1/analytics', '/v1/dashboard']) {
    expect(await ask(`GET ${path}`, 'acme')).toMatchObject({ status: 200, body: { app: 'acme' } });
    expect(await ask(`GET ${path}?app=default`, 'acme')).toMatchObject({ status: 403 });
    expect(await ask(`GET ${path}`, 'reader')).toMatchObject({ status: 200 });
    expect(await ask(`GET ${path}`, '')).toMatchObject({ status: 401 });
    expect(await ask(`GET ${path}?app=nobody`)).toMatchObject({ status: 404 });
    const ada = await relay.tokenOf('ada');
    expect(await ask(`GET ${path}`, ada)).toMatchObject({ status: 403 });
  }
});

test('the dashboard is an app at a glance', async () => {
  await relay.ask('PUT /v1/incidents/i1?app=acme', 'boss', { title: 'down', status: 'open', severity: 'SEV-3' });
  const { status, body } = await ask('GET /v1/dashboard?app=acme&timezone=Europe/Berlin');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ app: 'acme', timezone: 'Europe/Berlin', people: 1, devices: { active: 1 }, removals_paused_until: null },
    incidents: { open: 1, acknowledged: 0 },
    tasks: { open: 0, in_progress: 0 },
    timers: { overdue: 0 },
  });
  expect(Object.keys(body.last_day)).toContain('rates');
  expect((await ask('GET /v1/dashboard')).body).toMatchObject({ app: 'default', incidents: { open: 0 } });
});
