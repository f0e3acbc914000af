import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
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
});
