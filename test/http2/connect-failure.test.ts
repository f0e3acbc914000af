import net from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createPool } from '../../src/http2/create-pool.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';
import { authority, leaf } from './tls.ts';

async function listen(server: net.Server): Promise<string> {
  const sockets: net.Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `https://localhost:${(server.address() as net.AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `https://127.0.0.1:${port}`;
}

const silentTcp = () => listen(net.createServer());
const withoutAlpn = () => listen(tls.createServer({ ...leaf }));
const http1Only = () => listen(tls.createServer({ ...leaf, ALPNProtocols: ['http/1.1'] }));
const otherName = () => listen(tls.createServer({ ...authority.leaf(['other.example']), ALPNProtocols: ['h2'] }));
const asksForCertificate = async () =>
  (await startRawPeer({}, { requestCert: true, rejectUnauthorized: true, ca: authority.ca })).origin;
const withoutSettings = async () => (await startRawPeer({ settings: null })).origin;
const hangsUp = () => listen(tls.createServer({ ...leaf, ALPNProtocols: ['h2'] }, (socket) => socket.destroy()));

test.each([
  ['nobody listens', closedPort, /^ECONNREFUSED$/],
  ['the peer accepts and says nothing', silentTcp, /^CONNECT_TIMEOUT$/],
  ['the peer sends no SETTINGS', withoutSettings, /^CONNECT_TIMEOUT$/],
  ['the peer knows no ALPN and says nothing', withoutAlpn, /^CONNECT_TIMEOUT$/],
  ['the peer speaks HTTP/1 only', http1Only, /^NO_HTTP2$/],
  ['the certificate is for another name', otherName, /^ERR_TLS_CERT_ALTNAME_INVALID$/],
  ['the peer wants a client certificate', asksForCertificate, /^ERR_SSL_.*CERTIFICATE_REQUIRED$/],
  ['the peer hangs up', hangsUp, /^(CONNECTION_LOST|ECONNRESET)$/],
])('%s: every waiting request is told, as not processed', async (_what, start, code) => {
  const pool = testPool(await start(), {}, { connectTimeoutMs: 200 });
  const results = await send(pool, { count: 3 });
  for (const { fault } of results) {
    expect(fault?.code).toMatch(code);
    expect(fault?.processed).toBe('no');
  }
  expect(pool.stats()).toMatchObject({ sessions: 0, waiting: 0, connects: 0 });
  expect(pool.stats().connectFailures).toBeGreaterThanOrEqual(1);
  expect(pool.stats().lastError).toContain('no connection to https://');
});

test('a certificate of an unknown authority', async () => {
  const peer = await startRawPeer();
  const pool = createPool({ origin: peer.origin });
  onTestFinished(() => pool.close(0));
  const [result] = await send(pool);
  expect(result?.fault?.code).toMatch(/SELF_SIGNED|UNABLE_TO/);
  expect(result?.fault?.processed).toBe('no');
});

test('a name that does not resolve', async () => {
  const lookup = ((_name: string, _options: unknown, done: (error: Error) => void) =>
    done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))) as never;
  const pool = testPool('https://push.invalid', {}, { lookup });
  expect((await send(pool))[0]?.fault).toMatchObject({ code: 'ENOTFOUND', processed: 'no' });
});

test('an invalid client certificate or origin is told at once', () => {
  expect(() => createPool({ origin: 'https://localhost', cert: 'nonsense', key: 'nonsense' })).toThrow();
  expect(() => createPool({ origin: 'localhost' })).toThrow();
});

test('once the peer is back, requests come through', async () => {
  const peer = await startRawPeer();
  let broken = true;
  const lookup = ((name: string, options: { all?: boolean }, done: (error: Error | null, list?: unknown) => void) =>
    broken
      ? done(Object.assign(new Error(`no ${name}`), { code: 'EAI_AGAIN' }))
      : done(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1')) as never;
  const pool = testPool(peer.origin, {}, { lookup });
  for (let i = 0; i < 3; i++) expect((await send(pool))[0]?.fault?.code).toBe('EAI_AGAIN');
  broken = false;
  expect((await send(pool))[0]?.status).toBe(200);
  expect(pool.stats()).toMatchObject({ connects: 1, connectFailures: 3 });
  expect(pool.stats()).not.toHaveProperty('lastError');
});

test('requests that come while a connection is under way share it', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin);
  const results = await Promise.all(Array.from({ length: 50 }, () => send(pool)));
  expect(results.every(([result]) => result?.status === 200)).toBe(true);
  expect(peer.connections.length).toBe(1);
});

test('close gives up a connection attempt', async () => {
  const pool = testPool(await silentTcp(), {}, { connectTimeoutMs: 60_000 });
  const sent = send(pool);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await pool.close();
  expect((await sent)[0]?.fault).toMatchObject({ code: 'POOL_CLOSED', processed: 'no' });
  await until(() => pool.stats().inFlight === 0);
});

test('a burst that is submitted again from its fault waits for the next attempt', async () => {
  const pool = testPool(await closedPort());
  const faults: string[] = [];
  await new Promise<void>((resolve) => {
    const again = (): void => {
      void send(pool, {
        onResult: (_index, { fault }) => {
          faults.push(`${fault?.code}`);
          if (faults.length === 5) resolve();
          else again();
        },
      });
    };
    again();
  });
  expect(faults).toEqual(Array(5).fill('ECONNREFUSED'));
  expect(pool.stats().connectFailures).toBe(5);
});
