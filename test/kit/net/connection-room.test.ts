import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ConnectionRoom, roomWithin } from '../../../src/kit/net/connection-room.ts';
import { descriptorLimit } from '../../../src/kit/net/descriptor-limit.ts';

let ports = 0;

function connection() {
  let destroyed = false;
  const events = Object.assign(new EventEmitter(), {
    remoteAddress: '192.0.2.1',
    remotePort: ++ports,
    destroy: () => {
      destroyed = true;
      setImmediate(() => events.emit('close'));
    },
  });
  return { socket: events as unknown as Socket, destroyed: () => destroyed };
}

const RECEIVED = (): boolean => false;
const RECEIVING = (): boolean => true;

function roomOf(most: number) {
  const clock = { now: 0 };
  const room = new ConnectionRoom(most, () => clock.now);
  /** Connections that were let in. */
  const admitted = (count: number) =>
    Array.from({ length: count }, () => {
      const each = connection();
      expect(room.admit(each.socket)).toBe(true);
      return each;
    });
  return { clock, room, admitted };
}

test('a connection that is one too many is closed when all are busy, and one that ends makes room', () => {
  const { room, admitted } = roomOf(2);
  const [first] = admitted(2).map((each) => {
    room.begin(each.socket, RECEIVED);
    return each;
  });
  const third = connection();
  expect(room.admit(third.socket)).toBe(false);
  expect(third.destroyed()).toBe(true);
  expect(room.open).toBe(2);
  first?.socket.emit('close');
  expect(room.open).toBe(1);
  admitted(1);
});

test('the oldest connection that never made a request gives up its place', () => {
  const { room, admitted } = roomOf(3);
  const [kept, old, young] = admitted(3);
  room.begin(kept?.socket as Socket, RECEIVED)();
  admitted(1);
  expect([kept, old, young].map((each) => each?.destroyed())).toEqual([false, true, false]);
  expect(room.open).toBe(3);
});

test('of connections without a request that of the longest ago gives up its place', () => {
  const { room, admitted } = roomOf(3);
  const all = admitted(3);
  const [ended] = all.map(({ socket }) => room.begin(socket, RECEIVED));
  ended?.();
  for (const { socket } of all.toReversed()) room.begin(socket, RECEIVED)();
  admitted(1);
  expect(all.map(({ destroyed }) => destroyed())).toEqual([true, false, false]);
});

test('a request that has been arriving for long gives up its place, one that waits for its answer does not', () => {
  const { clock, room, admitted } = roomOf(2);
  const [waiting, slow] = admitted(2);
  room.begin(waiting?.socket as Socket, RECEIVED);
  room.begin(slow?.socket as Socket, RECEIVING);
  clock.now = 9999;
  expect(room.admit(connection().socket)).toBe(false);
  clock.now = 10_000;
  admitted(1);
  expect([waiting, slow].map((each) => each?.destroyed())).toEqual([false, true]);
});

test('ten thousand connections that do nothing keep none out', () => {
  const { room, admitted } = roomOf(10_000);
  const hostile = admitted(10_000);
  const honest = admitted(100).map((each) => ({ ...each, end: room.begin(each.socket, RECEIVED) }));
  for (const { end } of honest) end();
  admitted(9000);
  expect(honest.some(({ destroyed }) => destroyed())).toBe(false);
  expect(hostile.filter(({ destroyed }) => destroyed())).toHaveLength(9100);
  expect(room.open).toBe(10_000);
});

test('several requests of one connection keep its place until the last one has ended', () => {
  const { room, admitted } = roomOf(1);
  const [only] = admitted(1);
  const ends = [1, 2].map(() => room.begin(only?.socket as Socket, RECEIVED));
  ends[0]?.();
  ends[0]?.();
  expect(room.admit(connection().socket)).toBe(false);
  ends[1]?.();
  admitted(1);
  expect(only?.destroyed()).toBe(true);
});

test('a connection that has ended leaves nothing', async () => {
  const { room, admitted } = roomOf(10);
  const [first] = admitted(1);
  const end = room.begin(first?.socket as Socket, RECEIVED);
  first?.socket.emit('close');
  end();
  expect(room.open).toBe(0);
  const more = admitted(10);
  admitted(10);
  expect(more.every(({ destroyed }) => destroyed())).toBe(true);
});

test.each([
  [64, 16, 16],
  [256, 192, 16],
  [1024, 768, 64],
  [4096, 3072, 256],
  [1_048_576, 1_047_552, 256],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 256],
])('of %i file descriptors callers may take %i, and administration %i', (descriptors, callers, administration) => {
  expect(roomWithin(descriptors)).toEqual({ callers, administration });
});

test('the limit of file descriptors is the soft one that the system states; where it states none there is none', () => {
  const stated = (limit: string) =>
    `Limit Soft Limit Hard Limit Units\nMax open files            ${limit} 4096 files\n`;
  expect(descriptorLimit(() => stated('1024'))).toBe(1024);
  expect(descriptorLimit(() => stated('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(descriptorLimit(() => '')).toBe(Number.POSITIVE_INFINITY);
  const absent = (): never => {
    throw new Error('ENOENT');
  };
  expect(descriptorLimit(absent)).toBe(Number.POSITIVE_INFINITY);
});
