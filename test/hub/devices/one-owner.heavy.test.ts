import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { directory } from '../directory.ts';
import { hubEngines } from '../hub-engines.ts';
import { histories, play } from './owner-histories.ts';

const RUNS: Readonly<Record<string, number>> = { 'SQLite in memory': 10_000, 'an SQLite file': 1000, PostgreSQL: 300 };

describe.each(hubEngines)('in $name', ({ name, needs: lacks, start }) => {
  const runs = RUNS[name] as number;
  test(`${runs} histories leave each token with whom the model says`, {
    ...needs(...lacks),
    timeout: 1_200_000,
  }, async () => {
    const place = await start();
    const store = await place.open();
    const hub = directory(store);
    let played = 0;
    await fc.assert(
      fc.asyncProperty(histories, (steps) => play(hub, `app-${++played}`, steps)),
      { numRuns: runs, seed: 20261102 },
    );
    expect(played).toBe(runs);
    await store.close();
    await place.end();
  });
});
