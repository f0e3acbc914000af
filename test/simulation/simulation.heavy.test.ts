import { expect, test } from 'vitest';
import { playHistory } from './history.ts';

// A few of what `npm run simulate` plays by the thousand; a seed that fails is played again by SEED=… HISTORIES=1 there.
const SEEDS = Array.from({ length: 250 }, (_, seed) => seed);

test('in every random history each accepted push has one final result, in time and in turn', async () => {
  const broken: string[] = [];
  for (const seed of SEEDS) {
    const { violations } = await playHistory(seed);
    broken.push(...violations.map((violation) => `SEED=${seed} ${violation}`));
  }
  expect(broken).toEqual([]);
});

test('a seed plays the same history every time', async () => {
  const first = await playHistory(4711);
  expect(await playHistory(4711)).toEqual(first);
  expect(first.accepted).toBeGreaterThan(0);
});
