import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { type Dispatcher, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDispatcher } from '../../src/outbound/dispatcher.ts';
import { createProxyFor, type ProxyEnvironment } from '../../src/outbound/proxy.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';

const authority = makeAuthority();
const SECRET = 'hunter2';

/** Says what proxy headers reached it. */
const echo: RequestListener = (req, res) => {
  const leaked = Object.keys(req.headers).filter((name) => name.startsWith('proxy-a'));
  res.end(`${req.method} ${req.url} ${leaked.join()}`);
};

/** The origin is `https://api.example:port`: only through a proxy does it lead anywhere. */
async function startTarget(scheme: 'http' | 'https', name = 'api.example'): Promise<string> {
  const server = scheme === 'https' ? createHttpsServer(authority.leaf([name]), echo) : createHttpServer(echo);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${scheme}://${name}:${(server.address() as AddressInfo).port}`;
}

function dispatcherWith(httpProxy: string, env: ProxyEnvironment = {}): Dispatcher {
  const dispatcher = createDispatcher({ proxyFor: createProxyFor({ httpProxy, env }), ca: [authority.ca] });
  onTestFinished(() => dispatcher.destroy());
  return dispatcher;
}

async function get(url: string, dispatcher: Dispatcher): Promise<string> {
  const { body } = await request(url, { dispatcher, headers: { 'x-own': '1' } });
  return body.text();
}

/** Everything that a log could make of a failure. */
const failure = (url: string, dispatcher: Dispatcher): Promise<string> =>
  get(url, dispatcher).then(
    () => expect.unreachable('it went through'),
    (error) => `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${String(error)}`,
  );

const basic = (text: string): string => Buffer.from(text).toString('base64');

describe('through a proxy', () => {
  test('https goes through a tunnel', async () => {
    const proxy = await startConnectProxy();
    const origin = await startTarget('https');
    expect(await get(`${origin}/x`, dispatcherWith(`http://127.0.0.1:${proxy.port}`))).toBe('GET /x ');
    expect(proxy.seen).toEqual([`CONNECT ${new URL(origin).host}`]);
  });

  test('plain http is asked of the proxy itself', async () => {
    const proxy = await startConnectProxy();
    const origin = await startTarget('http');
    expect(await get(`${origin}/x`, dispatcherWith(`http://127.0.0.1:${proxy.port}`))).toBe('GET /x ');
    expect(proxy.seen).toEqual([`GET ${origin}/x`]);
  });

  test.each(['http', 'https'] as const)('with credentials, which %s targets never see', async (scheme) => {
    const proxy = await startConnectProxy({ credentials: `us:er:${SECRET}@/%` });
    const origin = await startTarget(scheme);
    const uri = `http://us%3Aer:${SECRET}%40%2F%25@127.0.0.1:${proxy.port}`;
    expect(await get(`${origin}/x`, dispatcherWith(uri))).toBe('GET /x ');
    expect(proxy.seen).toHaveLength(1);
  });

  test('that speaks TLS', async () => {
    const proxy = await startConnectProxy({ tls: authority.leaf(['localhost']) });
    const origin = await startTarget('https');
    expect(await get(`${origin}/x`, dispatcherWith(`https://localhost:${proxy.port}`))).toBe('GET /x ');
  });

  test('of the environment, less what NO_PROXY names', async () => {
    const proxy = await startConnectProxy();
    const origin = await startTarget('https');
    const direct = await startTarget('https', 'localhost');
    const dispatcher = dispatcherWith('', { HTTPS_PROXY: `127.0.0.1:${proxy.port}` });
    expect(await get(`${origin}/x`, dispatcher)).toBe('GET /x ');
    expect(await get(`${direct}/x`, dispatcher)).toBe('GET /x ');
    expect(proxy.seen).toEqual([`CONNECT ${new URL(origin).host}`]);
    const excepted = dispatcherWith('', { HTTPS_PROXY: `127.0.0.1:${proxy.port}`, NO_PROXY: 'example' });
    await failure(origin, excepted);
    expect(proxy.seen).toHaveLength(1);
  });

  test('the certificate of the target is checked', async () => {
    const proxy = await startConnectProxy();
    const origin = await startTarget('https');
    const dispatcher = createDispatcher({ proxyFor: () => `http://127.0.0.1:${proxy.port}` });
    onTestFinished(() => dispatcher.destroy());
    expect(await failure(origin, dispatcher)).toMatch(/certificate/i);
  });
});

describe('a proxy that fails does not show its credentials', () => {
  test.each(['http', 'https'] as const)('it refuses them: %s', async (scheme) => {
    const proxy = await startConnectProxy({ credentials: 'user:right' });
    const origin = await startTarget(scheme);
    const text = await failure(origin, dispatcherWith(`http://user:${SECRET}@127.0.0.1:${proxy.port}`));
    expect(text).toContain('407');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(basic(`user:${SECRET}`));
  });

  test.each(['http', 'https'] as const)('it is not there: %s', async (scheme) => {
    const text = await failure(await startTarget(scheme), dispatcherWith(`http://user:${SECRET}@127.0.0.1:1`));
    expect(text).toContain('ECONNREFUSED');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(basic(`user:${SECRET}`));
  });
});

test('close waits for what is under way, and nothing is sent afterwards', async () => {
  const proxy = await startConnectProxy();
  const origin = await startTarget('https');
  const dispatcher = dispatcherWith(`http://127.0.0.1:${proxy.port}`);
  const answer = get(`${origin}/x`, dispatcher);
  await dispatcher.close();
  expect(await answer).toBe('GET /x ');
  await expect(get(`${origin}/y`, dispatcher)).rejects.toThrow();
});
