import { expect, test } from 'vitest';
import { SeededRandom } from '../../../simulation/seeded-random.ts';
import { mutated, pieces } from './mutated-requests.ts';
import { compare, startTwins } from './twin-servers.ts';

/** `CASES=1000000` takes ten minutes. */
const CASES = Number(process.env.CASES ?? 100_000);
const AT_ONCE = 32;

test(`${CASES} changed requests are read and answered as by node:http`, async () => {
  const twins = await startTwins();
  const random = new SeededRandom(Number(process.env.SEED ?? 5));
  let left = CASES;
  let shorter = 0;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      if ((await compare(twins, pieces(mutated(random), random))) === 'shorter') shorter++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  expect(shorter).toBeLessThan(CASES / 50);
  expect(twins.taken()).toBeGreaterThan(CASES / 1000);
}, 14_400_000);
