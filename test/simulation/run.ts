import { playHistory } from './history.ts';
import { playHubHistory } from './hub/hub-history.ts';

// npm run simulate: HISTORIES (default 10,000) random histories of the relay, and as many of the hub, from SEED (default: the time) on;
// `npm run simulate hub` those of the hub alone. With SEED alone a failure is played again: SEED=… HISTORIES=1 npm run simulate hub,
// which also tells what happened. What is done so far is told every ten seconds.
const histories = wholeNumber('HISTORIES', 10_000);
const first = wholeNumber('SEED', Date.now() % 2 ** 31);
const wanted = process.argv.slice(2);
const PROGRESS_MS = 10_000;

function wholeNumber(name: string, byDefault: number): number {
  const value = Number(process.env[name] ?? byDefault);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name}: must be a whole number`);
  return value;
}

interface Report {
  readonly violations: readonly string[];
}

interface Model {
  readonly name: string;
  readonly play: (seed: number) => Promise<object & Report>;
  /** Of each report, to be added up and told. */
  readonly figures: readonly string[];
}

const tell = histories === 1 ? (line: string) => console.log(line) : undefined;

const models: readonly Model[] = [
  { name: 'relay', play: playHistory, figures: ['accepted', 'results', 'repeated', 'crashes'] },
  {
    name: 'hub',
    play: (seed) => playHubHistory(seed, tell),
    figures: ['accepted', 'decisions', 'attempts', 'duplicates', 'crashes', 'stalls'],
  },
];

/** A history that ends with an error has broken a promise as well. */
async function played({ play }: Model, seed: number): Promise<object & Report> {
  try {
    return await play(seed);
  } catch (error) {
    return { violations: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
}

/** @returns seeds of histories that failed */
async function playAll(model: Model): Promise<number[]> {
  const { name, figures } = model;
  const sum = new Map<string, number>(figures.map((figure) => [figure, 0]));
  const failures: number[] = [];
  const begun = performance.now();
  let toldAt = begun;
  for (let seed = first; seed < first + histories; seed++) {
    const report = await played(model, seed);
    if (performance.now() - toldAt > PROGRESS_MS) {
      toldAt = performance.now();
      console.log(`${name}: ${seed - first + 1} of ${histories} histories, ${failures.length} failed so far`);
    }
    for (const [figure, value] of Object.entries(report))
      if (typeof value === 'number' && sum.has(figure)) sum.set(figure, (sum.get(figure) ?? 0) + value);
    if (report.violations.length === 0) continue;
    failures.push(seed);
    console.log(`SEED=${seed}: ${report.violations.length} broken promises of the ${name}`);
    for (const violation of report.violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  const seconds = (performance.now() - begun) / 1000;
  const rate = (histories / seconds).toFixed(1);
  const told = [...sum].map(([figure, value]) => `${value} ${figure}`).join(', ');
  console.log(
    `${name}: ${histories} histories from SEED=${first} in ${seconds.toFixed(1)} s (${rate}/s): ${told}, ${failures.length} failed`,
  );
  if (failures.length > 0)
    console.log(`play the first again: SEED=${failures[0]} HISTORIES=1 npm run simulate ${name}`);
  return failures;
}

for (const model of models)
  if (wanted.length === 0 || wanted.includes(model.name)) if ((await playAll(model)).length > 0) process.exitCode = 1;
