import { expect, test } from 'vitest';
import { rationed } from '../../src/kit/rationed.ts';

function counted(perSecond: number) {
  const clock = { ms: 0 };
  let made = 0;
  const trouble: { error: Error | undefined } = { error: undefined };
  const ask = rationed(
    async () => {
      made++;
      if (trouble.error) throw trouble.error;
      return made;
    },
    perSecond,
    () => clock.ms,
  );
  return { ask, clock, trouble };
}

test('those who ask seldom get a result of their own', async () => {
  const { ask, clock } = counted(2);
  for (const wanted of [1, 2, 3, 4]) {
    expect(await ask()).toBe(wanted);
    clock.ms += 500;
  }
});

test('of thousands of requests within a second all but the first few get the last result', async () => {
  const { ask, clock } = counted(3);
  const results = await Promise.all(Array.from({ length: 4000 }, () => ask()));
  expect(results.slice(0, 4)).toEqual([1, 2, 3, 3]);
  expect(new Set(results).size).toBe(3);
  clock.ms = 1000;
  expect(await ask()).toBe(4);
});

test('a failure reaches those who asked and is not kept', async () => {
  const { ask, trouble } = counted(1);
  trouble.error = new Error('no counters');
  await expect(ask()).rejects.toThrow('no counters');
  trouble.error = undefined;
  expect(await ask()).toBe(2);
  expect(await ask()).toBe(2);
});
