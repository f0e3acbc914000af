/**
 * `npm run fuzz [count] [seed]`: a million mutated frames and as many header blocks, or as told, a fiftieth of it requests for the
 * API, and a two-thousandth stories of apps, of which none may see what is of another. First of all, texts that could keep a
 * regular expression of src/ busy.
 */
import fc from 'fast-check';
import { startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';
import { openStage } from '../apps/isolation/play-story.ts';
import { story } from '../apps/isolation/steps.ts';
import { sourceExpressions } from '../attacks/source-expressions.ts';
import { weaknessOf } from '../attacks/weak-expression.ts';
import { fuzzApi } from './api-from-openapi/fuzz-api.ts';
import { fuzzFrames } from './frames.ts';
import { fuzzHeaderBlocks } from './header-blocks.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const step = 50_000;

const expressions = sourceExpressions();
for (const { place, expression } of expressions) {
  const why = weaknessOf(expression, Math.ceil(count / 20_000), seed);
  if (why !== undefined) throw new Error(`${place} ${expression}: ${why}`);
}
console.log(`seed ${seed}: ${expressions.length} regular expressions`);

let closed = 0;
let decoded = 0;
for (let done = 0; done < count; done += step) {
  const size = Math.min(step, count - done);
  closed += await fuzzFrames(size, seed + done);
  decoded += fuzzHeaderBlocks(size, seed + done);
  const megabytes = Math.round(process.memoryUsage().rss / 1e6);
  console.log(
    `seed ${seed}: ${done + size} frames and header blocks, ${closed} connections closed, ${decoded} blocks decoded, ${megabytes} MB`,
  );
}

await using relay = await startSandboxedRelay();
const requests = await fuzzApi(relay, {
  runs: Math.ceil(count / 50),
  seed,
  told: (operation, runs) => console.log(`seed ${seed}: ${operation}, ${runs} requests`),
});
console.log(`seed ${seed}: ${requests} requests for the API`);

const stage = await openStage();
const stories = Math.ceil(count / 2000);
try {
  await fc.assert(
    fc.asyncProperty(story, async (each) => {
      const violations = await stage.play(each);
      if (violations.length > 0) throw new Error(violations.join('\n'));
    }),
    { numRuns: stories, seed },
  );
} finally {
  await stage.close();
}
console.log(`seed ${seed}: ${stories} stories of apps`);
