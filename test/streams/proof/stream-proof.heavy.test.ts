import { expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { proofPlaces, startInstances } from './proof-instances.ts';
import { proofLine, runProof } from './run-proof.ts';

// EVENTS=100000 READERS=1000 is the full size; SEED repeats the dice.
const events = Number(process.env.EVENTS ?? 8000);
const readers = Number(process.env.READERS ?? 160);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const LONGEST_MS = 3_600_000;

for (const place of proofPlaces)
  test(`${place.name}: readers who come and go have every event once, in the order of ids`, {
    ...needs(...place.needs),
    timeout: LONGEST_MS,
  }, async () => {
    await using instances = await startInstances(place);
    const { urls, faults } = instances;
    const result = await runProof({ events, readers, seed, urls, faults });
    console.log(proofLine(place.name, result));
    expect(
      result.broken,
      `SEED=${seed} EVENTS=${events} READERS=${readers}\n${instances.output().slice(-3000)}`,
    ).toEqual([]);
  });
