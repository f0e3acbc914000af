import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { numberedPools } from '../../src/http2/create-pool.ts';
import type { Http2Pool } from '../../src/http2/http2-pool.ts';
import { type StrangersOptions, strangersConnect, strangersPools } from '../../src/outbound/strangers-pools.ts';
import { send } from '../http2/burst-of.ts';
import { authority, leaf } from '../http2/tls.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];

interface Peer {
  readonly port: number;
  /** Most connections that were open at a time. */
  readonly most: () => number;
  readonly connections: () => number;
  readonly versions: Set<string>;
  stop(): Promise<void>;
}

async function started(server: Server, versions: Set<string>, at = 0): Promise<Peer> {
  let [open, most, connections] = [0, 0, 0];
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    connections++;
    most = Math.max(most, ++open);
    socket.on('error', () => {}).once('close', () => open--);
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(async () => {
    if (server.listening) await stop();
  });
  const { port } = server.address() as AddressInfo;
  return { port, most: () => most, connections: () => connections, versions, stop };
}

type Answer = (path: string, respond: (status: number, body: string) => void) => void;
const echo: Answer = (path, respond) => respond(200, path);

type Requests = http.RequestListener<typeof http.IncomingMessage, typeof http.ServerResponse>;

/** Speaks HTTP/2 and HTTP/1.1, or HTTP/1.1 alone. */
function serverOf(speaks: 'both' | 'http1', listener: Requests): Server {
  if (speaks === 'http1') return https.createServer({ ...leaf }, listener);
  const server = http2.createSecureServer({ ...leaf, allowHTTP1: true }, listener as never);
  server.on('session', (session) => session.on('error', () => {}));
  for (const event of ['sessionError', 'tlsClientError', 'clientError']) server.on(event, () => {});
  return server;
}

function startPeer(speaks: 'both' | 'http1', answer: Answer = echo, port = 0): Promise<Peer> {
  const versions = new Set<string>();
  const server = serverOf(speaks, (request, response) => {
    versions.add(request.httpVersion);
    request.on('error', () => {}).resume();
    response.on('error', () => {});
    const host = request.headers.host ?? String(request.headers[':authority']);
    answer(request.url ?? '', (status, body) => response.writeHead(status, { 'x-host': host }).end(body));
  });
  return started(server, versions, port);
}

function poolTo(origin: string, options: Partial<StrangersOptions> = {}): Http2Pool {
  const all = { connections: 0, request_timeout: 5, private_networks: LOOPBACK, endpoint: '', ...options };
  const connect = strangersConnect(all, { proxyFor: () => undefined, ca: [authority.ca] });
  const pool = strangersPools(all, connect, numberedPools())(origin);
  onTestFinished(() => pool.close(0));
  return pool;
}

describe('the protocol', () => {
  test('is HTTP/2 where the peer speaks it, over one connection', async () => {
    const peer = await startPeer('both');
    const pool = poolTo(`https://127.0.0.1:${peer.port}`);
    const results = await send(pool, { count: 200 });
    expect(results.map(({ status, body }) => [status, body])).toEqual(results.map((_, index) => [200, `/${index}`]));
    expect([...peer.versions]).toEqual(['2.0']);
    expect(peer.connections()).toBe(1);
    expect((await send(pool, { count: 3 })).every(({ status }) => status === 200)).toBe(true);
  });

  test('is HTTP/1.1 where the peer speaks nothing else, over at most 32 connections', async () => {
    const waiting: (() => void)[] = [];
    const peer = await startPeer('http1', (path, respond) => {
      waiting.push(() => respond(201, path));
      if (waiting.length === 32) for (const go of waiting.splice(0)) setImmediate(go);
    });
    const pool = poolTo(`https://127.0.0.1:${peer.port}`);
    const results = await send(pool, { count: 320 });
    expect(results.map(({ status, body }) => [status, body])).toEqual(results.map((_, index) => [201, `/${index}`]));
    expect([...peer.versions]).toEqual(['1.1']);
    expect(peer.most()).toBeLessThanOrEqual(33);
    expect(pool.stats()).toMatchObject({ inFlight: 0, waiting: 0, capacity: 32 });
  });

  test('is HTTP/1.1 for plain HTTP', async () => {
    const server = http.createServer((request, response) => {
      request.resume().on('end', () => response.end(`${request.headers.host} ${request.url}`));
    });
    const { port } = await started(server, new Set());
    const [result] = await send(poolTo(`http://127.0.0.1:${port}`));
    expect(result).toMatchObject({ status: 200, body: `127.0.0.1:${port} /0` });
  });

  test('is another one when the peer was replaced by one that speaks HTTP/1.1 only', async () => {
    const before = await startPeer('both');
    const pool = poolTo(`https://127.0.0.1:${before.port}`);
    expect((await send(pool))[0]?.status).toBe(200);
    await before.stop();
    const after = await startPeer('http1', echo, before.port);
    const statuses: (number | undefined)[] = [];
    for (let tries = 0; tries < 50 && statuses.at(-1) !== 200; tries++) statuses.push((await send(pool))[0]?.status);
    expect(statuses.at(-1)).toBe(200);
    expect([...after.versions]).toEqual(['1.1']);
  });
});

