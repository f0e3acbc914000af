/**
 * A provider is one folder and one row: the pager of test/providers/pager is configured, checked, documented, simulated, sent to,
 * explained, measured, asked about, called back by its network and sold by /v1/apps, and no file of src/ names it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkConfig } from '../../src/cli/check/check-config.ts';
import { type LoadOptions, loadConfig } from '../../src/host/config/load.ts';
import { openSandbox } from '../../src/host/sandbox/sandbox-mode.ts';
import { type RunningServer, startServer } from '../../src/host/server.ts';
import { createLog } from '../../src/observe/log/log.ts';
import { providers, providerTable } from '../../src/providers/registry.ts';
import { until } from '../support/until.ts';
import { signatureOf } from './pager/payload.ts';
import { pager } from './pager/provider.ts';

const table = providerTable([...providers, pager]);
const PUBLIC = 'https://push.example.com';
const KEY = 'the-key-of-the-sandbox';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-pager-'));
  folders.push(folder);
  return folder;
}

/** What config.yml says, and what became of it. */
function load(sections: object, options: Partial<LoadOptions> = {}) {
  const cwd = newFolder();
  writeFileSync(join(cwd, 'config.yml'), stringify(sections));
  return loadConfig({ path: join(cwd, 'config.yml'), env: {}, cwd, home: cwd, providers: table, ...options });
}

describe('is configured', () => {
  const on = { ios: { enabled: false }, huawei: { enabled: false } };

  test('by its section, its variables and its flags', () => {
    const pagers = { ...on, pager: { key: 'k', districts: ['47'] } };
    expect(load(pagers).config).toMatchObject({ pager: { enabled: true, key: 'k', districts: ['47'], max_retry: 0 } });
    const env = { MARTLET_PAGER_KEY: 'from the environment' };
    expect(load(pagers, { env }).config).toMatchObject({ pager: { key: 'from the environment' } });
    expect(load(pagers, { flags: { 'pager.key': 'a flag' } }).config).toMatchObject({ pager: { key: 'a flag' } });
  });

  test('and a mistake in it is told with its key', () => {
    expect(() => load({ ...on, pager: { enabled: true } })).toThrow('pager.key: missing: the key of the network');
    expect(() => load({ ...on, pager: { key: 'k', endpoint: 'ftp://x' } })).toThrow('pager.endpoint: must be https://');
    expect(load({ ...on, pager: { key: 'k', kee: 1 } }).warnings.join()).toContain('did you mean `pager.key`');
  });

  test('and martlet check shows it', async () => {
    const lines: string[] = [];
    const loaded = () => load({ ...on, pager: { key: 'k' } });
    expect(await checkConfig(loaded, { env: {}, providers: table, say: (line) => lines.push(line) })).toBe(true);
    expect(lines.join('\n')).toMatch(/pager\s+on\s+pagers by https:\/\/pagers.example/);
  });
});

