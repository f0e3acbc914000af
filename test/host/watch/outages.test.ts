import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { android, HUAWEI, IOS, ownFolder, startWatched } from './watched-relay.ts';

const DOWN = /^the provider cannot be reached/;
const token = 'f'.repeat(64);
const pushes = {
  ios: { platform: 1, tokens: [token], topic: 'com.example.app', message: 'hi' },
  android: { platform: 2, tokens: [token], message: 'hi' },
  huawei: { platform: 3, tokens: [token], message: 'hi' },
};

/** The first line of an outage, once it was said. */
const firstLine = (relay: Awaited<ReturnType<typeof startWatched>>) =>
  eventually(() => {
    const [line] = relay.lines(DOWN);
    expect(line).toBeDefined();
    return line;
  });

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('APNs at a port that refuses is a warning with its cause, then the breaker is one, and its answer is one', async () => {
  const port = await freePort();
  const relay = await startWatched({ ios: { ...IOS, endpoint: `https://localhost:${port}` } });
  expect(await relay.push(pushes.ios, pushes.ios)).toBe(200);
  expect(await firstLine(relay)).toMatchObject({
    level: 'warning',
    app: 'default',
    provider: 'apns',
    environment: 'production',
    host: `localhost:${port}`,
    breaker: 'closed',
    waiting: 2,
    error: expect.stringMatching(/ECONNREFUSED/),
  });
  await eventually(() => expect(relay.lines(/one at a time is tried/)).toHaveLength(1));
  expect(relay.lines(/one at a time is tried/)[0]).toMatchObject({
    breaker: expect.stringMatching(/open/),
    waiting: 2,
  });
  expect(JSON.stringify(relay.lines(/./))).not.toContain(token);
});

test('an answer of any kind ends the outage', async () => {
  let refuses = true;
  const apns = await startScriptedServer((exchange) => {
    if (refuses) exchange.cut();
    else exchange.respond(410, {}, JSON.stringify({ reason: 'Unregistered', timestamp: 1 }));
  });
  const folder = ownFolder();
  writeFileSync(`${folder}/ca.pem`, apns.ca);
  const relay = await startWatched(
    { core: { ca_path: `${folder}/ca.pem` }, ios: { ...IOS, endpoint: apns.origin, max_retry: 1000 } },
    folder,
  );
  onTestFinished(() => apns[Symbol.asyncDispose]());
  await relay.push(pushes.ios);
  await eventually(() => expect(relay.lines(/^the provider (cannot be reached|does not answer)/)).not.toEqual([]));
  refuses = false;
  await eventually(() => expect(relay.lines(/^the provider answers again$/)).toHaveLength(1));
  expect(relay.lines(/^the provider answers again$/)[0]).toMatchObject({
    level: 'warning',
    app: 'default',
    waiting: 0,
  });
});

test.each(['fcm', 'hms'] as const)(
  'a sign-in of %s that cannot be reached is one, with its own address',
  async (provider) => {
    const port = await freePort();
    const sections = {
      fcm: { android: android(`http://localhost:${port}/token`) },
      hms: { huawei: { ...HUAWEI, auth_endpoint: `https://localhost:${port}` } },
    };
    const relay = await startWatched(sections[provider]);
    await relay.push(provider === 'fcm' ? pushes.android : pushes.huawei);
    const line = await firstLine(relay);
    expect(line).toMatchObject({ provider, reason: 'SignInUnavailable', waiting: 1 });
    expect(line?.error).toMatch(new RegExp(`localhost:${port}.*ECONNREFUSED`));
  },
);

test('a name that DNS does not know is one', async () => {
  const relay = await startWatched({ ios: { ...IOS, endpoint: 'https://push.invalid' } });
  await relay.push(pushes.ios);
  const line = await firstLine(relay);
  expect(line).toMatchObject({ host: 'push.invalid' });
  expect(line?.error).toMatch(/(ENOTFOUND|EAI_AGAIN) push\.invalid/);
});

