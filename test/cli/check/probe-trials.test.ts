import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../support/sandbox-of-three.ts';
import { folderWith } from '../../tls/tls-kit.ts';
import { checked } from './check-kit.ts';

const quiet = { history: { path: '' }, receipts: { path: '' }, queue: { local: { path: '' } } };
const simulated = { ...quiet, sandbox: { enabled: true } };

async function answering(status: number, body = ''): Promise<string> {
  const server = createServer((req, res) => {
    res.writeHead(status).end(req.method === 'HEAD' ? undefined : body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('hooks answer, whatever they say to HEAD; those that do not, or only with 5xx, fail the check', async () => {
  const [good, broken] = await Promise.all([answering(405), answering(503)]);
  const { ok, tried, lines } = await checked(
    {
      ...simulated,
      core: { feedback_hook_url: `${good}/hook?secret=hush` },
      apps: {
        acme: { webhook: { url: `${broken}/x`, allow_private: true } },
        beta: { webhook: { url: 'http://127.0.0.1:1/hush', allow_private: true } },
      },
    },
    { probe: true },
  );
  expect(ok).toBe(false);
  expect(tried['core.feedback_hook_url']).toBe('ok answers (405 to HEAD)');
  expect(tried['apps.acme.webhook.url']).toBe('FAIL answers 503 to HEAD');
  expect(tried['apps.beta.webhook.url']).toMatch(/^FAIL does not answer: E/);
  expect(lines.join('\n')).not.toContain('hush');
});

test('without --probe no hook is asked', async () => {
  const { tried } = await checked({ ...simulated, core: { feedback_hook_url: 'http://127.0.0.1:1/' } });
  expect(Object.keys(tried)).toEqual(['core.port']);
});

test('issuers have keys, or fail the check', async () => {
  const auth = { issuer: 'https://i.example', audience: ['push'] };
  const [good, bad] = await Promise.all([answering(200, '{"keys": [{}, {}]}'), answering(404)]);
  const tokens = (jwks_url: string) => checked({ ...simulated, auth: { ...auth, jwks_url } }, { probe: true });
  expect((await tokens(good)).tried['auth.jwks_url']).toBe('ok 2 keys');
  expect((await tokens(bad)).tried['auth.jwks_url']).toBe('FAIL answers 404 without a list of keys');
});

test('providers are asked whether they take the credentials, by what reaches no device', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const ca = join(folderWith({ 'ca.pem': sandbox.ca }), 'ca.pem');
  const { ios, android } = Object.fromEntries([...sandbox.providers].map(([name, { settings }]) => [name, settings]));
  const stranger = { ...ios, key_id: 'WRONGKEYID', team_id: 'WRONGTEAM1' };
  const config = {
    ...quiet,
    core: { ca_path: ca },
    ios: { enabled: true, topic: 'com.example.app', ...ios },
    android: { enabled: true, ...android },
    apps: { acme: { ios: stranger, default_topic: 'com.example.app' } },
  };
  const { ok, tried } = await checked(config, { probe: true });
  expect(tried.ios).toBe('ok APNs has nothing against the credential');
  expect(tried.android).toBe('ok FCM has nothing against the credential');
  expect(tried['apps.acme.ios']).toMatch(/^FAIL APNs refuses the credential: InvalidProviderToken: /);
  expect(ok).toBe(false);
  expect(sandbox.deliveries()).toEqual([]);
});