describe('in a relay with its sandbox', () => {
  let server: RunningServer;
  let close: () => Promise<void>;
  const hooked: Record<string, unknown>[] = [];
  let lines = '';

  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(server.url + path, init);
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      body: answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {},
    };
  };
  const push = (notification: object) =>
    call('/api/push', {
      method: 'POST',
      body: JSON.stringify({ notifications: [{ platform: 'PAGER', ...notification }] }),
    });
  const callBack = (path: string, body: string, signature = signatureOf(KEY, body)) =>
    call(`/v1/callbacks/${path}`, { method: 'POST', body, headers: { 'x-signature': signature } });

  beforeAll(async () => {
    const hook = createServer((req, res) => {
      let text = '';
      req.on('data', (chunk) => (text += chunk));
      req.on('end', () => {
        hooked.push(JSON.parse(text));
        res.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const loaded = load({
      core: {
        address: '127.0.0.1',
        sync: true,
        feedback_hook_url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`,
      },
      sandbox: { enabled: true },
      queue: { backoff: 0.01, local: { path: '' } },
      apps: { path: join(newFolder(), 'apps.db') },
      hub: { public_url: PUBLIC },
      log: { format: 'json', hide_token: true },
      pager: { districts: ['47', '48'], max_retry: 2 },
    }).config;
    const config = { ...loaded, core: { ...loaded.core, port: '0' } };
    const sink = { write: (text: string) => (lines += text) };
    const log = createLog(config.log, { stdout: sink, stderr: sink, providers: table });
    const sandbox = await openSandbox(config, log, table);
    server = await startServer({
      version: '0.0.0',
      log,
      env: {},
      providers: table,
      masterKey: randomBytes(32).toString('base64'),
      ...sandbox?.parts,
      config: sandbox?.config ?? config,
    });
    close = async () => {
      await server.close();
      await sandbox?.close();
      hook.close();
      log.close();
    };
  });
  afterAll(() => close());

  test('it is sent to by name, with a field of its own', async () => {
    const { body } = await push({ tokens: ['4712345', '4854321'], message: 'hi', pager: { buzz: 'bzz' } });
    expect(body).toMatchObject({ counts: 2, logs: [] });
    const { body: seen } = await call('/sandbox/deliveries');
    expect(seen.deliveries.map(({ target }: { target: string }) => target).toSorted()).toEqual(['4712345', '4854321']);
    expect(seen.deliveries[0]).toMatchObject({ platform: 'pager', payload: { body: 'bzz' }, body: 'bzz' });
  });

  test('a field of the wrong type is refused with its path', async () => {
    const { status, body } = await push({ tokens: ['1'], pager: { buzz: 7 } });
    expect(status).toBe(400);
    expect(body.details[0].path).toBe('notifications[0].pager.buzz');
  });

  test('its failures have its words in the answer, the hook, the log and the history, with advice', async () => {
    const { body } = await push({ notif_id: 'p-1', tokens: ['sandbox-unregistered'], message: 'x' });
    expect(body.logs).toMatchObject([
      { platform: 'pager', reason: 'NO_SUCH_PAGER', category: 'invalid_token', invalid_token: true, status: 404 },
    ]);
    await until(() => hooked.some(({ notif_id }) => notif_id === 'p-1'));
    const line = lines.split('\n').find((each) => each.includes('"p-1"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ platform: 'pager', token: 'sa…' });
    const { body: explained } = await call('/v1/pushes/p-1');
    expect(explained.pushes[0].events).toContainEqual(
      expect.objectContaining({
        provider: 'beeps',
        reason: 'NO_SUCH_PAGER',
        advice: expect.stringContaining('handed back'),
      }),
    );
  });

  test('it is tried again as its section says', async () => {
    const { body } = await push({ notif_id: 'p-2', tokens: ['sandbox-down-twice'], message: 'x' });
    expect(body).toMatchObject({ logs: [] });
    const { body: explained } = await call('/v1/pushes/p-2');
    expect(explained.pushes[0]).toMatchObject({ status: 'delivered' });
    expect(explained.pushes[0].events.at(-1)).toMatchObject({ attempt: 3 });
  });

  test('it is measured: pushes, reasons, lanes', async () => {
    const { text } = await call('/metrics');
    expect(text).toMatch(
      /martlet_pushes_total\{app="default",provider="beeps",environment="production",outcome="accepted"/,
    );
    expect(text).toContain('category="invalid_token",reason="NO_SUCH_PAGER"');
    expect(text).toMatch(
      /martlet_lane_limit\{app="default",provider="beeps",environment="production",partition="other"\} \d/,
    );
    expect(text).not.toMatch(/4712345|4854321/);
    expect(text).toContain('gorush_ios_success 0');
  });

  test('it is in /readyz, /api/config, the console and the documents that a relay serves', async () => {
    const { body: ready } = await call('/readyz');
    const names = ready.checks.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => name.includes('beeps'))).toEqual([
      'default/beeps/production',
      'default/beeps/production/other',
    ]);
    const { text: config } = await call('/api/config');
    expect(config).toContain('pager:');
    expect(config).not.toContain(KEY);
    const { body: api } = await call('/openapi.json');
    expect(JSON.stringify(api)).toContain('PagerFields');
    expect(JSON.stringify(api)).toContain('PagerSettings');
    const events = await fetch(`${server.url}/v1/console/events`);
    const reader = events.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(first).toContain('"title":{"platform":"Pager","provider":"Beeps"}');
  });

  test('its network reports later what became of a push: once, and only with its signature', async () => {
    await push({ notif_id: 'p-3', tokens: ['4799999'], message: 'x' });
    const { body: explained } = await call('/v1/pushes/p-3');
    const id = explained.pushes[0].events.at(-1).targets[0].provider_id;
    const body = JSON.stringify({ id, word: 'GONE' });
    expect((await callBack('pager/default/buzzed', body, 'forged')).status).toBe(403);
    expect(hooked.filter(({ notif_id }) => notif_id === 'p-3')).toEqual([]);
    for (let times = 0; times < 3; times++)
      expect(await callBack('pager/default/buzzed', body)).toMatchObject({ status: 200, text: 'thanks' });
    await until(() => hooked.some(({ notif_id }) => notif_id === 'p-3'));
    expect(hooked.filter(({ notif_id }) => notif_id === 'p-3')).toMatchObject([
      {
        type: 'failed-push',
        late: true,
        reason: 'NO_SUCH_PAGER',
        token: '4799999',
        invalid_token: true,
        platform: 'pager',
      },
    ]);
    const { body: later } = await call('/v1/pushes/p-3');
    expect(later.pushes[0]).toMatchObject({ status: 'delivered', delivered: 1, failed: 0 });
    expect(later.pushes[0].events).toContainEqual(expect.objectContaining({ event: 'late', outcome: 'failed' }));
    const { text } = await call('/metrics');
    expect(text).toMatch(/martlet_late_outcomes_total\{.*provider="beeps".*reason="NO_SUCH_PAGER"\} 1/);
  });

  test.each(['pager/default/other', 'pager/nobody/buzzed', 'pigeon/default/buzzed', 'ios/default/buzzed'])(
    'there is no callback %s',
    async (path) => {
      expect((await callBack(path, '{}')).status).toBe(404);
    },
  );

  test('a callback of more than 64 KiB is refused', async () => {
    expect((await callBack('pager/default/buzzed', 'x'.repeat(70_000))).status).toBe(413);
  });

  test('an app made at run time has a key of its own for it, which nobody gets to see', async () => {
    const made = await call('/v1/apps', {
      method: 'POST',
      body: JSON.stringify({ name: 'shop', pager: { key: 'shop-key-0001' } }),
    });
    expect(made).toMatchObject({ status: 201, body: { pager: { has_key: true, kind: 'key' } } });
    expect(made.text).not.toContain('shop-key-0001');
    const refused = await call('/v1/apps', {
      method: 'POST',
      body: JSON.stringify({ name: 'other', pager: { key: 'k', endpoint: 'https://127.0.0.1' } }),
    });
    expect(refused.status).toBe(400);
    expect(refused.body.details).toContainEqual({ path: 'pager.endpoint', reason: 'is set in config.yml only' });
    const sent = await push({ app: 'shop', tokens: ['4711111'], message: 'x' });
    expect(sent.body).toMatchObject({ counts: 1, logs: [] });
  });
});
