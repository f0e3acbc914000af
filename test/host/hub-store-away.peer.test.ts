import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, bearer, type GuardedRelay, push, sha256, startGuardedRelay } from '../auth/guarded-relay.ts';
import { needs } from '../support/needs.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const KEYS = { all: { sha256: sha256('all-key'), scopes: ['admin'] } };
const headers = bearer('all-key');
const PEOPLE = 20;
const SENDS = 90;

const status = async ({ url }: GuardedRelay, path: string) => (await ask(url + path, { headers })).status;

async function startHub(): Promise<{ server: RunningPostgres; relay: GuardedRelay }> {
  const server = await startPostgres();
  onTestFinished(() => server.end());
  const folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await server.database();
  const hub = { enabled: true, path: join(folder, 'hub.db'), postgres };
  const relay = await startGuardedRelay({ auth: { keys: KEYS }, hub });
  for (let i = 0; i < PEOPLE; i++) {
    const body = JSON.stringify({ user: `u${i}`, platform: 'android', token: `token-of-${i}` });
    expect((await ask(`${relay.url}/v1/devices/d${i}`, { method: 'PUT', headers, body })).status).toBe(201);
  }
  return { server, relay };
}

/** A back end that sends one notification after another, and repeats what was not answered with 202. */
function startSending({ url }: GuardedRelay) {
  const state = { accepted: 0, refused: 0 };
  const body = (i: number) =>
    JSON.stringify({ id: `n${i}`, message: `n${i}`, to: { users: [`u${i % PEOPLE}`] }, mode: 'push_only' });
  const one = async (i: number): Promise<void> => {
    for (;;) {
      const answer = await ask(`${url}/v1/notifications`, { method: 'POST', headers, body: body(i) });
      if (answer.status === 202) break;
      expect([answer.status, Number(answer.headers.get('Retry-After'))], answer.text).toEqual([503, 1]);
      state.refused++;
      await sleep(100);
    }
    state.accepted++;
  };
  const all = Promise.all(
    [0, 1, 2].map(async (lane) => {
      for (let i = lane; i < SENDS; i += 3) await one(i);
    }),
  );
  // A test that fails before that closes the relay under it.
  all.catch(() => {});
  return { state, all };
}

async function expectAway(relay: GuardedRelay): Promise<void> {
  await until(async () => (await status(relay, '/readyz')) === 503, '/readyz says that the store is away');
  expect(await status(relay, '/v1/users/u1')).toBe(503);
  expect(await status(relay, '/healthz')).toBe(200);
  expect((await push(relay.url, headers)).status).toBe(200);
}

const expectBack = (relay: GuardedRelay) =>
  until(async () => (await status(relay, '/readyz')) === 200, '/readyz says that the store is back');

async function expectNothingLost(relay: GuardedRelay): Promise<void> {
  const ids = Array.from({ length: SENDS }, (_, i) => `n${i}`);
  for (const id of ids)
    await until(async () => {
      const { text } = await ask(`${relay.url}/v1/notifications/${id}`, { headers });
      return JSON.parse(text).status === 'done';
    }, `${id} is done`);
  const { text } = await ask(`${relay.url}/sandbox/deliveries?limit=1000`, { headers });
  const arrived = (JSON.parse(text).deliveries as { body?: string }[]).map(({ body }) => body);
  expect(ids.filter((id) => !arrived.includes(id))).toEqual([]);
}

const BACK = /the hub's store is back after \d+ s: what waited goes on/g;
const saidOf = (relay: GuardedRelay, what: RegExp): number => (relay.lines().match(what) ?? []).length;

describe('a PostgreSQL that goes away while sends are under way', needs('psql'), () => {
  test('restarted, and standing still: nothing that was answered is lost, and the log says it in words', async () => {
    const { server, relay } = await startHub();
    const { state, all } = startSending(relay);
    await until(() => state.accepted > SENDS / 6, 'some are accepted');
    await server.stop();
    await expectAway(relay);
    await server.start();
    await expectBack(relay);
    await until(() => saidOf(relay, BACK) === 1, 'the log says that it is back');
    await until(() => state.accepted > SENDS / 2, 'more are accepted');
    server.signalAll('SIGSTOP');
    await expectAway(relay);
    server.signalAll('SIGCONT');
    await expectBack(relay);
    await all;
    await expectNothingLost(relay);
    await until(() => saidOf(relay, BACK) === 2, 'the log says again that it is back');
    expect(saidOf(relay, /the hub's store is away: hub\.postgres: .*Routes of the hub answer 503/g)).toBe(2);
    expect(saidOf(relay, /what is due in the hub|of the hub cannot be|wait for a while|hub's timer/g)).toBe(0);
  });
});
