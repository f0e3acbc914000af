import { describe, expect, test } from 'vitest';
import {
  flag,
  isFaulty,
  listOf,
  mapOf,
  nameOf,
  readBody,
  setOf,
  shape,
  textOf,
  wordOf,
} from '../../../src/kit/json/readers.ts';
import { MOST_FAULTS } from '../../../src/kit/refusal.ts';

const body = shape({
  name: nameOf(5),
  note: textOf(3),
  on: flag,
  words: setOf(wordOf(['red', 'green']), 3),
  steps: listOf(shape({ wait: flag }), 2),
  by: mapOf(flag, 2, (name) => (name === 'bad' ? 'is a bad name' : undefined)),
});

describe('reading a body', () => {
  test('returns what it means, without what is absent or null', () => {
    const read = readBody(body, { name: 'Ärger', on: null, words: ['RED', 'green', 'red'], steps: [{ wait: true }] });
    expect(read).toEqual({ name: 'Ärger', words: ['red', 'green'], steps: [{ wait: true }] });
    expect(isFaulty(read)).toBe(false);
  });

  test('finds all faults at once, each with its path and without the value', () => {
    const read = readBody(body, {
      name: 'tab\t',
      nmae: 1,
      note: 'secret',
      words: ['blue'],
      steps: [{ wait: 'x', wiat: true }],
      by: { bad: true },
    });
    expect(isFaulty(read)).toBe(true);
    expect(read).toEqual([
      { path: 'nmae', reason: 'unknown field; did you mean "name"?' },
      { path: 'name', reason: 'must be 1 to 5 characters, no control characters' },
      { path: 'note', reason: 'must be a text of at most 3 characters' },
      { path: 'words[0]', reason: 'must be one of red, green' },
      { path: 'steps[0].wiat', reason: 'unknown field; did you mean "wait"?' },
      { path: 'steps[0].wait', reason: 'must be true or false' },
      { path: 'by', reason: 'is a bad name' },
    ]);
  });

  test('counts code points, and refuses halves of them', () => {
    expect(readBody(body, { name: '👩‍👩‍👧' })).toEqual({ name: '👩‍👩‍👧' });
    expect(readBody(body, { name: '😀😀😀😀😀😀' })).toHaveLength(1);
    expect(readBody(body, { name: '\ud800' })).toHaveLength(1);
  });

  test.each([[null], [[]], ['text'], [4]])('%j is no body', (value) => {
    expect(readBody(body, value)).toEqual([{ path: '', reason: 'must be an object' }]);
  });

  test('keys that JavaScript knows are keys like any other', () => {
    expect(readBody(body, JSON.parse('{"__proto__": 1}'))).toMatchObject([{ path: '__proto__' }]);
    const read = readBody(body, { by: JSON.parse('{"__proto__": true, "constructor": false}') });
    expect(JSON.stringify(read)).toBe('{"by":{"__proto__":true,"constructor":false}}');
  });

  test('what is ignored may be there, and is not what a wrong name could have meant', () => {
    const read = shape({ name: nameOf(8) }, new Set(['status']));
    expect(readBody(read, { name: 'Ada', status: 4 })).toEqual({ name: 'Ada' });
    expect(readBody(read, { status: 4, statu: 4 })).toEqual([{ path: 'statu', reason: 'unknown field' }]);
  });

  test('too many entries are not looked at one by one', () => {
    expect(readBody(body, { steps: [1, 2, 3] })).toEqual([
      { path: 'steps', reason: 'must have at most 2 entries, has 3' },
    ]);
  });

  test('of very many faults the first are told, and no more is looked at', () => {
    const large = shape({ users: listOf(wordOf(['ada']), 20_000), by: mapOf(flag, 20_000, () => undefined) });
    const names = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`x${index}`, 1]));
    for (const given of [
      { users: Array(20_000).fill(1) },
      { by: names },
      names,
      { users: [names], by: { ...names } },
    ]) {
      const faults = readBody(large, given) as readonly object[];
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.length).toBeLessThanOrEqual(MOST_FAULTS + 1);
    }
    let looked = 0;
    const counting = listOf((_value, at, faults): undefined => {
      looked++;
      faults.push({ path: at, reason: 'is wrong' });
    }, 20_000);
    expect(readBody(shape({ all: counting }), { all: Array(20_000).fill(1) })).toHaveLength(MOST_FAULTS);
    expect(looked).toBe(MOST_FAULTS);
  });
});
