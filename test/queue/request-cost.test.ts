import { describe, expect, it } from 'vitest';
import type { Notification } from '../../src/push/push.ts';
import { decodePushRequest } from '../../src/push/wire/decode-push-request.ts';
import type { QueueEntry } from '../../src/queue/queue.ts';
import { requestCost, storedCost } from '../../src/queue/request-cost.ts';
import { settledHeap } from '../support/settled-heap.ts';

const entriesOf = (notifications: readonly Notification[]): QueueEntry[] =>
  notifications.map(
    (notification) =>
      ({ notification, groups: [{ kind: 'token', targets: notification.tokens }] }) as unknown as QueueEntry,
  );

/** Bytes of the heap that so many of this request take once they are read. */
function measured(body: Buffer, times: number): number {
  const read: unknown[] = [];
  const before = settledHeap();
  for (let i = 0; i < times; i++) read.push(decodePushRequest(body));
  const after = settledHeap();
  expect(read).toHaveLength(times);
  return (after - before) / times;
}

const one = (more: string, tokens: readonly string[] = ['a'.repeat(64)]): Buffer =>
  Buffer.from(`{"notifications":[{"platform":1,"tokens":${JSON.stringify(tokens)},${more}}]}`);

const list = (element: string, count = 20_000): string => `"data":{"a":[${element.repeat(count)}1]}`;
const tokens = Array.from({ length: 10_000 }, (_, i) => `${i}`.padStart(64, 'x'));

const many = (notifications: number, targets: number): Buffer => {
  const common = {
    platform: 1,
    topic: 'com.example.app',
    title: 'Hello',
    message: 'World',
    data: { order: { id: 1 } },
  };
  const each = Array.from({ length: notifications }, () => ({ ...common, tokens: tokens.slice(0, targets) }));
  return Buffer.from(JSON.stringify({ notifications: each }));
};

describe('what a request costs in memory', () => {
  it.each([
    ['empty objects', one(list('{},'))],
    ['empty lists', one(list('[],'))],
    ['lists in lists', one(list('[[]],'))],
    ['objects with a key', one(list('{"a":1},'))],
    ['numbers', one(list('1,'))],
    ['numbers that are kept as digits', one(list('12345678901234567890,'))],
    ['short texts', one(list('"ab",'))],
    ['keys', one(`"data":{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}`)],
    ['a long text', one(`"message":"${'m'.repeat(1_000_000)}"`)],
    ['many tokens', one('"message":"hi"', tokens)],
    ['many tokens, and objects in an eighth of the text', one(list('{"a":1},', 12_500), tokens)],
    ['many notifications with many tokens', many(100, 100)],
    ['an ordinary push', one('"message":"hello","topic":"com.example","badge":1')],
  ])('%s: at least what was measured, at most a few times that', (_, body) => {
    const decoded = decodePushRequest(body);
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.details));
    const real = measured(body, body.length > 100_000 ? 5 : 200);
    for (const cost of [requestCost(entriesOf(decoded.notifications), body), storedCost(body)]) {
      expect(cost).toBeGreaterThan(real * 0.6);
      expect(cost).toBeLessThan(real * 12 + 10_000);
    }
  });
});
