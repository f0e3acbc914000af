import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { numberedPools } from '../../src/http2/create-pool.ts';
import type { Http2Pool } from '../../src/http2/http2-pool.ts';
import { httpsPool } from '../../src/outbound/https-pool.ts';
import { send } from '../http2/burst-of.ts';
import { startRawPeer } from '../http2/raw-peer.ts';
import { authority, leaf } from '../http2/tls.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';

async function listening(server: net.Server): Promise<string> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `https://localhost:${(server.address() as net.AddressInfo).port}`;
}

function poolTo(origin: string, more: { proxy?: string } = {}): Http2Pool {
  const pool = httpsPool(
    { origin, ca: [authority.ca], ...more },
    { connections: 0, request_timeout: 5 },
    numberedPools(),
  );
  onTestFinished(() => pool.close(0));
  return pool;
}

const echo: http.RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => response.end(`${request.httpVersion} ${Buffer.concat(chunks)}`));
};

/** Without a word about ALPN, as old terminators of TLS. */
const withoutAlpn = (handle: (socket: tls.TLSSocket) => void): net.Server => tls.createServer({ ...leaf }, handle);

const gateways = {
  'selects HTTP/1.1 by ALPN': () => https.createServer({ ...leaf }, echo),
  'knows no ALPN and answers in HTTP/1.1': () => {
    const inner = http.createServer(echo);
    return withoutAlpn((socket) => inner.emit('connection', socket));
  },
  'knows no ALPN and hangs up on what it does not know': () => {
    const inner = http.createServer(echo);
    return withoutAlpn((socket) => {
      socket
        .on('error', () => {})
        .once('data', (chunk: Buffer) => {
          if (chunk.toString('latin1').startsWith('PRI')) return socket.destroy();
          socket.unshift(chunk);
          inner.emit('connection', socket);
        });
    });
  },
};

test.each(Object.entries(gateways))('a gateway that %s gets the requests over HTTP/1.1', async (_, start) => {
  const pool = poolTo(await listening(start()));
  for (let round = 0; round < 2; round++) {
    const results = await send(pool, { count: 40 });
    expect(results.map(({ status, body }) => [status, body])).toEqual(
      results.map((_result, index) => [200, `1.1 body ${index}`]),
    );
  }
});

test('a peer that speaks HTTP/2 without ALPN gets HTTP/2', async () => {
  const peer = await startRawPeer({}, { ALPNProtocols: [] });
  const pool = poolTo(peer.origin);
  expect((await send(pool, { count: 5 })).every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections).toHaveLength(1);
});

test('through a proxy as well', async () => {
  const origin = await listening(https.createServer({ ...leaf }, echo));
  const proxy = await startConnectProxy();
  const pool = poolTo(origin, { proxy: `http://127.0.0.1:${proxy.port}` });
  expect((await send(pool))[0]).toMatchObject({ status: 200, body: '1.1 body 0' });
  expect(proxy.seen.every((line) => line === `CONNECT ${new URL(origin).host}`)).toBe(true);
});

test('a peer that cannot be reached turns no pool to HTTP/1.1', async () => {
  const server = net.createServer();
  const origin = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  const pool = poolTo(origin);
  expect((await send(pool))[0]?.fault).toMatchObject({ code: 'ECONNREFUSED', processed: 'no' });
  const peer = await startRawPeer({}, {});
  expect((await send(poolTo(peer.origin)))[0]?.status).toBe(200);
});
