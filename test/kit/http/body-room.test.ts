import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { BodyRoom } from '../../../src/kit/http/body-room.ts';
import { readBody } from '../../../src/kit/http/read-body.ts';

const KIB = 1024;

function roomOf(maxBytes: number) {
  const clock = { ms: 0 };
  const room = new BodyRoom({ maxBytes, now: () => clock.ms });
  onTestFinished(() => room.close());
  return { room, clock };
}

const idle = { bytesRead: 0 };
const never = (): void => expect.unreachable('the body was given up');

test('one caller may have a quarter of the room, and all together no more than the whole', () => {
  const { room } = roomOf(1000 * KIB);
  const bodies = Array.from({ length: 10 }, (_, i) => room.open(`caller ${i % 5}`, idle, never));
  const taken = bodies.map((body) => body.arrived(140 * KIB));
  // Of each body 16 KiB are not counted: 124 KiB twice are 248 of a caller's 250.
  expect(taken).toEqual([true, true, true, true, true, true, true, true, false, false]);
  expect(bodies[0]?.arrived(10 * KIB)).toBe(false);
  for (const body of bodies) body.end();
  expect(room.bytes).toBe(0);
});

test('small bodies find room however full it is', () => {
  const { room } = roomOf(4000 * KIB);
  for (const who of ['a', 'b', 'c', 'd']) expect(room.open(who, idle, never).arrived(1016 * KIB)).toBe(true);
  expect(room.open('e', idle, never).arrived(17 * KIB)).toBe(false);
  for (let i = 0; i < 100; i++) expect(room.open('a', idle, never).arrived(16 * KIB)).toBe(true);
});

test('a body that is given up gives back what it had', () => {
  const { room } = roomOf(400 * KIB);
  const body = room.open('a', idle, never);
  expect(body.arrived(100 * KIB)).toBe(true);
  expect(body.arrived(100 * KIB)).toBe(false);
  expect(room.bytes).toBe(0);
  body.end();
  expect(room.bytes).toBe(0);
});

test('what arrives by less than a kilobyte a second is given up after ten seconds, once', () => {
  const { room, clock } = roomOf(1000 * KIB);
  let slow = 0;
  const [trickling, steady] = [{ bytesRead: 5000 }, { bytesRead: 0 }];
  room.open('a', trickling, () => slow++);
  room.open('b', steady, never);
  for (let second = 1; second <= 60; second++) {
    clock.ms = second * 1000;
    trickling.bytesRead += 10;
    steady.bytesRead += 2 * KIB;
    room.sweep();
    expect(slow).toBe(second > 10 ? 1 : 0);
  }
});

test('a body that waits while its connection brings others is not slow', () => {
  const { room, clock } = roomOf(1000 * KIB);
  const connection = { bytesRead: 0 };
  room.open('a', connection, never);
  for (let second = 1; second <= 60; second++) {
    clock.ms = second * 1000;
    connection.bytesRead += 2 * KIB;
    room.sweep();
  }
});

test('those who wait for room get it in the order in which they came, as far as it suffices', async () => {
  const { room } = roomOf(400);
  const order: string[] = [];
  const wait = async (who: string, bytes: number): Promise<void> => {
    await room.whenFree(who, bytes);
    order.push(`${who} ${bytes}`);
  };
  await Promise.all([wait('a', 100), wait('b', 100), wait('c', 100), wait('d', 100)]);
  const waiting = [wait('a', 60), wait('e', 80), wait('a', 50), wait('f', 20)];
  room.give('b', 100);
  await waiting[1];
  await waiting[3];
  room.give('a', 100);
  await waiting[0];
  room.give('a', 60);
  await waiting[2];
  expect(order.slice(4)).toEqual(['e 80', 'f 20', 'a 60', 'a 50']);
});

test('a request whose body stops arriving is refused, and its memory is free', async () => {
  const { room, clock } = roomOf(1000 * KIB);
  const refused = Promise.withResolvers<unknown>();
  const server = createServer((req, res) => {
    readBody(req, { limit: 1e6, room: { of: room, who: 'a' } }, (body) => {
      refused.resolve(body);
      res.writeHead(408, { connection: 'close' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, method: 'POST', headers: { 'content-length': 500_000 } });
  sent.on('error', () => {});
  sent.write('x'.repeat(100 * KIB));
  await expect.poll(() => room.bytes).toBe(84 * KIB);
  clock.ms = 200_000;
  room.sweep();
  expect(await refused.promise).toBe('too_slow');
  expect(room.bytes).toBe(0);
  const [answer] = (await once(sent, 'response')) as [{ statusCode: number }];
  expect(answer.statusCode).toBe(408);
});
