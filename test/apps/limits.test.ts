import { describe, expect, test } from 'vitest';
import { checkLimits } from '../../src/apps/limits.ts';
import type { Notification } from '../../src/push/push.ts';
import { rawJSON } from '../../src/push/raw-json.ts';

const push = (fields: Partial<Notification> = {}): Notification => ({ tokens: ['a', 'b'], platform: 1, ...fields });

/** What `push` has without tokens: `{"platform":1,…}`. */
const bytesOf = (fields: object): number => Buffer.byteLength(JSON.stringify({ platform: 1, ...fields }));

describe('targets', () => {
  test('as many as the app may have are fine, one more names the field', () => {
    expect(checkLimits(push(), { tokens: 2 })).toBeUndefined();
    expect(checkLimits(push(), { tokens: 1 })).toEqual({
      path: 'tokens',
      reason: 'holds 2 targets, the app may send to 1',
    });
  });

  test.each([{ to: 'c' }, { topic: 'news' }, { condition: "'a' in topics" }])('%o is a target, too', (fields) => {
    expect(checkLimits(push(fields), { tokens: 3 })).toBeUndefined();
    expect(checkLimits(push(fields), { tokens: 2 })?.path).toBe('tokens');
  });
});

describe('the payload', () => {
  test('is measured in bytes, not characters, and exactly', () => {
    const fields = { message: 'grüße 👋', data: { a: 1 } };
    expect(checkLimits(push(fields), { payload: bytesOf(fields) })).toBeUndefined();
    expect(checkLimits(push(fields), { payload: bytesOf(fields) - 1 })).toEqual({
      path: '',
      reason: `has ${bytesOf(fields)} bytes without its tokens, the app may send ${bytesOf(fields) - 1}`,
    });
  });

  test('does not grow with the tokens', () => {
    const many = push({ tokens: Array.from({ length: 1000 }, () => 'x'.repeat(64)), to: 'y'.repeat(64) });
    expect(checkLimits(many, { payload: 100 })).toBeUndefined();
  });

  test('counts the digits of an integer beyond a double', () => {
    const data = { n: rawJSON('9'.repeat(200)) as never };
    expect(checkLimits(push({ data }), { payload: 200 })?.reason).toContain('bytes');
  });
});

test.each([undefined, {}, { tokens: 0, payload: 0 }])('%o limits nothing', (limits) => {
  const large = push({ tokens: Array.from({ length: 5000 }, () => 't'), message: 'x'.repeat(100_000) });
  expect(checkLimits(large, limits)).toBeUndefined();
});
