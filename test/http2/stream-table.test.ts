import { expect, test } from 'vitest';
import type { Burst } from '../../src/http2/http2-pool.ts';
import { StreamTable } from '../../src/http2/stream-table.ts';

const burst = {} as Burst;

test('streams are found by id, also those that outlive thousands of later ones', () => {
  const table = new StreamTable(1);
  const old = table.open(burst, 0, 0, 0);
  for (let i = 1; i < 20_000; i++) {
    const stream = table.open(burst, i, 0, 0);
    expect(table.get(stream.id)).toBe(stream);
    if (i % 5000 === 0) continue;
    table.remove(stream);
    table.recycle(stream);
  }
  expect(table.get(1)).toBe(old);
  expect(table.size).toBe(4);
  expect(table.list().map(({ index }) => index)).toEqual([0, 5000, 10_000, 15_000]);
  table.remove(old);
  expect([table.get(1), table.size]).toEqual([undefined, 3]);
});

test('it knows which ids were opened, and which were reset lately', () => {
  const table = new StreamTable(1);
  table.open(burst, 0, 0, 0);
  expect([0, 1, 2, 3].map((id) => table.wasOpened(id))).toEqual([false, true, false, false]);
  for (let id = 1; id < 20_000; id += 2) table.rememberReset(id);
  expect(table.wasReset(19_999)).toBe(true);
  // Of what is no longer remembered it is not said that it was answered.
  expect([1, 11_807, 20_001].map((id) => table.wasReset(id))).toEqual([true, true, false]);
});

test('a stream that was not written gives its id back', () => {
  const table = new StreamTable(1);
  table.undo(table.open(burst, 0, 0, 0));
  expect(table.open(burst, 0, 0, 0).id).toBe(1);
});
