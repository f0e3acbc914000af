import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grouped } from '../../src/kit/grouped.ts';

const VALUES = Array.from({ length: 4 }, (_, name) => ({ name }));
const KEYS = ['a', 'b'];

test('has the values of each key in the order in which they came, each once', () => {
  const call = fc.record({ add: fc.boolean(), key: fc.constantFrom(...KEYS), value: fc.constantFrom(...VALUES) });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      const grouped = new Grouped<(typeof VALUES)[number]>();
      const model = new Map(KEYS.map((key) => [key, new Set<object>()]));
      for (const { add, key, value } of calls) {
        const known = model.get(key) as Set<object>;
        if (add) {
          grouped.add(key, value);
          known.add(value);
        } else expect(grouped.delete(key, value)).toBe(known.delete(value));
        for (const each of KEYS) {
          expect(grouped.of(each)).toEqual([...(model.get(each) as Set<object>)]);
          expect(grouped.has(each)).toBe(model.get(each)?.size !== 0);
        }
        expect([...grouped.keys()].sort()).toEqual(KEYS.filter((each) => model.get(each)?.size !== 0));
      }
    }),
  );
});
