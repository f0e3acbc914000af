import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { startProgram } from '../support/start-program.ts';
import { startRelay } from './running-relay.ts';

const PASSWORD = 'hunter2';

/** A real proxy that wants `user:hunter2`, when `auth` is set. `asked` returns what it was asked for, hosts and ports. */
async function startTinyproxy(auth: boolean) {
  const program = await startProgram('tinyproxy', (port, folder) => {
    const lines = [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Allow 127.0.0.1',
      `LogFile "${join(folder, 'log')}"`,
      'LogLevel Connect',
      'MaxClients 50',
    ];
    writeFileSync(join(folder, 'conf'), [...lines, ...(auth ? [`BasicAuth user ${PASSWORD}`] : []), ''].join('\n'));
    return ['-d', '-c', join(folder, 'conf')];
  });
  onTestFinished(() => program.end());
  const { port } = program;
  const log = join(program.folder, 'log');
  return {
    port,
    asked: (): string[] =>
      [...readFileSync(log, 'utf8').matchAll(/Request \(file descriptor \d+\): (\S+ \S+)/g)].map(
        (match) => match[1] as string,
      ),
  };
}

/** A feedback hook that counts what it was told. */
async function startHook() {
  const bodies: string[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      bodies.push(body);
      res.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/failed`, bodies };
}

const TOKEN = 'a1b2c3d4'.repeat(8);
const everywhere = [1, 2, 3].map((platform) => ({
  platform,
  tokens: [TOKEN],
  topic: 'com.example.app',
  title: 'Hi',
  message: 'hi',
}));
const target = (origin: string): string => `CONNECT ${new URL(origin).host}`;

describe('through tinyproxy', needs('tinyproxy'), () => {
  test.each([false, true])('every provider, sign-in and the hook are reached; with credentials: %s', async (auth) => {
    const proxy = await startTinyproxy(auth);
    const hook = await startHook();
    await using relay = await startRelay({
      core: {
        sync: true,
        http_proxy: `http://${auth ? `user:${PASSWORD}@` : ''}127.0.0.1:${proxy.port}`,
        feedback_hook_url: hook.url,
      },
      log: { access_level: 'debug' },
    });
    const { sandbox } = relay;
    const pushed = await relay.push(
      ...everywhere.map(({ topic, ...rest }) => (rest.platform === 1 ? { ...rest, topic } : rest)),
    );
    expect(pushed).toMatchObject({ status: 200, body: { success: 'ok', logs: [] } });
    expect(sandbox.delivered()).toBe(3);
    const failed = await relay.push({
      platform: 1,
      tokens: ['dead0410'.repeat(8)],
      topic: 'com.example.app',
      message: 'hi',
    });
    expect((failed.body.logs as unknown[]).length).toBe(1);
    await expect.poll(() => hook.bodies.length).toBe(1);
    const asked = new Set(proxy.asked().map((line) => line.replace(/ http:\/\/127\.0\.0\.1:\d+\/failed$/, ' hook')));
    for (const origin of [sandbox.apns.development, sandbox.fcm, sandbox.tokenUri, sandbox.hms.push, sandbox.hms.auth])
      expect(asked).toContain(target(origin));
    expect(asked).toContain('POST hook');
    expect(relay.output()).not.toContain(PASSWORD);
  });

  test('a wrong password fails the pushes with entries, and neither answers nor log show it', async () => {
    const proxy = await startTinyproxy(true);
    const wrong = 'letmein123';
    await using relay = await startRelay({
      core: { sync: true, sync_timeout: 2, http_proxy: `http://user:${wrong}@127.0.0.1:${proxy.port}` },
      queue: { max_age: 1, backoff: 0.1, backoff_max: 0.2 },
      log: { access_level: 'debug', error_level: 'debug' },
    });
    const { body } = await relay.push(...everywhere);
    const text = JSON.stringify([body, await relay.get('/api/stat/app')]) + relay.output();
    expect(body.logs as unknown[]).not.toHaveLength(0);
    expect(text).not.toContain(wrong);
    expect(text).not.toContain(Buffer.from(`user:${wrong}`).toString('base64'));
    const shown = await fetch(`${relay.url}/api/config`).then((response) => response.text());
    expect(shown).not.toContain(wrong);
    const ready = await fetch(`${relay.url}/readyz`).then((response) => response.text());
    expect(ready).not.toContain(wrong);
    expect(await fetch(`${relay.url}/metrics`).then((response) => response.text())).not.toContain(wrong);
  });
});
