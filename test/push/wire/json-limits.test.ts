import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/push/push.ts';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';
import { findExcess, isTooDeep, mayHoldMore } from '../../../src/push/wire/json-limits.ts';

const limits = { depth: 100, keys: 200_000 };
const nested = (levels: number, opener = '[', closer = ']'): string => opener.repeat(levels) + closer.repeat(levels);
const one = (fields: string): string => `{"notifications":[{"tokens":["a"],"platform":1,${fields}}]}`;
/** The body, the list, the notification and `data`. */
const AROUND_DATA = 4;

describe('depth', () => {
  test('up to the limit is fine, one more is refused with the place', () => {
    const data = (levels: number): string => one(`"data":{"a":${nested(levels)}}`);
    expect(decodePushRequest(data(100 - AROUND_DATA), limits).ok).toBe(true);
    expect(decodePushRequest(data(101 - AROUND_DATA), limits)).toEqual({
      ok: false,
      details: [
        { path: 'notifications[0].data.a[0][0]...', reason: 'is nested deeper than 100 (core.max_json_depth)' },
      ],
    });
  });

  test.each([
    ['objects', one(`"data":{"a":${'{"b":'.repeat(200)}1${'}'.repeat(200)}}`)],
    ['a field that nobody reads', one(`"unknown":${nested(200)}`)],
    ['the second of two notifications', `{"notifications":[{"tokens":[],"platform":1},{"sound":${nested(200)}}]}`],
    ['beside the notifications', `{"notifications":[],"x":${nested(200)}}`],
    ['the body itself', nested(200)],
    ['with spaces', one(`"data":{"a":${nested(200, ' [ ', ' ] ')}}`)],
    ['objects without a key worth showing', one(`"data":{"a":${'{"":'.repeat(200)}1${'}'.repeat(200)}}`)],
  ])('%s: too deep', (_what, body) => {
    const decoded = decodePushRequest(body, limits);
    expect(decoded).toMatchObject({
      ok: false,
      details: [{ reason: 'is nested deeper than 100 (core.max_json_depth)' }],
    });
  });

  test('brackets in texts, and many values side by side, are no depth', () => {
    const texts = one(`"message":"${nested(500)}","title":"\\"${nested(300)}","data":{"a":"\\\\"}`);
    expect(decodePushRequest(texts, limits).ok).toBe(true);
    const wide = one(`"data":{"a":[${Array.from({ length: 1000 }, () => '[{}]').join()}]}`);
    expect(decodePushRequest(wide, limits).ok).toBe(true);
  });

  test('a place never gets long, nor holds a whole key', () => {
    const decoded = decodePushRequest(one(`"data":{"${'k'.repeat(1000)}":${nested(5000, '{"x":[', ']}')}}`), limits);
    if (decoded.ok) expect.unreachable('it was taken');
    else expect(decoded.details[0]?.path.length).toBeLessThan(100);
  });

  test('what is nested a million deep is refused, not a crash', () => {
    expect(decodePushRequest(one(`"data":{"a":${nested(1e6)}}`), limits).ok).toBe(false);
  });

  test('without limits, as for what is queued already, ten thousand are fine', () => {
    expect(decodePushRequest(one(`"data":{"a":${nested(9000)}}`)).ok).toBe(true);
  });
});

