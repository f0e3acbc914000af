import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HubRoute } from '../../../src/api/hub/hub-route.ts';
import { needOf } from '../../../src/auth/route-scopes.ts';
import { buildConfig } from '../../support/config.ts';
import { apnsToken, openSeedRelay, type SeedRelay } from './seed-relay.ts';

/** What is another's: it is in no answer, and nothing of it changes. */
const CANARY = 'canary';
const TOKENS = { bob: `${'ca'.repeat(31)}01`, cat: `${'ca'.repeat(31)}02` };
const SECRET = '5e'.repeat(32);

/** Everything that the hub has of bob and cat but what a key of acme made in its own app, as it lies in the store. */
async function kept(relay: SeedRelay): Promise<string> {
  const db = relay.hub?.store.db;
  if (!db) throw new Error('the hub is off');
  const [users, devices, owners, topics] = await Promise.all([
    db
      .selectFrom('users')
      .selectAll()
      .where('app', '!=', 'acme')
      .where('id', 'in', ['bob', 'cat'])
      .orderBy('id')
      .execute(),
    db.selectFrom('devices').selectAll().where('name', 'like', `${CANARY}%`).orderBy('id').execute(),
    db
      .selectFrom('device_users')
      .selectAll()
      .where('app', '!=', 'acme')
      .where('user', 'in', ['bob', 'cat'])
      .orderBy('device')
      .execute(),
    db.selectFrom('push_topics').selectAll().where('app', '=', 'globex').execute(),
  ]);
  return JSON.stringify({ users, devices, owners, topics });
}

describe('what belongs to others', () => {
  let relay: SeedRelay;
  let ada: string;
  let deviceIds: string[] = [];
  let before = '';

  beforeAll(async () => {
    relay = await openSeedRelay({ apps: { acme: {}, globex: {} }, hub: { test_endpoint: true } });
    ada = await relay.tokenOf('ada');
    await relay.tokenOf('ada', 'acme');
    for (const [user_id, app] of [
      ['bob', 'default'],
      ['cat', 'globex'],
    ] as const) {
      const registration_id = TOKENS[user_id];
      await relay.tokenOf(user_id, app);
      const device = { user_id, registration_id, name: `${CANARY} phone`, device_id: `${CANARY}-id` };
      await relay.ask(`POST /api/push/apns/?app=${app}`, 'boss', device);
    }
    await relay.ask('POST /v1/push/topics', 'globex', { topic_secret: SECRET, provider: 'apns', token: apnsToken(77) });
    deviceIds = (await relay.hub?.store.db.selectFrom('devices').select('id').execute())?.map(({ id }) => id) ?? [];
    before = await kept(relay);
    expect(before).toContain(CANARY);
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const routes = (): readonly HubRoute[] => relay.hub?.routes ?? [];

  /** A request for something of others, by every route and method. */
  const requests = (users: readonly string[], registrations: readonly string[]) =>
    fc.record({
      route: fc.nat({ max: 10_000 }),
      user: fc.constantFrom(...users),
      registration: fc.constantFrom(...registrations),
      device: fc.nat({ max: 10 }),
      provider: fc.constantFrom('apns', 'expo', 'ntfy', 'fcm'),
      query: fc.constantFrom(
        '',
        '?user_id=bob',
        '?user_id=cat',
        '?app=globex',
        '?app=globex&user_id=cat',
        '?limit=1000',
      ),
      named: fc.boolean(),
      body: fc.constantFrom(
        {},
        { active: false },
        { name: 'mine now' },
        { title: 'x', body: 'y' },
        { ntfy_base_url: '' },
        { ttl: 60 },
      ),
    });

  const lineOf = (asked: Readonly<Record<string, unknown>>): { line: string; body: unknown } => {
    const route = routes()[Number(asked.route) % routes().length] as HubRoute;
    const values: Record<string, string> = {
      user: String(asked.user),
      registration_id: String(asked.registration),
      id: deviceIds[Number(asked.device) % deviceIds.length] as string,
      device: deviceIds[Number(asked.device) % deviceIds.length] as string,
      provider: String(asked.provider),
    };
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? 'bob'));
    const named = asked.named ? { user_id: asked.user } : {};
    const body =
      route.method === 'GET' || route.method === 'DELETE' ? undefined : { ...named, ...(asked.body as object) };
    // A stream has no end, and a poll one after a while.
    if (path.endsWith('/stream')) return { line: `HEAD ${path}${String(asked.query)}`, body };
    const wait = path.endsWith('/stream/events') ? `${asked.query === '' ? '?' : '&'}wait=0` : '';
    return { line: `${route.method} ${path}${String(asked.query)}${wait}`, body };
  };

  test('is not to be had, nor to be changed, with the token of a person', async () => {
    const own = requests(['bob', 'cat'], [TOKENS.bob, TOKENS.cat]);
    await fc.assert(
      fc.asyncProperty(own, async (asked) => {
        const { line, body } = lineOf(asked);
        const told = await relay.ask(line, ada, body);
        expect(told.text, line).not.toContain(CANARY);
        expect(told.status, line).toBeLessThan(500);
        if (/\/v1\/users\/(bob|cat)|app=globex/.test(line)) expect(told.status, line).toBeGreaterThanOrEqual(400);
      }),
      { numRuns: 300, seed: 20_260_101 },
    );
    expect(await kept(relay)).toBe(before);
  });

  test('is not to be had, nor to be changed, with a key of another app', async () => {
    const others = requests(['cat'], [TOKENS.cat]);
    await fc.assert(
      fc.asyncProperty(others, async (asked) => {
        const { line, body } = lineOf(asked);
        // What the key makes for itself, in its own app, is of no one else.
        const told = await relay.ask(line, 'acme', body);
        expect(told.text, line).not.toContain(CANARY);
        if (line.includes('app=globex')) expect(told.status, line).toBe(403);
      }),
      { numRuns: 300, seed: 20_260_102 },
    );
    expect(await kept(relay)).toBe(before);
  });

  test('is asked of by no route that the guard would let through to others', () => {
    const { api } = buildConfig(({ leaf }) => leaf.default);
    const need = needOf(api);
    for (const { method, path, scope, own } of routes()) {
      const needed = need(method, path.replaceAll(/\{\w+\}/g, 'x'));
      const guard = typeof needed === 'string' ? { scope: needed, own: false } : needed;
      expect({ path, method, ...guard }).toEqual({ path, method, scope, own: guard.own });
      // A route that people may use is one that the guard lets them come to.
      expect({ path, method, own: own === undefined || guard.own }).toEqual({ path, method, own: true });
    }
    expect(routes().length).toBeGreaterThan(30);
  });
});
