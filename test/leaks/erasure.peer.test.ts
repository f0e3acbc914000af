import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { startTenantProviders } from '../apps/tenant-providers.ts';
import { answer, startHook } from '../feedback/hook-server.ts';
import { startRedis } from '../observe/stats/redis-server.ts';
import { needs } from '../support/needs.ts';
import { startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { WatchedRelay } from './watched-relay.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A number of digits that is nowhere else. */
const MARK = '3141592653589793';
const canary = (name: string): string => `${name}-${MARK}`;
const hex = (beginning: string): string => beginning.padEnd(64, MARK);
/** Behind all others in the order of the ids: what is for her waits longest. */
const ADA = { id: canary('zada'), phone: hex('ada1'), slow: hex('ada2'), dead: hex('ada3'), former: hex('ada4') };
const JSON_TYPE = { 'content-type': 'application/json' };
const PATIENT = { timeout: 60_000 };
/** What a test itself has written. */
const OURS = new Set(['config.yml', 'ca.pem', 'crash.mjs']);

async function openWorld() {
  const state = { isUp: true };
  const providers = await startTenantProviders((_, token) => {
    if (token === ADA.dead) return { status: 400, body: { reason: 'BadDeviceToken' } };
    if (token === ADA.slow && !state.isUp) return 'hang';
    return undefined;
  });
  const hook = await startHook((_call, _number, res) => answer(500)(res));
  closers.push(
    () => providers.close(),
    () => hook.close(),
  );
  const { ios } = providers.tenant('main').settings;
  const masterKey = randomBytes(32).toString('base64');
  const serve = async (hub: object, queue: object = {}): Promise<WatchedRelay> => {
    const relay = new WatchedRelay({ MARTLET_MASTER_KEY: masterKey });
    closers.push(() => relay.close());
    writeFileSync(relay.path('ca.pem'), providers.ca);
    await relay.serve({
      core: { ca_path: relay.path('ca.pem'), feedback_hook_url: hook.origin },
      queue: { local: { path: relay.path('queue.db') }, ...queue },
      history: { path: relay.path('history.db') },
      log: { format: 'json', audit: relay.path('audit.log') },
      // What is sent at once is soon more than that: the rest waits.
      ios: {
        ...{ ...ios, enabled: true, rate_limit: 1, request_timeout: 20, topic: 'com.example.main' },
        ...{ endpoint: providers.origin, sandbox_endpoint: providers.origin },
      },
      hub: { enabled: true, path: relay.path('hub.db'), ...hub },
    });
    return relay;
  };
  const arrived = (token: string): number => providers.seen.filter((push) => push.token === token).length;
  return { providers, hook, state, serve, arrived };
}

/** Ada with three phones and an address, others with a phone each. */
async function addPeople({ ask }: Pick<WatchedRelay, 'ask'>, others: readonly string[]): Promise<void> {
  const person = { name: canary('name'), email: `${canary('mail')}@example.com`, consent: { email: true } };
  await ask('PUT', `/v1/users/${ADA.id}`, JSON_TYPE, person);
  const device = async (id: string, token: string, user: string): Promise<void> => {
    const made = await ask('PUT', `/v1/devices/${id}`, JSON_TYPE, { platform: 'ios', token, user });
    expect(made.status, made.text).toBe(201);
  };
  for (const name of ['phone', 'slow', 'dead'] as const) await device(`ada-${name}`, ADA[name], ADA.id);
  for (const token of others) await device(`other-${token.slice(0, 6)}`, token, `user-${token.slice(0, 6)}`);
}

/** Names of files of the data folder in which something of Ada is left. */
const leftIn = ({ folder }: WatchedRelay): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !OURS.has(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'latin1').includes(MARK));

const others = Array.from({ length: 5 }, (_, at) => `f${at.toString(16)}`.padEnd(64, '0'));

