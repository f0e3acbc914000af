import { describe, expect, test } from 'vitest';
import { playHistory } from './history.ts';
import { playHubHistory } from './hub/hub-history.ts';

// A few of what `npm run simulate` plays by the thousand; a seed that fails is played again by SEED=… HISTORIES=1 there.
/** Of the hub, in which something was found once. */
const FOUND = [
  10_353, 201_605, 201_969, 203_154, 204_436, 204_859, 205_052, 211_321, 307_959, 430_223, 440_112, 440_337, 460_051,
];
const seeds = (count: number): number[] => Array.from({ length: count }, (_, seed) => seed);

describe('histories of the relay', () => {
  test('in every random one each accepted push has one final result, in time and in turn', async () => {
    const broken: string[] = [];
    for (const seed of seeds(250)) {
      const { violations } = await playHistory(seed);
      broken.push(...violations.map((violation) => `SEED=${seed} ${violation}`));
    }
    expect(broken).toEqual([]);
  });

  test('a seed plays the same one every time', async () => {
    const first = await playHistory(4711);
    expect(await playHistory(4711)).toEqual(first);
    expect(first.accepted).toBeGreaterThan(0);
  });
});

describe('histories of the hub', () => {
  test('in every random one nothing leaves that must not, and each decision ends once, for a reason that is true', async () => {
    const broken: string[] = [];
    // 10353: the clock goes back between two notifications with one collapse key. 430223: a digest takes what a clock ahead sent early.
    for (const seed of [...seeds(100), ...FOUND]) {
      const { violations } = await playHubHistory(seed);
      broken.push(...violations.map((violation) => `SEED=${seed} ${violation}`));
    }
    expect(broken).toEqual([]);
  });

  test('a seed plays the same one every time', async () => {
    const first = await playHubHistory(4711);
    expect(await playHubHistory(4711)).toEqual(first);
    expect(first.accepted).toBeGreaterThan(0);
  });
});
