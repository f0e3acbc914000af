import { expect, test } from 'vitest';
import { defined } from '../../../src/kit/json/defined.ts';

test('what is undefined is left out, and all else stays in its order', () => {
  expect(Object.entries(defined({ b: 1, a: undefined, c: null, d: '', e: false }))).toEqual([
    ['b', 1],
    ['c', null],
    ['d', ''],
    ['e', false],
  ]);
});

test('an object without any field stays one', () => {
  expect(defined({ a: undefined })).toEqual({});
});
