import { expect, test } from 'vitest';
import { ask, bearer, push, startGuardedRelay } from './guarded-relay.ts';

const core = { admin_address: '127.0.0.1:0' };
const ADMINISTRATION = ['/metrics', '/api/stat/go', '/api/stat/app', '/api/config', '/sys/stats'];

test('figures, configuration and administration move to a listener of their own; health is on both', async () => {
  const { url, adminUrl } = await startGuardedRelay({ core, auth: {} });
  for (const path of [...ADMINISTRATION, '/v1/apps', '/v1/apps/acme', '/V1/APPS', '/console', '/console/x.js']) {
    const public_ = await ask(url + path);
    expect([public_.status, public_.text], path).toEqual([404, '404 page not found']);
  }
  for (const path of ADMINISTRATION) expect((await ask(`${adminUrl}${path}`)).status, path).toBe(200);
  for (const path of ['/healthz', '/readyz', '/', '/version'])
    for (const base of [url, adminUrl]) expect((await ask(`${base}${path}`)).status, path).toBe(200);
});

test('pushes are taken on both, so that administrators can try one', async () => {
  const { url, adminUrl } = await startGuardedRelay({ core, auth: {} });
  expect((await push(url)).status).toBe(200);
  expect((await push(`${adminUrl}`)).status).toBe(200);
});

test('keys are asked for on both', async () => {
  const { url, adminUrl } = await startGuardedRelay({ core });
  expect((await push(url)).status).toBe(401);
  expect((await ask(`${adminUrl}/metrics`)).status).toBe(401);
  expect((await ask(`${adminUrl}/metrics`, { headers: bearer('reader-key') })).status).toBe(200);
  expect((await ask(`${url}/metrics`, { headers: bearer('reader-key') })).status).toBe(404);
});

test('a process without HTTP for callers may have one for administration', async () => {
  const { url, adminUrl } = await startGuardedRelay({
    core: { ...core, enabled: false },
    grpc: { enabled: true },
    auth: {},
  });
  expect(url).toBe('');
  expect((await ask(`${adminUrl}/metrics`)).status).toBe(200);
});