describe('faults over HTTP/1.1', () => {
  test('a request without an answer may have been seen; one that was never written has not', async () => {
    const peer = await startPeer('http1', () => {});
    const pool = poolTo(`https://127.0.0.1:${peer.port}`, { request_timeout: 0.2, connections: 1 });
    const results = await send(pool, { count: 2 });
    expect(results.map(({ fault }) => [fault?.code, fault?.processed])).toEqual([
      ['REQUEST_TIMEOUT', 'maybe'],
      ['REQUEST_TIMEOUT', 'no'],
    ]);
  });

  test('a connection that is cut after the request may have seen it', async () => {
    let peer: Peer | undefined;
    peer = await startPeer('http1', () => void peer?.stop());
    const [result] = await send(poolTo(`https://127.0.0.1:${peer.port}`));
    expect(result?.fault?.processed).toBe('maybe');
  });

  test('no connection at all ends all that wait, unseen', async () => {
    const peer = await startPeer('http1');
    const pool = poolTo(`https://127.0.0.1:${peer.port}`);
    await send(pool);
    await peer.stop();
    const results = await send(pool, { count: 100 });
    expect(results.filter(({ fault }) => fault?.processed === 'no').length).toBeGreaterThan(60);
    expect(results.every(({ fault }) => fault !== undefined)).toBe(true);
  });

  test('after close every request comes back unseen', async () => {
    const peer = await startPeer('http1');
    const pool = poolTo(`https://127.0.0.1:${peer.port}`);
    await send(pool);
    await pool.close(0);
    const [result] = await send(pool);
    expect(result?.fault).toMatchObject({ code: 'POOL_CLOSED', processed: 'no' });
  });
});

describe('where it may lead', () => {
  test.each(['https://127.0.0.1', 'http://127.0.0.1', 'https://localhost', 'https://[::1]', 'https://0x7f.1'])(
    '%s is refused by its address, and nothing is sent',
    async (origin) => {
      const peer = await startPeer('both');
      const [result] = await send(poolTo(`${new URL(`${origin}:${peer.port}`).origin}`, { private_networks: [] }));
      expect(result?.fault).toMatchObject({ code: 'PrivateAddress', processed: 'no' });
      expect(peer.connections()).toBe(0);
    },
  );

  test('localhost is loopback, and never asked of a name server', async () => {
    const peer = await startPeer('both');
    const [result] = await send(poolTo(`https://localhost:${peer.port}`));
    expect(result).toMatchObject({ status: 200 });
  });

  test('the address of the operator is called whatever the origin, which stays the name of the request', async () => {
    const peer = await startPeer('both');
    const endpoint = `https://127.0.0.1:${peer.port}`;
    const [result] = await send(poolTo('https://fcm.googleapis.com', { private_networks: [], endpoint }));
    expect(result).toMatchObject({ status: 200 });
    expect(result?.headers?.['x-host']).toBe('fcm.googleapis.com');
  });
});
