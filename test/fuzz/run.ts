/**
 * `npm run fuzz [count] [seed]`: a million mutated frames and as many header blocks, or as told, a fiftieth of it requests for the
 * API, and a two-thousandth stories of apps, of which none may see what is of another. First of all, texts that could keep a
 * regular expression of src/ busy, or a step of a parser; then texts of all shapes and sizes by every field and name of the API,
 * gRPC and the settings of apps, a thousandth, and connections that send any bytes, a hundredth for each port.
 */
import fc from 'fast-check';
import { startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';
import { openStage } from '../apps/isolation/play-story.ts';
import { story } from '../apps/isolation/steps.ts';
import { payVisits } from '../attacks/any-bytes.ts';
import { openPorts } from '../attacks/open-ports.ts';
import { sourceExpressions } from '../attacks/source-expressions.ts';
import { weaknessOf } from '../attacks/weak-expression.ts';
import { fuzzApi } from './api-from-openapi/fuzz-api.ts';
import { fuzzFrames } from './frames.ts';
import { fuzzHeaderBlocks } from './header-blocks.ts';
import { fuzzTexts } from './texts/fuzz-texts.ts';
import { parserSteps } from './texts/parser-steps.ts';
import { textShape } from './texts/text-shape.ts';
import { unevenStep } from './texts/uneven-step.ts';

const [count, seed] = [process.argv[2] ?? 1_000_000, process.argv[3] ?? Date.now() % 1_000_000].map(Number) as [
  number,
  number,
];
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed))
  throw new Error('npm run fuzz [count] [seed]: both are whole numbers');
const step = 50_000;
// What fails is played again by the same count and seed.
console.log(`seed ${seed}: count ${count}`);

const expressions = sourceExpressions();
for (const { place, expression } of expressions) {
  const why = weaknessOf(expression, Math.ceil(count / 20_000), seed);
  if (why !== undefined) throw new Error(`${place} ${expression}: ${why}`);
}
console.log(`seed ${seed}: ${expressions.length} regular expressions`);

const shapes = Math.ceil(count / 10_000);
fc.assert(
  fc.property(textShape, (shape) => {
    const why = unevenStep(shape);
    if (why !== undefined) throw new Error(why);
  }),
  { numRuns: shapes, seed, endOnFailure: true },
);
console.log(`seed ${seed}: ${shapes} shapes of texts for ${Object.keys(parserSteps).length} steps of parsers`);

const { doors, texts, bytes, healthy, most, widest } = await fuzzTexts({ runs: Math.ceil(count / 1000), seed });
console.log(`seed ${seed}: ${texts} texts by ${doors} doors, ${Math.round(bytes / 1e6)} MB, ${healthy} health checks`);
console.log(`seed ${seed}: the dearest took ${most.cpuMs} ms: ${most.of}`);
console.log(`seed ${seed}: written most often, ${widest.times.toFixed(1)} times: ${widest.of}`);

const visits = Math.ceil(count / 100);
await using ports = await openPorts();
await payVisits({ ...ports, runs: visits, seed });
ports.verify();
console.log(`seed ${seed}: ${visits} connections with any bytes to each of ${ports.doors.length} ports`);

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
