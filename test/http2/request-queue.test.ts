import { expect, test } from 'vitest';
import type { Burst } from '../../src/http2/http2-pool.ts';
import { RequestQueue } from '../../src/http2/request-queue.ts';

const burst = (name: string, count: number) => ({ name, count }) as unknown as Burst & { name: string };
const takeAll = (queue: RequestQueue): string[] => {
  const taken: string[] = [];
  while (queue.waiting > 0) {
    queue.take();
    taken.push(`${(queue.burst as unknown as { name: string }).name}${queue.index}`);
  }
  return taken;
};

test('bursts come out in order, request by request', () => {
  const queue = new RequestQueue();
  queue.add(burst('a', 2), 0);
  queue.add(burst('b', 1), 0);
  queue.add(burst('none', 0), 0);
  expect(queue.waiting).toBe(3);
  expect(takeAll(queue)).toEqual(['a0', 'a1', 'b0']);
});

test('what must be sent again comes first', () => {
  const queue = new RequestQueue();
  queue.add(burst('a', 3), 0);
  queue.take();
  queue.addReplay(burst('r', 9), 7, 2, 0);
  queue.take();
  expect([queue.index, queue.refusals]).toEqual([7, 2]);
  queue.take();
  expect([queue.index, queue.refusals]).toEqual([1, 0]);
});

test('what has waited too long is taken out, whole bursts and replays alike', () => {
  const queue = new RequestQueue();
  queue.add(burst('a', 3), 10);
  queue.add(burst('b', 2), 20);
  queue.addReplay(burst('r', 9), 4, 1, 10);
  queue.addReplay(burst('s', 9), 5, 1, 30);
  queue.take();
  queue.take();
  const expired: string[] = [];
  queue.expire(10, (b, index) => expired.push(`${(b as unknown as { name: string }).name}${index}`));
  expect(expired).toEqual(['a0', 'a1', 'a2']);
  expect(takeAll(queue)).toEqual(['b0', 'b1']);
});

test('a hundred thousand bursts do not pile up behind the cursor', () => {
  const queue = new RequestQueue();
  for (let i = 0; i < 100_000; i++) queue.add(burst('x', 1), 0);
  expect(takeAll(queue).length).toBe(100_000);
});