test('a proxy that refuses is one, with its status and without its password', async () => {
  const proxy = createServer().on('connect', (_, socket) => void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  const port = await listening(proxy);
  const http_proxy = `http://user:hunter2@127.0.0.1:${port}`;
  for (const [section, push] of [
    [{ ios: { ...IOS, endpoint: 'https://push.example' } }, pushes.ios],
    [{ huawei: { ...HUAWEI, auth_endpoint: 'https://auth.example' } }, pushes.huawei],
    [{ android: android('https://auth.example/token') }, pushes.android],
  ] as const) {
    const relay = await startWatched({ core: { http_proxy }, ...section });
    await relay.push(push);
    const line = await firstLine(relay);
    expect(line?.error).toMatch(/403/);
    expect(JSON.stringify(relay.lines(/./))).not.toContain('hunter2');
    await relay.close();
  }
});

test('a proxy that is not there is one', async () => {
  const port = await freePort();
  const relay = await startWatched({
    core: { http_proxy: `http://127.0.0.1:${port}` },
    ios: { ...IOS, endpoint: 'https://push.example' },
  });
  await relay.push(pushes.ios);
  expect((await firstLine(relay))?.error).toMatch(new RegExp(`ECONNREFUSED 127\\.0\\.0\\.1:${port}`));
});

test('a mail server that refuses is one', async () => {
  const port = await freePort();
  const relay = await startWatched({ email: { host: '127.0.0.1', port, tls: 'none', from: 'a@b.example' } });
  await relay.push({ platform: 7, tokens: ['to@b.example'], title: 'hi', message: 'hi' });
  const line = await firstLine(relay);
  expect(line).toMatchObject({ provider: 'email', host: `127.0.0.1:${port}`, waiting: 1 });
  expect(line?.error).toMatch(/ECONNREFUSED/);
  expect(JSON.stringify(line)).not.toContain('to@b.example');
});

test('a peer that hangs up at once is one', async () => {
  const server = createTcpServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const relay = await startWatched({ ios: { ...IOS, endpoint: `https://localhost:${port}` } });
  await relay.push(pushes.ios);
  expect(await firstLine(relay)).toMatchObject({ host: `localhost:${port}`, provider: 'apns' });
});

test('while every provider of the default app is away the instance lives and is not ready, which is told once', async () => {
  const port = await freePort();
  const relay = await startWatched({ ios: { ...IOS, endpoint: `https://localhost:${port}` } });
  await relay.push(pushes.ios);
  await eventually(() => expect(relay.lines(/^not ready/)).toHaveLength(1));
  expect(relay.lines(/^not ready/)[0]).toMatchObject({
    level: 'warning',
    checks: expect.stringMatching(/^default\/apns\/production: .*ECONNREFUSED/),
  });
  expect([await relay.status('/healthz'), await relay.status('/readyz')]).toEqual([200, 503]);
});

test('a refused credential is an error with app, environment, key and reason', async () => {
  const apns = await startScriptedServer((exchange) =>
    exchange.respond(403, {}, JSON.stringify({ reason: 'InvalidProviderToken' })),
  );
  onTestFinished(() => apns[Symbol.asyncDispose]());
  const folder = ownFolder();
  writeFileSync(`${folder}/ca.pem`, apns.ca);
  const relay = await startWatched(
    { core: { ca_path: `${folder}/ca.pem` }, ios: { ...IOS, endpoint: apns.origin } },
    folder,
  );
  await relay.push(pushes.ios);
  await eventually(() => expect(relay.lines(/^the provider refuses our credential: pushes fail/)).toHaveLength(1));
  expect(relay.lines(/^the provider refuses our credential: pushes fail/)[0]).toMatchObject({
    level: 'error',
    app: 'default',
    provider: 'apns',
    environment: 'production',
    key_id: 'ABC123DEFG',
    team_id: 'DEF123GHIJ',
    reason: 'InvalidProviderToken',
    pushes: 1,
  });
});

test.each(['fcm', 'hms'] as const)('so is one that the sign-in of %s refuses', async (provider) => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'invalid_grant', sub_error: 1, error_description: 'no' }));
    });
  });
  const origin = `http://127.0.0.1:${await listening(server)}`;
  const sections = {
    fcm: { android: android(`${origin}/token`) },
    hms: { huawei: { ...HUAWEI, auth_endpoint: origin } },
  };
  const relay = await startWatched(sections[provider]);
  await relay.push(provider === 'fcm' ? pushes.android : pushes.huawei);
  await eventually(() => expect(relay.lines(/^the provider refuses our credential: pushes fail/)).toHaveLength(1));
  const names = { fcm: { key_id: 'kid1', client_email: 'push@p.example' }, hms: { appid: '100001' } };
  expect(relay.lines(/^the provider refuses our credential/)[0]).toMatchObject({ provider, ...names[provider] });
});
