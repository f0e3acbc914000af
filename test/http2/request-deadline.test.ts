import { expect, test } from 'vitest';
import { errorCodes, RST_STREAM, SETTINGS_MAX_CONCURRENT_STREAMS } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startNodePeer } from './node-peer.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('a peer that accepts and never answers: a fault in time, and the next request goes to a fresh session', async () => {
  let mute = true;
  const peer = await startNodePeer((stream) => {
    if (!mute) stream.respond({ ':status': 200 }, { endStream: true });
  });
  const pool = testPool(peer.origin, { requestTimeoutMs: 150 });
  const results = await send(pool, { count: 10 });
  for (const { fault } of results) expect(fault).toMatchObject({ code: 'REQUEST_TIMEOUT', processed: 'maybe' });
  mute = false;
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.sessions.length).toBe(2);
});

test('one slow request is cancelled; a session that answers others is kept', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id, path }) => {
      if (path !== '/slow') connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { connections: 1, requestTimeoutMs: 150 });
  let settled = false;
  const slow = send(pool, {
    path: () => '/slow',
    onResult: () => {
      settled = true;
    },
  });
  while (!settled) await send(pool);
  expect((await slow)[0]?.fault).toMatchObject({ code: 'REQUEST_TIMEOUT', processed: 'maybe' });
  await until(() => peer.connections[0]?.ofType(RST_STREAM).length === 1);
  expect(peer.connections[0]?.ofType(RST_STREAM)[0]?.payload.readUInt32BE()).toBe(errorCodes.CANCEL);
  // An answer that comes too late does no harm.
  peer.connections[0]?.respond(1);
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(1);
});

test('a request that never gets a stream is faulted as not processed', async () => {
  const peer = await startRawPeer({ settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 1]], onRequest: () => {} });
  const pool = testPool(peer.origin, { connections: 1, requestTimeoutMs: 150 });
  const results = await send(pool, { count: 5 });
  const faults = results.map(({ fault }) => `${fault?.code} ${fault?.processed}`);
  expect(faults).toContain('REQUEST_TIMEOUT maybe');
  expect(faults.filter((fault) => fault === 'WAIT_TIMEOUT no').length).toBeGreaterThanOrEqual(3);
  expect(pool.stats().waiting).toBe(0);
});

test('a long burst outlasts the deadline while answers keep coming', async () => {
  const peer = await startRawPeer({
    settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 1]],
    onRequest: (connection, { id }) => setTimeout(() => connection.respond(id), 60),
  });
  const results = await send(testPool(peer.origin, { connections: 1, requestTimeoutMs: 2000 }), { count: 40 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
});
