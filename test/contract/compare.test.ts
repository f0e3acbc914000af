import { describe, expect, test } from 'vitest';
import { compare } from './compare.ts';
import { type Fields, groupNames, readGroup } from './corpus-case.ts';
import { parseLossless } from './lossless-json.ts';
import { match } from './match.ts';
import { matchBag } from './match-bag.ts';

describe.each(groupNames)('in the group %s', (name) => {
  test('what Gorush did is what Gorush did', () => {
    for (const { name: caseName, recorded } of readGroup(name).cases) {
      expect([caseName, compare({ recorded }, recorded)]).toEqual([caseName, []]);
    }
  });

  test('a lost answer, a lost push and a wrong count are seen', () => {
    for (const { name: caseName, recorded } of readGroup(name).cases) {
      const { responses, upstream, stat, notReady } = recorded;
      if (notReady || !Array.isArray(responses)) continue;
      expect([caseName, compare({ recorded }, { ...recorded, responses: responses.slice(1) }).length]).not.toEqual([
        caseName,
        0,
      ]);
      if (Array.isArray(upstream) && upstream.length > 0) {
        expect([caseName, compare({ recorded }, { ...recorded, upstream: upstream.slice(1) }).length]).not.toEqual([
          caseName,
          0,
        ]);
      }
      const total = (stat as Fields | undefined)?.total_count;
      if (typeof total === 'number') {
        const counted = { ...recorded, stat: { ...(stat as Fields), total_count: total + 1 } };
        expect([caseName, compare({ recorded }, counted)]).toEqual([
          caseName,
          [expect.stringContaining('total_count')],
        ]);
      }
    }
  });
});

test('wildcards match what they name and nothing else', () => {
  const fits = (wanted: unknown, seen: unknown) => match(wanted, seen, 'exact').length === 0;
  expect([fits('<any>', undefined), fits({ a: '<any>' }, {})]).toEqual([true, true]);
  expect([fits('<nonempty>', 'x'), fits('<nonempty>', ''), fits('<nonempty>', 1)]).toEqual([true, false, false]);
  expect([fits('<int>', 1), fits('<int>', 1.5), fits('<number>', 1.5), fits('<string>', '')]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect([fits({ $re: '^a' }, 'ab'), fits({ $re: '^a' }, 'ba')]).toEqual([true, false]);
  expect([fits({ $oneOf: [1, { a: 1 }] }, { a: 1 }), fits({ $oneOf: [1, 2] }, 3)]).toEqual([true, false]);
  expect([
    fits({ $json: { a: [1] } }, '{ "a": [1.0] }'),
    fits({ $json: {} }, '{"a":1}'),
    fits({ $json: {} }, 'x'),
  ]).toEqual([true, false, false]);
  expect([fits('<toString>', '<toString>'), fits('toString', 'toString')]).toEqual([true, true]);
});

test('more keys are fine in a subset and told in an exact match', () => {
  expect(match({ a: 1 }, { a: 1, b: 2 }, 'subset')).toEqual([]);
  expect(match({ a: 1 }, { a: 1, b: 2 }, 'exact')).toEqual(['.b: not expected, got 2']);
  expect(match({ a: 1 }, {}, 'subset')).toEqual(['.a: expected 1, got nothing']);
});

test('integers that a double cannot hold compare digit for digit', () => {
  expect(parseLossless('[9007199254740993, 9007199254740992, 1e400, 1.0, -0]')).toEqual([
    { $num: '9007199254740993' },
    9007199254740992,
    Number.POSITIVE_INFINITY,
    1,
    -0,
  ]);
  expect(match({ $json: { $num: '9007199254740993' } }, '9007199254740993', 'exact')).toEqual([]);
  expect(match({ $json: { $num: '9007199254740993' } }, '9007199254740992', 'exact')).toHaveLength(1);
});

describe('a bag', () => {
  const one = (wanted: unknown, seen: unknown) => match(wanted, seen, 'subset');
  test('has no order', () => expect(matchBag([1, 2], [2, 1], one, 'x')).toEqual([]));
  test('counts', () => expect(matchBag([1, 1], [1], one, 'x')).toEqual(['x: missing 1']));
  test('takes nothing more', () => expect(matchBag([1], [1, 2], one, 'x')).toEqual(['x: not expected 2']));
  test('lets wildcards choose last', () => expect(matchBag(['<string>', 'a'], ['a', 'b'], one, 'x')).toEqual([]));
  test('takes repeats of what it wants at least', () => {
    expect(matchBag({ $atLeast: [1, 2] }, [1, 2, 2], one, 'x')).toEqual([]);
    expect(matchBag({ $atLeast: [1, 2] }, [1, 1, 3], one, 'x')).toEqual(['x: expected 2, got 3']);
  });
});

test('an expectation lies over what was recorded, key by key; any of several passes', () => {
  const recorded = { responses: [], upstream: [], stat: { a: 1 } };
  expect(compare({ recorded, expect: { stat: { a: 2 } } }, { ...recorded, stat: { a: 2 } })).toEqual([]);
  expect(compare({ recorded, expect: { stat: { a: 2 } } }, recorded)).toHaveLength(1);
  expect(
    compare({ recorded, expect: { oneOf: [{ stat: { a: 2 } }, { stat: { a: 3 } }] } }, { ...recorded, stat: { a: 3 } }),
  ).toEqual([]);
  expect(compare({ recorded, unstable: true, variants: [{ stat: { a: 4 } }, recorded] }, recorded)).toEqual([]);
});

test('where anything passes, the server still lives and answers below 500', () => {
  const one = { recorded: {}, expect: { any: true } };
  expect(compare(one, { responses: [{ status: 418 }] })).toEqual([]);
  for (const bad of [{ status: 500 }, { timeout: true }, { error: 'connection closed' }]) {
    expect(compare(one, { responses: [bad] })).toHaveLength(1);
  }
  expect(compare(one, { responses: [], crashed: { code: 1 } })).toHaveLength(1);
});
