import fc from 'fast-check';
import { expect, test } from 'vitest';
import { occurrences, replaceAt } from '../../../src/kit/text/occurrences.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });

test('finds and replaces what replaceAll does, short and long parts alike', () => {
  fc.assert(
    fc.property(letters, letters, fc.constantFrom(1, 100), fc.nat(3), (one, other, times, rest) => {
      const part = one.repeat(times) + other.slice(0, rest);
      const text = `${other}${part}${one}${part.slice(1)}${part}${part}`;
      fc.pre(part !== '');
      expect(replaceAt(text, occurrences(text, part), part.length, '-')).toBe(text.replaceAll(part, '-'));
    }),
  );
});

test('parts and texts that repeat one piece take time in proportion', () => {
  const cost = (length: number): number => {
    const piece = 'ab'.repeat(length / 2);
    const before = process.threadCpuUsage();
    expect(occurrences(`${piece}${piece}`, `${piece}c`)).toEqual([]);
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  };
  cost(20_000);
  expect(cost(200_000)).toBeLessThan(100 * cost(20_000) + 50_000);
});
