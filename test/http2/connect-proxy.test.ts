import http from 'node:http';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

interface Proxy {
  readonly host: string;
  readonly seen: { target: string | undefined; authorization: string | undefined }[];
}

async function startProxy(credentials?: string): Promise<Proxy> {
  const seen: Proxy['seen'] = [];
  const sockets: net.Socket[] = [];
  const server = http.createServer();
  server.on('connect', (request, socket) => {
    seen.push({ target: request.url, authorization: request.headers['proxy-authorization'] });
    const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    if (request.headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const upstream = net.connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    sockets.push(upstream);
    for (const end of [upstream, socket]) end.on('error', () => {});
  });
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { host: `127.0.0.1:${(server.address() as net.AddressInfo).port}`, seen };
}

test('requests go through a CONNECT tunnel', async () => {
  const [peer, proxy] = [await startRawPeer(), await startProxy()];
  const results = await send(testPool(peer.origin, { proxy: `http://${proxy.host}` }), { count: 300 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(proxy.seen).toEqual([{ target: `localhost:${peer.port}`, authorization: undefined }]);
});

test('with credentials, decoded from the URL', async () => {
  const [peer, proxy] = [await startRawPeer(), await startProxy('us@er:p:w')];
  const pool = testPool(peer.origin, { proxy: `http://us%40er:p%3Aw@${proxy.host}` });
  expect((await send(pool))[0]?.status).toBe(200);
});

test('a proxy that refuses is named, without its password', async () => {
  const [peer, proxy] = [await startRawPeer(), await startProxy('user:right')];
  const pool = testPool(peer.origin, { proxy: `http://user:wrong@${proxy.host}` });
  const [result] = await send(pool);
  expect(result?.fault).toMatchObject({ code: 'PROXY_REFUSED', processed: 'no' });
  expect(result?.fault?.message).toContain('407');
  expect(JSON.stringify([result, pool.stats()])).not.toContain('wrong');
});

test('a proxy that cannot be reached', async () => {
  const [peer, proxy] = [await startRawPeer(), await startProxy()];
  const pool = testPool(peer.origin, { proxy: 'http://127.0.0.1:1' });
  expect((await send(pool))[0]?.fault).toMatchObject({ code: 'ECONNREFUSED', processed: 'no' });
  expect(proxy.seen).toEqual([]);
});
