import { afterAll, expect, test } from 'vitest';
import { SeededRandom } from '../../simulation/seeded-random.ts';
import { DamagedFiles, flipped } from './damaged-file.ts';

/** `FLIPS=100000 STRIDE=1`: all of it, which takes an hour. */
const FLIPS = Number(process.env.FLIPS ?? 3000);
const STRIDE = Number(process.env.STRIDE ?? 101);

const files = new DamagedFiles();
afterAll(() => files.close());
const { killed, closed, steps } = files.made;

test(`a log that is cut off at every byte or one of ${STRIDE} has everything that was committed before it, and nothing else`, () => {
  for (let length = 0; length <= killed.wal.length; length += STRIDE) {
    const found = files.open({ db: killed.db, wal: killed.wal.subarray(0, length) });
    const committed = steps.findLast(({ end }) => end <= length)?.records ?? 0;
    if (found.whole.length !== committed || found.damaged + found.invented.length > 0 || found.isAside)
      expect.fail(`cut off at ${length}: ${JSON.stringify(found)}`);
  }
}, 3_600_000);

test(`${FLIPS} changed bits: no push is made that was not accepted, and nothing ends the process`, () => {
  const random = new SeededRandom(Number(process.env.SEED ?? 3));
  const sum = { aside: 0, all: 0, some: 0 };
  for (let round = 0; round < FLIPS; round++) {
    const made = random.pick([killed, closed]);
    const inLog = made.wal.length > 0 && random.chance(0.5);
    const bytes = inLog ? made.wal : made.db;
    const bit = random.between(0, bytes.length * 8 - 1);
    const found = files.open(inLog ? { ...made, wal: flipped(bytes, bit) } : { ...made, db: flipped(bytes, bit) });
    if (found.invented.length > 0) expect.fail(`bit ${bit}: ${found.invented}`);
    sum[found.isAside ? 'aside' : found.whole.length === steps.at(-1)?.records ? 'all' : 'some']++;
  }
  expect(sum.all).toBeGreaterThan(0);
}, 3_600_000);
