import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ConnectionRoom, roomWithin, shareRoom } from '../../../src/kit/net/connection-room.ts';
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

test('streams have room of their own: however many there are, callers find theirs, and take none of it', () => {
  const room = new ConnectionRoom({ most: 2, streams: 3, total: 5 });
  const come = () => {
    const each = connection();
    return { ...each, isIn: room.admit(each.socket) };
  };
  const streams = Array.from({ length: 3 }, () => {
    const { socket } = come();
    const over = room.begin(socket, RECEIVED);
    return { socket, over, streamOver: room.stream(socket) };
  });
  expect([room.open, room.streams]).toEqual([0, 3]);
  const caller = come();
  room.begin(caller.socket, RECEIVED);
  expect(room.stream(caller.socket)).toBeUndefined();
  const other = come();
  room.begin(other.socket, RECEIVED);
  expect(come().isIn).toBe(false);
  streams[0]?.socket.emit('close');
  expect(come().isIn).toBe(false);
  expect(room.stream(caller.socket)).toBeDefined();
  expect(come().isIn).toBe(true);
  expect([room.open, room.streams]).toEqual([2, 3]);
});

test('a connection whose streams are over is one of callers again, and makes room where those are too many', () => {
  const { room, admitted } = (() => {
    const made = new ConnectionRoom({ most: 1, streams: 1, total: 2 });
    return {
      room: made,
      admitted: () => {
        const each = connection();
        expect(made.admit(each.socket)).toBe(true);
        return each;
      },
    };
  })();
  const lasting = admitted();
  const over = [1, 2].map(() => {
    const ended = room.begin(lasting.socket, RECEIVED);
    const streamEnded = room.stream(lasting.socket);
    return () => {
      streamEnded?.();
      ended();
    };
  });
  const idle = admitted();
  room.begin(idle.socket, RECEIVED)();
  over[0]?.();
  expect([room.open, room.streams]).toEqual([1, 1]);
  over[1]?.();
  over[1]?.();
  expect([room.open, room.streams]).toEqual([1, 0]);
  expect([idle.destroyed(), lasting.destroyed()]).toEqual([true, false]);
});

test('a request that takes long to arrive is found behind a thousand streams', () => {
  const clock = { now: 0 };
  const room = new ConnectionRoom({ most: 1, streams: 1000, total: 1001 }, () => clock.now);
  for (let each = 0; each < 1000; each++) {
    const { socket } = connection();
    room.admit(socket);
    room.begin(socket, RECEIVED);
    room.stream(socket);
  }
  const slow = connection();
  room.admit(slow.socket);
  room.begin(slow.socket, RECEIVING);
  clock.now = 20_000;
  expect(room.admit(connection().socket)).toBe(true);
  expect(slow.destroyed()).toBe(true);
});

test('streams get what the system allows beyond callers, and at least half', () => {
  expect(shareRoom({ callers: 10_000, streams: 20_000 }, 64_512)).toEqual({
    most: 10_000,
    streams: 20_000,
    total: 64_512,
  });
  expect(shareRoom({ callers: 10_000, streams: 20_000 }, 15_000)).toMatchObject({ most: 10_000, streams: 7500 });
  expect(shareRoom({ callers: 10_000, streams: 20_000 }, 768)).toEqual({ most: 768, streams: 384, total: 768 });
  const any = Number.POSITIVE_INFINITY;
  expect(shareRoom({ callers: any, streams: any }, 1000)).toEqual({ most: 1000, streams: 500, total: 1000 });
  expect(shareRoom({ callers: any, streams: 5 }, any)).toEqual({ most: any, streams: 5, total: any });
});