describe('after DELETE /v1/users', () => {
  test('no queued push of the person leaves, and no byte is left in any file; the others get what was for them', async () => {
    const world = await openWorld();
    const { state, arrived, providers } = world;
    const relay = await world.serve({});
    const ask = relay.ask.bind(relay);
    await addPeople({ ask }, others);
    const send = (to: object, message: string) =>
      ask('POST', '/v1/notifications', JSON_TYPE, { to, mode: 'push_only', title: 'hello', message });
    // What has happened already: delivered, and failed with a report that its hook does not take.
    await send({ users: [ADA.id] }, canary('first'));
    await until(() => arrived(ADA.phone) > 0 && arrived(ADA.dead) > 0 && arrived(ADA.slow) > 0);
    state.isUp = false;
    await send({ devices: ['ada-slow'] }, canary('slow'));
    await until(() => arrived(ADA.slow) > 1);
    await send({ everyone: true }, 'for all');
    await send({ users: [ADA.id] }, canary('alone'));
    const both = {
      platform: 1,
      tokens: [others[0], ADA.phone, others[1]],
      message: 'by hand',
      topic: 'com.example.main',
    };
    await ask('POST', '/api/push', JSON_TYPE, { notifications: [both] });
    const reached = others.map(arrived);
    const erased = await ask('DELETE', `/v1/users/${ADA.id}`, JSON_TYPE);
    expect(erased.status, erased.text).toBe(200);
    const seen = providers.seen.length;
    // The attempt that hangs had begun before.
    expect(erased.body.in_flight).toBeGreaterThanOrEqual(1);
    expect(erased.body.erased.pushes).toBeGreaterThanOrEqual(2);
    await until(() => others.every((token, at) => arrived(token) > (reached[at] ?? 0)));
    await until(() => arrived(others[0] as string) >= 2 && arrived(others[1] as string) >= 2);
    expect(providers.seen.slice(seen).filter(({ token }) => token.includes(MARK))).toEqual([]);
    await expect.poll(() => leftIn(relay), PATIENT).toEqual([]);
    const listed = await ask('GET', '/v1/pushes?status=failed', JSON_TYPE);
    expect(listed.text).not.toContain(ADA.dead.slice(-4));
    await relay.end('SIGKILL');
    expect(leftIn(relay)).toEqual([]);
  });

  describe.each([
    { name: 'the file', lacks: [] },
    { name: 'a Redis', lacks: ['redis-server'] },
  ] as const)('with $name as the queue', ({ name, lacks }) => {
    test('nothing leaves for a token that the person had before an import replaced it', needs(...lacks), async () => {
      const { arrived, providers, serve } = await openWorld();
      const redis = name === 'a Redis' ? await startRedis() : undefined;
      if (redis) closers.push(() => redis.close());
      const queue = redis ? { engine: 'redis', redis: { addr: redis.addr, stream_name: 'pushes', group: 'g' } } : {};
      const relay = await serve({}, queue);
      const ask = relay.ask.bind(relay);
      await addPeople({ ask }, others);
      const device = { platform: 'ios', user: ADA.id };
      await ask('PUT', '/v1/devices/ada-moved', JSON_TYPE, { ...device, token: ADA.former });
      const toAll = { platform: 1, tokens: [...others, ADA.former], message: 'by hand', topic: 'com.example.main' };
      for (let time = 0; time < 3; time++) await ask('POST', '/api/push', JSON_TYPE, { notifications: [toAll] });
      const row = { id: 'ada-moved', ...device, token: ADA.slow };
      const imported = await ask('POST', '/v1/devices/import', { 'content-type': 'application/x-ndjson' }, row);
      expect(imported.text).toContain('"rotated":1');
      const erased = await ask('DELETE', `/v1/users/${ADA.id}`, JSON_TYPE);
      expect(erased.body.erased.pushes, erased.text).toBeGreaterThan(0);
      const seen = providers.seen.length;
      await until(() => others.every((token) => arrived(token) >= 3));
      expect(providers.seen.slice(seen).filter(({ token }) => token.includes(MARK))).toEqual([]);
      await expect.poll(() => leftIn(relay), PATIENT).toEqual([]);
    });
  });

  describe('at one of two instances', needs('psql'), () => {
    test('nothing that the other has queued leaves, and nothing is left in the database', async () => {
      const world = await openWorld();
      const { arrived, providers } = world;
      const server = await startPostgres();
      closers.push(() => server.end());
      const postgres = await server.database();
      const [one, two] = [await world.serve({ postgres }), await world.serve({ postgres })];
      await addPeople({ ask: one.ask.bind(one) }, others);
      const client = new pg.Client(postgres);
      await client.connect();
      closers.push(() => client.end());
      const rows = async (table: string, where = 'true'): Promise<readonly unknown[]> =>
        (await client.query(`SELECT t::text FROM ${table} t WHERE ${where}`)).rows;
      // They know of each other once an erasure at the one is told to the other.
      await until(async () => {
        let isDone = false;
        const erasing = one.ask('DELETE', '/v1/users/ghost', JSON_TYPE).finally(() => {
          isDone = true;
        });
        let isAsked = false;
        while (!isDone && !isAsked) isAsked = (await rows('meta', "key LIKE 'withdrawal:%'")).length > 0;
        await erasing;
        return isAsked;
      });
      const send = (to: object, message: string) =>
        two.ask('POST', '/v1/notifications', JSON_TYPE, { to, mode: 'push_only', title: 'hello', message });
      for (const time of ['once', 'twice']) await send({ everyone: true }, time);
      await send({ users: [ADA.id] }, canary('alone'));
      const erased = await one.ask('DELETE', `/v1/users/${ADA.id}`, JSON_TYPE);
      expect(erased.body.erased.pushes).toBeGreaterThan(0);
      const seen = providers.seen.length;
      await until(() => others.every((token) => arrived(token) === 2));
      expect(providers.seen.slice(seen).filter(({ token }) => token.includes(MARK))).toEqual([]);
      await expect.poll(() => [...leftIn(one), ...leftIn(two)], PATIENT).toEqual([]);
      const tables = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
      const left: string[] = [];
      for (const { tablename } of tables.rows)
        if (JSON.stringify(await rows(`"${tablename}"`)).includes(MARK)) left.push(tablename);
      expect(left).toEqual([]);
      expect(await rows('meta', "key LIKE 'withdrawal:%'")).toEqual([]);
    });
  });
});
