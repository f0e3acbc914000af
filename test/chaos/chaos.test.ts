import { expect, test } from 'vitest';
import { line } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// Small sizes of what `npm run chaos` runs in full. Most of their time is waiting, so several run at once.
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

test.concurrent.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  '%s: nothing is lost',
  { timeout: 120_000 },
  async (name, { skip, run }) => {
    const reason = skip?.();
    if (reason) {
      console.log(`skip ${name}: ${reason}`);
      return;
    }
    const result = await run(seed, 'small');
    console.log(line(name, result));
    expect(result.broken, `SEED=${seed} SIZE=small npm run chaos "${name}"`).toEqual([]);
  },
);
