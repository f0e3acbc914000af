import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairMemory } from '../../../src/kit/shares/fair-memory.ts';

const kept = (owner: string, cost = 1, at = 0) => ({ value: owner, owner, cost, at });

test('remembers by key, and replaces', () => {
  const memory = new FairMemory<string>(10);
  memory.set('k', kept('a', 3));
  memory.set('k', kept('b', 2));
  expect([memory.get('k'), memory.cost, memory.size]).toEqual(['b', 2, 1]);
});

test('one owner alone may fill it; the oldest go', () => {
  const memory = new FairMemory<string>(3);
  for (const key of ['1', '2', '3', '4']) memory.set(key, kept('a'));
  expect(['1', '2', '3', '4'].map((key) => memory.get(key))).toEqual([undefined, 'a', 'a', 'a']);
});

test('an owner that brings much pushes out its own and not what others keep', () => {
  const memory = new FairMemory<string>(100);
  for (let i = 0; i < 40; i++) memory.set(`acme ${i}`, kept('acme'));
  for (let i = 0; i < 10_000; i++) memory.set(`flood ${i}`, kept('flood'));
  for (let i = 0; i < 40; i++) expect(memory.get(`acme ${i}`)).toBe('acme');
});

test('one that comes when another has filled it finds room', () => {
  const memory = new FairMemory<string>(100);
  for (let i = 0; i < 100; i++) memory.set(`flood ${i}`, kept('flood'));
  for (let i = 0; i < 50; i++) memory.set(`acme ${i}`, kept('acme'));
  for (let i = 0; i < 50; i++) expect(memory.get(`acme ${i}`)).toBe('acme');
});

test('what grows counts', () => {
  const memory = new FairMemory<string>(10);
  memory.set('1', kept('a'));
  memory.set('2', kept('a'));
  memory.grow('2', 9);
  expect([memory.get('1'), memory.get('2')]).toEqual([undefined, 'a']);
  memory.grow('2', 1);
  expect(memory.size).toBe(0);
  memory.grow('2', 1);
  expect(memory.cost).toBe(0);
});

test('forgets by age', () => {
  const memory = new FairMemory<string>(10);
  memory.set('1', kept('a', 1, 5));
  memory.set('2', kept('b', 1, 6));
  memory.expire(6);
  expect([memory.get('1'), memory.get('2'), memory.cost]).toEqual([undefined, 'b', 1]);
});

test('however it is used, it holds no more than it may and counts what it holds', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 20 }).map(String),
    owner: fc.constantFrom('a', 'b', 'c'),
    cost: fc.integer({ min: 0, max: 30 }),
    act: fc.constantFrom('set', 'set', 'grow', 'delete'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const memory = new FairMemory<string>(50);
      for (const { key, owner, cost, act } of steps) {
        if (act === 'set') memory.set(key, kept(owner, cost));
        else if (act === 'grow') memory.grow(key, cost);
        else memory.delete(key);
        expect(memory.cost).toBeLessThanOrEqual(50);
      }
      for (let key = 0; key <= 20; key++) memory.delete(String(key));
      expect([memory.size, memory.cost]).toEqual([0, 0]);
    }),
  );
});