describe('keys', () => {
  const few = { depth: 100, keys: 100 };
  const keyed = (count: number): string => `{${Array.from({ length: count }, (_, i) => `"k${i}" : "a:b"`).join()}}`;

  test('up to the limit are fine, one more is refused with the place', () => {
    // `notifications`, `tokens`, `platform` and `data` are keys as well.
    expect(decodePushRequest(one(`"data":${keyed(96)}`), few).ok).toBe(true);
    expect(decodePushRequest(one(`"data":${keyed(97)}`), few)).toEqual({
      ok: false,
      details: [{ path: 'notifications[0].data.k96', reason: 'is key no. 101 (core.max_json_keys is 100)' }],
    });
  });

  test('colons in texts are no keys', () => {
    expect(decodePushRequest(one(`"message":"${':'.repeat(5000)}"`), few).ok).toBe(true);
  });

  test('the notifications count together', () => {
    const list = Array.from({ length: 60 }, () => '{"tokens":["a"],"platform":1}').join();
    expect(decodePushRequest(`{"notifications":[${list}]}`, few)).toMatchObject({
      ok: false,
      details: [{ path: 'notifications[49].platform' }],
    });
  });

  test('a body that is no JSON is told as such', () => {
    const decoded = decodePushRequest(`${one(`"message":"${':'.repeat(5000)}"`)}}`, few);
    expect(decoded).toMatchObject({ ok: false, details: [{ path: '$' }] });
  });
});

function depthOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map((item) => depthOf(item as Json)));
}

const keysOf = (value: Json): number =>
  typeof value !== 'object' || value === null
    ? 0
    : Object.values(value).reduce<number>((sum, item) => sum + keysOf(item as Json), 0) +
      (Array.isArray(value) ? 0 : Object.keys(value).length);

test('for any JSON, depth and keys are what they are', () => {
  const bounds = fc.record({ depth: fc.integer({ min: 1, max: 6 }), keys: fc.integer({ min: 0, max: 8 }) });
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 7 }), bounds, fc.constantFrom(undefined, 1), (json, given, space) => {
      const text = JSON.stringify(json, null, space);
      const value = JSON.parse(text) as Json;
      const tooDeep = depthOf(value) > given.depth;
      const tooMany = keysOf(value) > given.keys;
      expect(isTooDeep(text, value, given)).toBe(tooDeep);
      if (tooMany) expect(mayHoldMore(text, given)).toBe(true);
      expect(findExcess(text, given) !== undefined).toBe(tooDeep || tooMany);
    }),
  );
});

describe('values and targets', () => {
  const small = { depth: 100, keys: 100, targets: 50, notifications: 10 };

  test.each([
    ['empty objects', '{},'],
    ['empty arrays', '[],'],
    ['arrays in arrays', '[[]],'],
    ['numbers', '1,'],
    ['texts', '"a",'],
  ])(
    '%s in custom data: as many as keys and targets together are fine, more are refused with their place',
    (_what, each) => {
      const data = (count: number): string => one(`"data":{"a":[${each.repeat(count)}1]}`);
      expect(decodePushRequest(data(20), small).ok).toBe(true);
      expect(decodePushRequest(data(200), small)).toEqual({
        ok: false,
        details: [
          {
            path: expect.stringMatching(/^notifications\[0\]\.data\.a/),
            reason: 'is one value too many: 150 are allowed (core.max_json_keys and core.max_targets)',
          },
        ],
      });
    },
  );

  test('commas and brackets in texts are no values', () => {
    expect(decodePushRequest(one(`"message":"${',[{'.repeat(500)}"`), small).ok).toBe(true);
  });

  test('targets of all notifications count together', () => {
    const body = (counts: number[]): string =>
      JSON.stringify({ notifications: counts.map((count) => ({ platform: 1, tokens: Array(count).fill('a') })) });
    expect(decodePushRequest(body([25, 25]), small).ok).toBe(true);
    expect(decodePushRequest(body([25, 26]), small)).toEqual({
      ok: false,
      details: [
        { path: 'notifications[1].tokens[25]', reason: 'is beyond 50 targets of a request (core.max_targets)' },
      ],
    });
  });

  test('notifications beyond their limit are counted and not looked at', () => {
    const body = JSON.stringify({ notifications: Array(11).fill({ platform: 'x' }) });
    expect(decodePushRequest(body, small)).toMatchObject({ ok: false, count: 11 });
    expect(decodePushRequest(body.replace('notifications', 'x'), small)).toMatchObject({ ok: false });
  });
});
