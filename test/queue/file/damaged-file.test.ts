import { afterAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../simulation/seeded-random.ts';
import { DamagedFiles, flipped } from './damaged-file.ts';

const files = new DamagedFiles();
afterAll(() => files.close());
const { killed, closed, steps } = files.made;

/** Where a process that ends in the middle of a write leaves the log: at any byte; here at some, and all around each commit. */
const STRIDE = 4999;
const AROUND = 3;

test('a log that ends at any byte has everything that was committed before it, and nothing else', () => {
  const ends = steps.flatMap(({ end }) => Array.from({ length: 2 * AROUND }, (_, index) => end - AROUND + index));
  const places = Array.from({ length: Math.floor(killed.wal.length / STRIDE) }, (_, index) => index * STRIDE);
  for (const length of [...places, ...ends].filter((each) => each <= killed.wal.length)) {
    const found = files.open({ db: killed.db, wal: killed.wal.subarray(0, length) });
    const committed = steps.findLast(({ end }) => end <= length)?.records ?? 0;
    expect({ length, ...found }).toEqual({
      ...{ length, isAside: false, damaged: 0, invented: [] },
      whole: Array.from({ length: committed }, (_, index) => index + 1),
    });
  }
});

test('a last write of which only the beginning is there, and noise behind it, is as if it had not begun', () => {
  const random = new SeededRandom(1);
  for (const [index, { end }] of steps.entries()) {
    const { end: before, records } = steps[index - 1] ?? { end: 0, records: 0 };
    const torn = Buffer.from(killed.wal.subarray(0, end));
    for (let at = before + Math.floor((end - before) / 2); at < end; at++) torn[at] = random.between(0, 255);
    const { whole, invented } = files.open({ db: killed.db, wal: torn });
    expect({ whole: whole.length, invented }).toEqual({ whole: records, invented: [] });
  }
});

describe.each([
  ['of a file that a killed process left', killed],
  ['of a file that was closed in order', closed],
])('%s', (_, made) => {
  test('a changed bit never makes a push that was not accepted, and never ends the process', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 100; round++) {
      const inLog = made.wal.length > 0 && random.chance(0.5);
      const bytes = inLog ? made.wal : made.db;
      const bit = random.between(0, bytes.length * 8 - 1);
      const found = files.open(inLog ? { ...made, wal: flipped(bytes, bit) } : { ...made, db: flipped(bytes, bit) });
      expect({ bit, invented: found.invented }).toEqual({ bit, invented: [] });
    }
  });

  test('a file that is cut off never makes a push that was not accepted', () => {
    for (let length = 0; length < made.db.length; length += 4999) {
      const found = files.open({ ...made, db: made.db.subarray(0, length) });
      expect({ length, invented: found.invented }).toEqual({ length, invented: [] });
    }
  });
});
