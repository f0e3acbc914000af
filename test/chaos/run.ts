import { needs } from '../support/needs.ts';
import { line, type Size } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// npm run chaos: every scenario at full size, or those whose names contain an argument. SEED repeats the dice, SIZE=small is
// what the tests run.
const size = (process.env.SIZE ?? 'full') as Size;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const wanted = process.argv.slice(2);
const chosen = scenarios.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));

for (const word of wanted)
  if (!scenarios.some(({ name }) => name.includes(word))) {
    console.error(
      `no scenario has "${word}" in its name; there are:\n${scenarios.map(({ name }) => `  ${name}`).join('\n')}`,
    );
    process.exit(1);
  }

console.log(`SEED=${seed} SIZE=${size}`);
for (const { name, requires = [], run } of chosen) {
  const { skip, meta } = needs(...requires);
  if (skip) {
    console.log(`skip ${name}: ${meta.lacks.join()}`);
    continue;
  }
  try {
    const result = await run(seed, size);
    console.log(line(name, result));
    for (const broken of result.broken) console.log(`     ${broken}`);
    if (result.broken.length > 0) process.exitCode = 1;
  } catch (error) {
    console.log(`FAIL ${name}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  }
}
