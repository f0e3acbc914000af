import { expect, test } from 'vitest';
import { decodeMessage } from '../../../src/queue/broker/broker-message.ts';
import { carrying, deathsIn, isUncounted } from '../../../src/queue/nsq/carried-deaths.ts';
import { gorushMessage, gorushNotification } from '../broker/broker-entries.ts';

const handed = (text: Uint8Array | string, attempts: number) => ({
  id: 'm',
  at: 1,
  attempts,
  body: Buffer.from(text),
});
const message = gorushMessage(gorushNotification);

test('a message says how many instances died with it, and is otherwise what it was', () => {
  const copy = carrying(Buffer.from(message), 3);
  expect(deathsIn(handed(copy, 1))).toBe(3);
  expect(deathsIn(handed(copy, 3))).toBe(5);
  expect(decodeMessage(copy, 'm', 1)).toEqual(decodeMessage(message, 'm', 1));
  const again = carrying(copy, 12);
  expect(deathsIn(handed(again, 1))).toBe(12);
  expect(again.length).toBe(copy.length + 1);
});

test('attempts alone make nothing worse than suspect: a lost connection is one, too', () => {
  expect([1, 2, 3, 40].map((attempts) => deathsIn(handed(message, attempts)))).toEqual([0, 1, 2, 2]);
  expect([1, 2, 3, 40].map((attempts) => isUncounted(handed(message, attempts)))).toEqual([false, false, true, true]);
  expect(isUncounted(handed(carrying(Buffer.from(message), 2), 7))).toBe(false);
});

test('what is no JSON object stays as it is', () => {
  for (const text of ['', 'no json', '[1]']) {
    expect(Buffer.from(carrying(Buffer.from(text), 5)).toString()).toBe(text);
    expect(isUncounted(handed(text, 9))).toBe(false);
  }
  expect(carrying(Buffer.from(message), 1).toString()).toBe(message);
});
