import { expect, test } from 'vitest';
import { steadyOffset } from '../../../src/kit/time/steady-offset.ts';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);

test('the offset of a zone, from its last change to its next', () => {
  const winter = { offset: HOUR, from: at('2026-10-25T01:00:00Z'), to: at('2027-03-28T01:00:00Z') };
  expect(steadyOffset('Europe/Berlin', at('2026-12-01T00:00:00Z'))).toEqual(winter);
  expect(steadyOffset('Europe/Berlin', winter.from)).toEqual(winter);
  expect(steadyOffset('Europe/Berlin', winter.to - 1)).toEqual(winter);
  expect(steadyOffset('Europe/Berlin', winter.from - 1)).toMatchObject({ offset: 2 * HOUR, to: winter.from });
  expect(steadyOffset('Europe/Berlin', winter.to)).toMatchObject({ offset: 2 * HOUR, from: winter.to });
});

test('asked first at the very instant of a change, it is that of after it', () => {
  const change = at('2026-11-01T06:00:00Z');
  expect(steadyOffset('America/New_York', change)).toMatchObject({ offset: -5 * HOUR, from: change });
});

test('a zone whose clock never changes', () => {
  expect(steadyOffset('UTC', 0)).toEqual({
    offset: 0,
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
  });
});
