import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { toError } from '../../src/kit/errors.ts';
import { startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';
import { ask, bearer, type GuardedRelay, push, sha256, startGuardedRelay } from '../auth/guarded-relay.ts';
import { needs } from '../support/needs.ts';
import { startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const KEYS = { all: { sha256: sha256('all-key'), scopes: ['admin'] } };

const issue = ({ url }: GuardedRelay) =>
  ask(`${url}/v1/users/ada/tokens`, { method: 'POST', headers: bearer('all-key') });
const status = async ({ url }: GuardedRelay, path: string) => (await ask(url + path)).status;

/** Pushes go out, the process lives, the balancer is asked to look elsewhere, and the hub says when to come again. */
async function expectDown(relay: GuardedRelay): Promise<void> {
  await until(async () => (await status(relay, '/readyz')) === 503, '/readyz says that the store is not there');
  expect(await status(relay, '/healthz')).toBe(200);
  const answer = await issue(relay);
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(answer.text).not.toContain('canary');
  expect((await push(relay.url, bearer('all-key'))).status).toBe(200);
  const { checks } = JSON.parse((await ask(`${relay.url}/readyz`)).text) as { checks: { name: string }[] };
  expect(checks).toContainEqual(expect.objectContaining({ name: 'hub', status: 'fail' }));
  expect(JSON.stringify(checks)).not.toContain('canary');
}

/** Why a sandbox does not open a store: its start is refused, or, where the server was slow to answer, /readyz says it. */
async function refusalOf(hub: object): Promise<string> {
  const relay = await startSandboxedRelay({ hub }).catch(toError);
  if (relay instanceof Error) return relay.message;
  onTestFinished(() => relay[Symbol.asyncDispose]());
  let text = '';
  await until(async () => {
    text = (await ask(`${relay.url}/readyz`)).text;
    return text.includes('sandbox.enabled');
  }, '/readyz says that the store is not for a sandbox');
  return text;
}

async function expectUp(relay: GuardedRelay): Promise<void> {
  await until(async () => (await status(relay, '/readyz')) === 200, '/readyz says that the store is back');
  await until(async () => (await issue(relay)).status === 404, 'the hub answers that there is no such person');
}

describe('the hub on a PostgreSQL', needs('psql'), () => {
  test('that is not there when it starts, comes, goes and comes again', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.end());
    const url = (await server.database()).replace('postgres@', 'postgres:canary@');
    await server.stop();
    const folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const hub = { enabled: true, path: join(folder, 'hub.db'), postgres: url };
    const relay = await startGuardedRelay({ auth: { keys: KEYS }, hub });
    await expectDown(relay);
    await server.start();
    await expectUp(relay);
    await server.stop();
    await expectDown(relay);
    await server.start();
    await expectUp(relay);
  });

  test('that holds people is not taken by a sandbox, which says what to do, and stays as it is', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.end());
    const folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const hub = { enabled: true, path: join(folder, 'hub.db'), postgres: await server.database() };
    const noSandbox = { sandbox: { enabled: false }, ntfy: { enabled: true, endpoint: 'https://ntfy.example' } };
    const real = await startGuardedRelay({ ...noSandbox, auth: { keys: KEYS }, hub });
    const put = { method: 'PUT', headers: bearer('all-key'), body: '{"locale":"de"}' };
    expect((await ask(`${real.url}/v1/users/ada`, put)).status).toBe(201);
    expect(await refusalOf(hub)).toContain('sandbox.enabled: false');
    const { text } = await ask(`${real.url}/v1/users`, { headers: bearer('all-key') });
    expect((JSON.parse(text) as { users: unknown[] }).users).toMatchObject([{ id: 'ada', locale: 'de' }]);
  });
});
