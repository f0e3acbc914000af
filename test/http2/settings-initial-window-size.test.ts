import { expect, test } from 'vitest';
import { DATA, END_STREAM, SETTINGS_INITIAL_WINDOW_SIZE } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { type RawConnection, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const window = (size: number) => [SETTINGS_INITIAL_WINDOW_SIZE, size] as const;
const body = Buffer.alloc(1000, 'x');
const received = (connection: RawConnection | undefined, id: number): number =>
  (connection?.ofType(DATA) ?? []).filter((f) => f.id === id).reduce((sum, f) => sum + f.payload.length, 0);
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

test('a body waits for the window of its stream', async () => {
  const peer = await startRawPeer({ settings: [window(300)] });
  const sent = send(testPool(peer.origin), { fixedBody: body });
  await until(() => received(peer.connections[0], 1) === 300);
  await settle();
  expect(received(peer.connections[0], 1)).toBe(300);
  peer.connections[0]?.windowUpdate(1, 500);
  await until(() => received(peer.connections[0], 1) === 800);
  peer.connections[0]?.windowUpdate(1, 5000);
  expect((await sent)[0]?.status).toBe(200);
  expect(peer.connections[0]?.requests[0]?.body).toEqual(body);
});

test('a window of 0 lets headers through and holds bodies back', async () => {
  const peer = await startRawPeer({ settings: [window(0)] });
  const pool = testPool(peer.origin);
  const sent = send(pool, { count: 3, body: (i) => Buffer.alloc(10 + i, String(i)) });
  await until(() => peer.connections[0]?.ofType(1).length === 3);
  await settle();
  expect(peer.connections[0]?.ofType(DATA)).toEqual([]);
  // The one in the middle first: each stream has its own window.
  peer.connections[0]?.windowUpdate(3, 100);
  await until(() => peer.connections[0]?.requests.length === 1);
  expect(peer.connections[0]?.requests[0]?.body.toString()).toBe('1'.repeat(11));
  peer.connections[0]?.settings(window(1000));
  await sent;
  expect(peer.connections[0]?.requests.map((r) => r.body.length)).toEqual([11, 10, 12]);
});

test('a changed initial window counts for open streams, and may make their windows negative', async () => {
  const peer = await startRawPeer({ settings: [window(600)] });
  const sent = send(testPool(peer.origin), { fixedBody: body });
  await until(() => received(peer.connections[0], 1) === 600);
  const [connection] = peer.connections;
  // 600 sent of 100 allowed: the window is now -500.
  connection?.settings(window(100));
  connection?.windowUpdate(1, 500);
  await settle();
  expect(received(connection, 1)).toBe(600);
  connection?.windowUpdate(1, 50);
  await until(() => received(connection, 1) === 650);
  connection?.settings(window(450));
  expect((await sent)[0]?.status).toBe(200);
  expect(connection?.ofType(DATA).at(-1)?.flags).toBe(END_STREAM);
  expect(received(connection, 1)).toBe(1000);
});

test('the body that waits is a copy: the burst may reuse its buffer', async () => {
  const peer = await startRawPeer({ settings: [window(1)] });
  const shared = Buffer.alloc(8);
  const sent = send(testPool(peer.origin), { count: 2, body: (i) => shared.fill(String(i)) });
  await until(() => peer.connections[0]?.ofType(DATA).length === 2);
  shared.fill('!');
  peer.connections[0]?.settings(window(100));
  await sent;
  expect(peer.connections[0]?.requests.map((r) => r.body.toString())).toEqual(['00000000', '11111111']);
});
