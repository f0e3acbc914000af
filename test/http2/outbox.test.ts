import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Outbox } from '../../src/http2/outbox.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

/** A socket whose writes complete when told to. */
function heldSocket(highWaterMark: number) {
  const written: Buffer[] = [];
  const complete: (() => void)[] = [];
  const socket = new Duplex({
    highWaterMark,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      complete.push(done);
    },
  });
  return { socket, written, complete };
}

test('all that was appended goes out as one write', () => {
  const { socket, written } = heldSocket(1024);
  const outbox = new Outbox(socket, () => {});
  for (const part of ['a', 'b', 'c']) outbox.append(Buffer.from(part));
  expect(written).toEqual([]);
  outbox.flush();
  outbox.flush();
  expect(written.map(String)).toEqual(['abc']);
});

test('a socket that takes no more blocks it until drain, and nothing is lost or overwritten', async () => {
  const { socket, written, complete } = heldSocket(4);
  let drained = 0;
  const outbox = new Outbox(socket, () => drained++);
  outbox.append(Buffer.from('first'));
  outbox.flush();
  expect([outbox.blocked, outbox.full]).toEqual([true, true]);
  outbox.append(Buffer.from('second'));
  outbox.flush();
  expect(written.map(String)).toEqual(['first']);
  complete.shift()?.();
  await new Promise(setImmediate);
  expect([drained, outbox.blocked]).toEqual([1, false]);
  outbox.flush();
  expect(written.map(String)).toEqual(['first', 'second']);
});

test('a buffer is used again once it is written, not before', async () => {
  const { socket, complete } = heldSocket(1024);
  const outbox = new Outbox(socket, () => {});
  const first = outbox.bytes;
  outbox.append(Buffer.from('x'));
  outbox.flush();
  const second = outbox.bytes;
  expect(second).not.toBe(first);
  complete.shift()?.();
  await new Promise(setImmediate);
  outbox.append(Buffer.from('y'));
  outbox.flush();
  expect(outbox.bytes).toBe(first);
});

test('it grows for what must be written', () => {
  const { socket, written } = heldSocket(10_000_000);
  const outbox = new Outbox(socket, () => {});
  const large = Buffer.alloc(500_000, 'l');
  outbox.append(Buffer.from('a'));
  outbox.append(large);
  outbox.flush();
  expect(written[0]?.equals(Buffer.concat([Buffer.from('a'), large]))).toBe(true);
});

test('what one turn of the event loop submits reaches the peer as one TLS record', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin, { connections: 1 });
  await send(pool);
  let chunks = 0;
  peer.connections[0]?.socket.on('data', () => chunks++);
  await Promise.all(Array.from({ length: 50 }, () => send(pool)));
  expect(chunks).toBe(1);
});
