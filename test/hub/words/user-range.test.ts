import { describe, expect, test } from 'vitest';
import { isWithin, rangeOf } from '../../../src/hub/words/user-range.ts';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('the range of some ids', () => {
  test('goes from the first to the last, in whatever order they come', () => {
    expect(rangeOf(['b', 'a', 'ab', 'c'])).toEqual({ from: 'a', to: 'c' });
    expect(rangeOf(['a'])).toEqual({ from: 'a', to: 'a' });
    expect(rangeOf([])).toBeUndefined();
  });

  test('is that of their bytes, or is not known', () => {
    const ids = ['', 'a', 'z', 'zz', 'é', '日本', '\u{ffee}', '\u{1f600}', '\u{10ffff}x', 'a\u{1f600}', 'A'];
    for (const one of ids)
      for (const other of ids) {
        const range = rangeOf([one, other]);
        if (!range) continue;
        const [from, to] = [one, other].sort(byBytes);
        expect(range).toEqual({ from, to });
        for (const id of ids)
          expect(isWithin(range, id)).toBe(byBytes(id, range.from) >= 0 && byBytes(id, range.to) <= 0);
      }
    expect(rangeOf(['a', '\u{1f600}'])).toBeUndefined();
  });
});
