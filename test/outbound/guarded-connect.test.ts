import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Resolve } from '../../src/outbound/dns-resolve.ts';
import { createGuardedConnect, type GuardedConnectOptions } from '../../src/outbound/guarded-connect.ts';
import { isPrivateAddress } from '../../src/outbound/private-address.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { collectUncaught } from '../support/uncaught.ts';

const authority = makeAuthority();
const hello: RequestListener = (req, res) => void res.end(`${req.headers.host} ${req.url}`);

async function startTarget(name?: string): Promise<{ port: number; connections: () => number }> {
  const server = name ? createSecureServer(authority.leaf([name]), hello) : createServer(hello);
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

const family = (address: string): number => (address.includes(':') ? 6 : 4);
const resolvesTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: family(address) }));

/** For the tests 127.0.0.1 is a public address: nothing else is at hand. */
const loopbackIsPublic = (address: string): boolean => address !== '127.0.0.1' && isPrivateAddress(address);

function get(url: string, options: Partial<GuardedConnectOptions> = {}): Promise<string> {
  const connect = createGuardedConnect({ proxyFor: () => undefined, ca: [authority.ca], ...options });
  const agent = new Agent({ connect });
  onTestFinished(() => agent.destroy());
  return request(url, { dispatcher: agent }).then(({ body }) => body.text());
}

describe('a private address', () => {
  test.each(['127.0.0.1', '[::1]', '127.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])(
    '%s is refused before anything is sent',
    async (host) => {
      const { port, connections } = await startTarget();
      await expect(get(`http://${host}:${port}/`)).rejects.toMatchObject({ code: 'PrivateAddress' });
      expect(connections()).toBe(0);
    },
  );

  test('is refused when it is only one of several', async () => {
    const { port, connections } = await startTarget();
    const resolve = resolvesTo('127.0.0.1', '10.0.0.1');
    await expect(get(`http://hook.example:${port}/`, { resolve, isRefused: loopbackIsPublic })).rejects.toMatchObject({
      code: 'PrivateAddress',
    });
    expect(connections()).toBe(0);
  });

  test('is not told in the error', async () => {
    const error = await get('http://hook.example/', { resolve: resolvesTo('10.11.12.13') }).catch(String);
    expect(error).not.toContain('10.11.12.13');
  });
});

describe('a name', () => {
  test('is resolved once for a connection: what it leads to afterwards does not matter', async () => {
    const { port } = await startTarget();
    let calls = 0;
    const resolve: Resolve = async () => [{ address: ++calls === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
    const url = `http://hook.example:${port}/x`;
    expect(await get(url, { resolve, isRefused: loopbackIsPublic })).toBe(`hook.example:${port} /x`);
    expect(calls).toBe(1);
  });

  test('is still the one that the certificate must have', async () => {
    const { port } = await startTarget('hook.example');
    const options = { resolve: resolvesTo('127.0.0.1'), isRefused: loopbackIsPublic };
    expect(await get(`https://hook.example:${port}/x`, options)).toBe(`hook.example:${port} /x`);
    await expect(get(`https://other.example:${port}/x`, options)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('that leads nowhere is an error like any other', async () => {
    const resolve: Resolve = () => Promise.reject(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
    await expect(get('http://hook.example/', { resolve })).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(get('http://hook.example/', { resolve: resolvesTo() })).rejects.toMatchObject({
      code: 'PrivateAddress',
    });
  });

  test('with several addresses is tried at each', async () => {
    const { port } = await startTarget();
    const options = { resolve: resolvesTo('::1', '127.0.0.1'), isRefused: () => false };
    expect(await get(`http://hook.example:${port}/`, options)).toBe(`hook.example:${port} /`);
  });
});

describe('through a proxy', () => {
  test.each(['http', 'https'])('%s goes through a tunnel to the checked address, not to the name', async (scheme) => {
    const proxy = await startConnectProxy();
    const { port } = await startTarget(scheme === 'https' ? 'hook.example' : undefined);
    const text = await get(`${scheme}://hook.example:${port}/x`, {
      proxyFor: () => `http://127.0.0.1:${proxy.port}`,
      resolve: resolvesTo('1.2.3.4'),
    });
    expect(text).toBe(`hook.example:${port} /x`);
    expect(proxy.seen).toEqual([`CONNECT 1.2.3.4:${port}`]);
  });

  test('an IPv6 address stands in brackets', async () => {
    const proxy = await startConnectProxy();
    const { port } = await startTarget();
    const resolve = resolvesTo('2606:4700:4700::1111');
    await get(`http://hook.example:${port}/`, { proxyFor: () => `http://127.0.0.1:${proxy.port}`, resolve });
    expect(proxy.seen).toEqual([`CONNECT [2606:4700:4700::1111]:${port}`]);
  });

  test('a private address is refused before the proxy is asked', async () => {
    const proxy = await startConnectProxy();
    const proxyFor = (): string => `http://127.0.0.1:${proxy.port}`;
    const refused = { code: 'PrivateAddress' };
    await expect(get('http://10.0.0.1/', { proxyFor })).rejects.toMatchObject(refused);
    await expect(get('https://hook.example/', { proxyFor, resolve: resolvesTo('10.0.0.1') })).rejects.toMatchObject(
      refused,
    );
    expect(proxy.seen).toEqual([]);
  });
});

describe('an address to which there is no way', () => {
  // The system refuses both within the call of connect(2), as it does an IPv6 address where there is no route.
  test.each([
    ['IPv6', 'ff02::1'],
    ['IPv4', '255.255.255.255'],
  ])('of %s is a failed call over TLS and without, and no error of the process', async (_, address) => {
    const uncaught = collectUncaught();
    const options = { resolve: resolvesTo(address), isRefused: () => false };
    for (const scheme of ['https', 'http'])
      await expect(get(`${scheme}://hook.example:8443/`, options)).rejects.toMatchObject({ syscall: 'connect' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(uncaught).toEqual([]);
  });
});
