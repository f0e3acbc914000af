import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';
import { leaf } from './tls.ts';

/** A TLS server that knows no ALPN and answers the preface with this text. */
async function answering(text: string): Promise<string> {
  const server = tls.createServer({ ...leaf }, (socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as { port: number }).port}`;
}

test('a peer that selects no protocol by ALPN is spoken to in HTTP/2', async () => {
  const peer = await startRawPeer({}, { ALPNProtocols: [] });
  const pool = testPool(peer.origin);
  const results = await send(pool, { count: 20 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections[0]?.socket.alpnProtocol).toBe(false);
  expect(pool.stats()).toMatchObject({ connects: 1, connectFailures: 0 });
});

test('one that answers in HTTP/1 is told as what it is', async () => {
  const pool = testPool(await answering('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  const [result] = await send(pool);
  expect(result?.fault).toMatchObject({ code: 'NO_HTTP2', processed: 'no' });
  expect(result?.fault?.message).toMatch(
    /^no connection to https:.*: the peer does not speak HTTP\/2: it answered with/,
  );
});

test('one that knows ALPN and selects nothing of ours is told as what it is', async () => {
  const peer = await startRawPeer({}, { ALPNProtocols: ['http/1.1'] });
  const [result] = await send(testPool(peer.origin));
  expect(result?.fault).toMatchObject({ code: 'NO_HTTP2', processed: 'no' });
  expect(result?.fault?.message).toContain('the peer does not speak HTTP/2: it refused "h2" by ALPN');
});
