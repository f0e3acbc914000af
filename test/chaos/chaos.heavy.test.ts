import { expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { line } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// Small sizes of what `npm run chaos` runs in full. Most of their time is waiting, so several run at once.
// A scenario gives up by itself when nothing goes on any more (settle.ts); how long it takes until then says nothing.
const LONGEST_MS = 900_000;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

for (const { name, requires = [], run } of scenarios)
  test.concurrent(`${name}: nothing is lost`, { ...needs(...requires), timeout: LONGEST_MS }, async () => {
    const result = await run(seed, 'small');
    console.log(line(name, result));
    expect(result.broken, `SEED=${seed} SIZE=small npm run chaos "${name}"`).toEqual([]);
  });
