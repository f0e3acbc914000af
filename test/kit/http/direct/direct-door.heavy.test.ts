import { expect, test } from 'vitest';
import { SeededRandom } from '../../../simulation/seeded-random.ts';
import { mutated, pieces } from './mutated-requests.ts';
import { exchange, likeness, startTwins } from './twin-servers.ts';

const CASES = Number(process.env.CASES ?? 1_000_000);
const AT_ONCE = 32;

test(`${CASES} changed requests are read and answered as by node:http`, async () => {
  const twins = await startTwins();
  const random = new SeededRandom(Number(process.env.SEED ?? 5));
  let left = CASES;
  let shorter = 0;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const sent = pieces(mutated(random), random);
      const [direct, node] = await Promise.all([twins.direct, twins.node].map((port) => exchange(port, sent)));
      const like = likeness(direct as string, node as string);
      if (like === 'shorter') shorter++;
      if (like === 'different')
        expect.fail(JSON.stringify({ sent: sent.map((piece) => piece.toString('latin1')), direct, node }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  expect(shorter).toBeLessThan(CASES / 50);
  expect(twins.taken()).toBeGreaterThan(CASES / 1000);
}, 14_400_000);
