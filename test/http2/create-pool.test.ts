import { expect, test } from 'vitest';
import { send } from './burst-of.ts';
import { echo, startNodePeer } from './node-peer.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('a burst is answered request by request, with status, headers and body', async () => {
  const peer = await startNodePeer(echo);
  const results = await send(testPool(peer.origin), { count: 500 });
  for (const [i, { status, headers, body }] of results.entries()) {
    expect({ status, path: headers?.['x-path'], body }).toEqual({ status: 200, path: `/${i}`, body: `body ${i}` });
  }
});

test('a template may hold the path and the body of all requests', async () => {
  const peer = await startNodePeer(echo);
  const results = await send(testPool(peer.origin), { count: 20, fixedPath: '/same', fixedBody: Buffer.from('one') });
  for (const { headers, body } of results) expect([headers?.['x-path'], body]).toEqual(['/same', 'one']);
});

test('a path prefix is put before each path', async () => {
  const peer = await startNodePeer(echo);
  const results = await send(testPool(peer.origin), { count: 3, pathPrefix: '/3/device/', path: (i) => `token${i}` });
  expect(results.map(({ headers }) => headers?.['x-path'])).toEqual([0, 1, 2].map((i) => `/3/device/token${i}`));
});

test('requests carry POST, https, the origin as authority, and the headers as given', async () => {
  const peer = await startRawPeer();
  const headers = [
    { name: 'authorization', value: 'bearer secret', indexing: 'index' },
    { name: 'apns-id', value: 'EC1BF194-B3B2-424A-89B3-1B12A8A27B26', indexing: 'plain' },
    { name: 'x-long', value: 'ä'.repeat(300), indexing: 'secret' },
  ] as const;
  await send(testPool(peer.origin), { count: 3, headers });
  const expected = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', `localhost:${peer.port}`],
    [':path', '/2'],
    ['authorization', 'bearer secret'],
    ['apns-id', 'EC1BF194-B3B2-424A-89B3-1B12A8A27B26'],
    ['x-long', 'ä'.repeat(300)],
  ];
  const last = peer.connections[0]?.requests[2]?.headers.map(([name, value]) => [
    name,
    Buffer.from(value, 'latin1').toString(),
  ]);
  expect(last).toEqual(expected);
});

test('an empty body ends the stream with its headers', async () => {
  const peer = await startRawPeer();
  const [result] = await send(testPool(peer.origin), { fixedBody: new Uint8Array(0) });
  expect(result?.status).toBe(200);
  expect(peer.connections[0]?.ofType(0)).toEqual([]);
});

test('a request that HTTP/2 cannot carry fails alone and unsent', async () => {
  const peer = await startNodePeer(echo);
  const pool = testPool(peer.origin);
  const headers = [{ name: 'authorization', value: 'bearer x', indexing: 'index' }] as const;
  const paths = ['/ok', '/a b', 'no slash', '/line\nbreak', '/ünicode', '/ok-too'];
  const results = await send(pool, { count: paths.length, headers, path: (i) => paths[i] as string });
  expect(results.map(({ status, fault }) => status ?? `${fault?.code} ${fault?.processed}`)).toEqual([
    200,
    'INVALID_REQUEST no',
    'INVALID_REQUEST no',
    'INVALID_REQUEST no',
    'INVALID_REQUEST no',
    200,
  ]);
  for (const bad of [
    { name: 'Upper', value: 'x' },
    { name: 'x', value: 'a\r\nb' },
  ]) {
    const [result] = await send(pool, { headers: [{ ...bad, indexing: 'plain' }] });
    expect(result?.fault?.code).toBe('INVALID_REQUEST');
  }
  expect(peer.sessions.length).toBe(1);
});

test('after close every request is faulted as not processed', async () => {
  const peer = await startNodePeer(echo);
  const pool = testPool(peer.origin);
  await send(pool);
  await pool.close();
  const results = await send(pool, { count: 2 });
  expect(results.map(({ fault }) => [fault?.code, fault?.processed])).toEqual([
    ['POOL_CLOSED', 'no'],
    ['POOL_CLOSED', 'no'],
  ]);
});

test('close waits for the answers under way, and faults those that do not come', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id, path }) => {
      if (path === '/0') setTimeout(() => connection.respond(id), 30);
    },
  });
  const pool = testPool(peer.origin);
  const sent = send(pool, { count: 2, onResult: () => {} });
  while (pool.stats().inFlight < 2) await new Promise(setImmediate);
  await pool.close(300);
  const [answered, cut] = await sent;
  expect(answered?.status).toBe(200);
  expect(cut?.fault).toMatchObject({ code: 'POOL_CLOSED', processed: 'maybe' });
});
