import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { send } from './burst-of.ts';
import { startDebianPeer } from './debian-peer.ts';
import { goaway, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';
import { authority } from './tls.ts';

/** RFC 8446 section 6: a fatal alert in a record of its own. */
const alertRecord = (alert: number): Buffer => Buffer.from([0x15, 3, 3, 0, 2, 2, alert]);

/** Answers every ClientHello with this alert. */
async function alerting(alert: number): Promise<string> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', () => socket.end(alertRecord(alert)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `https://localhost:${(server.address() as net.AddressInfo).port}`;
}

const stranger = makeAuthority().leaf(['stranger']);

describe('an alert about our certificate is a refusal', () => {
  test.each([
    [42, 'bad certificate'],
    [43, 'unsupported certificate'],
    [44, 'certificate revoked'],
    [45, 'certificate expired'],
    [46, 'certificate unknown'],
    [48, 'unknown ca'],
    [49, 'access denied'],
    [116, 'certificate required'],
  ])('%i: %s', async (alert, text) => {
    const pool = testPool(await alerting(alert), { cert: stranger.cert, key: stranger.key });
    const results = await send(pool, { count: 3 });
    for (const { fault } of results)
      expect(fault).toMatchObject({ processed: 'no', refusal: { by: 'certificate', text } });
    expect(pool.stats().lastError).toMatch(/no connection to https:\/\/localhost:\d+: .*(certificate|ca|denied)/);
  });

  test.each([
    [40, 'handshake failure'],
    [70, 'protocol version'],
    [80, 'internal error'],
    [112, 'unrecognized name'],
  ])('%i (%s) is none', async (alert) => {
    const [result] = await send(testPool(await alerting(alert), { cert: stranger.cert, key: stranger.key }));
    expect(result?.fault?.processed).toBe('no');
    expect(result?.fault).not.toHaveProperty('refusal');
  });
});

const openssl = (version: string) =>
  startDebianPeer('openssl', async ({ port, cert, key, write }) => [
    ...['s_server', '-accept', String(port), '-cert', cert, '-key', key, '-alpn', 'h2', '-quiet', version],
    ...['-CAfile', await write('ca.pem', authority.ca), '-Verify', '1', '-verify_return_error'],
  ]);

describe.each(['-tls1_2', '-tls1_3'])('openssl s_server %s', (version) => {
  test('does not know the authority of our certificate', async () => {
    const { origin } = await openssl(version);
    const pool = testPool(origin, { cert: stranger.cert, key: stranger.key });
    const [result] = await send(pool);
    expect(result?.fault).toMatchObject({ processed: 'no', refusal: { by: 'certificate', text: 'unknown ca' } });
  });

  test('is reached through a proxy, and the verdict is the same', async () => {
    const { origin } = await openssl(version);
    const proxy = await startConnectProxy();
    const pool = testPool(origin, {
      cert: stranger.cert,
      key: stranger.key,
      proxy: `http://127.0.0.1:${proxy.port}`,
    });
    const [result] = await send(pool);
    expect(result?.fault).toMatchObject({ processed: 'no', refusal: { text: 'unknown ca' } });
  });
});

test('TLS 1.3: that none is shown is said after the handshake, and is a refusal as well', async () => {
  const { origin } = await openssl('-tls1_3');
  const [result] = await send(testPool(origin));
  expect(result?.fault).toMatchObject({ processed: 'no', refusal: { text: 'certificate required' } });
});

test('the alert of a proxy says nothing about what we are to the provider', async () => {
  const proxy = await alerting(116);
  const [result] = await send(testPool('https://localhost:1', { proxy }));
  expect(result?.fault).toMatchObject({ code: 'PROXY_TLS_FAILED', processed: 'no' });
  expect(result?.fault).not.toHaveProperty('refusal');
});

describe('a GOAWAY whose debug data refuses us', () => {
  const refuses = '{"reason":"BadCertificate"}';

  test('ends what it returned and what waits at once, on one connection', async () => {
    const peer = await startRawPeer({
      settings: [[3, 1]],
      onRequest: (connection) => connection.send(goaway(0, 0, refuses)),
    });
    const pool = testPool(peer.origin, { isRefusal: (debug) => debug === refuses });
    const results = await send(pool, { count: 3 });
    for (const { fault } of results)
      expect(fault).toMatchObject({ code: 'GOAWAY', processed: 'no', refusal: { by: 'goaway', text: refuses } });
    expect(peer.connections).toHaveLength(1);
  });

  test('is one only if the owner of the pool says so', async () => {
    let connections = 0;
    const peer = await startRawPeer({
      onRequest(connection, { id }) {
        if (connections++ === 0) connection.send(goaway(0, 0, '{"reason":"Shutdown"}'));
        else connection.respond(id);
      },
    });
    const pool = testPool(peer.origin, { isRefusal: (debug) => debug === refuses });
    expect((await send(pool))[0]?.status).toBe(200);
    expect(peer.connections).toHaveLength(2);
  });
});
