import { expect, test } from 'vitest';
import { readBody, shape } from '../../../src/kit/json/readers.ts';
import { moment, momentIn } from '../../../src/kit/time/moment.ts';

const read = (at: string) => readBody(shape({ at: moment }), { at });

test.each([
  ['2026-12-01T09:00', 'Europe/Berlin', '2026-12-01T08:00:00.000Z'],
  ['2026-12-01T09:00:30', 'UTC', '2026-12-01T09:00:30.000Z'],
  ['2026-12-01T09:00:00+05:00', 'Europe/Berlin', '2026-12-01T04:00:00.000Z'],
  ['2026-12-01T09:00:00Z', 'Europe/Berlin', '2026-12-01T09:00:00.000Z'],
  // The clock is put forward over it.
  ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
])('%s in %s is %s', (text, zone, instant) => {
  expect(read(text)).toEqual({ at: text });
  expect(momentIn(text, zone)).toBe(instant);
});

test.each(['tomorrow', '2026-02-30T09:00', '2026-12-01T25:00', '2026-12-01', ''])('%j is no moment', (text) => {
  expect(read(text)).toEqual([{ path: 'at', reason: expect.stringContaining('a day and a time that there are') }]);
});
