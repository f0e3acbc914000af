import { playHistory } from './history.ts';
import { playHubHistory } from './hub/hub-history.ts';

// npm run simulate: HISTORIES (default 10,000) random histories of the relay, and as many of the hub, from SEED (default: the time) on;
// `npm run simulate hub` those of the hub alone. With SEED alone a failure is played again: SEED=… HISTORIES=1 npm run simulate hub,
// which also tells what happened.
const histories = Number(process.env.HISTORIES ?? 10_000);
const first = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const wanted = process.argv.slice(2);

interface Report {
  readonly violations: readonly string[];
}

interface Model {
  readonly name: string;
  readonly play: (seed: number) => Promise<Report>;
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

/** @returns seeds of histories that failed */
async function playAll({ name, play, figures }: Model): Promise<number[]> {
  const sum = new Map<string, number>(figures.map((figure) => [figure, 0]));
  const failures: number[] = [];
  const begun = performance.now();
  for (let seed = first; seed < first + histories; seed++) {
    const report = await play(seed);
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
