import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ConnectionRoom, roomWithin } from '../../../src/kit/net/connection-room.ts';
import { descriptorLimit } from '../../../src/kit/net/descriptor-limit.ts';

function connection() {
  let destroyed = false;
  const socket = Object.assign(new EventEmitter(), {
    destroy: () => {
      destroyed = true;
    },
  }) as unknown as Socket;
  return { socket, destroyed: () => destroyed };
}

test('a connection that is one too many is closed, and one that ends makes room', () => {
  const room = new ConnectionRoom(2);
  const [first, second, third, fourth] = [connection(), connection(), connection(), connection()];
  expect([first, second, third].map(({ socket }) => room.admit(socket))).toEqual([true, true, false]);
  expect([first, second, third].map(({ destroyed }) => destroyed())).toEqual([false, false, true]);
  third.socket.emit('close');
  expect(room.open).toBe(2);
  first.socket.emit('close');
  expect(room.admit(fourth.socket)).toBe(true);
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
