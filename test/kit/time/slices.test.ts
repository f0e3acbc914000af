import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { slices } from '../../../src/kit/time/slices.ts';

test('statements wait for a turn of the event loop once they have had five milliseconds of it', async () => {
  let now = 0;
  const next = slices(() => now);
  expect(next()).toBeUndefined();
  now = 4;
  expect(next()).toBeUndefined();
  now = 5;
  const wait = next();
  expect(wait).toBeInstanceOf(Promise);
  let hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  await wait;
  await turn();
  expect(hasTurned).toBe(true);
  expect(next()).toBeUndefined();
});

test('what follows in another turn has its own five milliseconds', async () => {
  let now = 0;
  const next = slices(() => now);
  expect(next()).toBeUndefined();
  await turn();
  now = 100;
  expect(next()).toBeUndefined();
});
