/** `npm run bench`: real servers on loopback, one table (docs/benchmarks.md). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../scripts/node-flags.ts';
import { loadWarning, machineFacts } from './machine.ts';
import type { Sample } from './measure.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { isInside, runInside } from './own-namespace.ts';
import type { System } from './relay-process.ts';
import { conclusions, incomplete, medianOf, type Row, table } from './report.ts';
import { type Contestant, PEER, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { openWorkbench } from './workbench.ts';

const pathOf = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** As `npm start` and the shebang of dist/main.js run it. */
const NODE = [process.execPath, ...nodeFlags()];
const DOCS = pathOf('docs/benchmarks.md');

function systemsOf({ dist, peer, profile }: Options): System[] {
  const main = pathOf(dist ? 'dist/main.js' : 'src/main.ts');
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run build`);
  const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
  const martlet: System = { name: 'Martlet', command: [...NODE, ...profiling, main, '-c', '{config}'] };
  if (peer === undefined) return [martlet];
  const words = (peer.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ''));
  return [martlet, { name: PEER, command: words }];
}

/** From its sources or from its dist, as ours. */
function beforeOf({ before, dist }: Options): System | undefined {
  if (before === undefined) return undefined;
  const main = join(before, dist ? 'dist/main.js' : 'src/main.ts');
  if (!existsSync(main)) throw new Error(`--before: ${main} is not there`);
  return { name: 'Martlet before (limit)', command: [...NODE, main, '-c', '{config}'] };
}

/** The one line that tells where the bench is; nothing where nobody looks. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Runs of all contestants in turn, so that a busy minute of the machine does not fall upon one of them. */
async function runScenario(scenario: Scenario, runs: number): Promise<Row[]> {
  const samples = new Map<Contestant, Sample[]>(scenario.contestants.map((contestant) => [contestant, []]));
  const broken = new Map<Contestant, string>();
  for (let run = 0; run < runs; run++) {
    for (const [contestant, taken] of samples) {
      if (broken.has(contestant)) continue;
      progress(`${scenario.name}: ${contestant.name}, run ${run + 1} of ${runs}`);
      try {
        taken.push(await contestant.run());
      } catch (error) {
        broken.set(contestant, (error as Error).message);
        progress('');
        process.stderr.write(`${scenario.name}: ${contestant.name}: ${(error as Error).message}\n`);
      }
    }
  }
  progress('');
  return scenario.contestants.map((contestant) => {
    const why = broken.get(contestant);
    return {
      scenario,
      contestant,
      sample: medianOf(samples.get(contestant) ?? []),
      ...(why === undefined ? {} : { why }),
    };
  });
}

/** The hub has a table of its own, and its streams. */
const OWN_TABLES = ['hub', 'streams'];
const PARTS = [
  { name: 'bench', has: ({ scenario }: Row) => !OWN_TABLES.some((name) => scenario.name.startsWith(name)) },
  ...OWN_TABLES.map((name) => ({ name: `bench:${name}`, has: ({ scenario }: Row) => scenario.name.startsWith(name) })),
];

function writeDocs(name: string, text: string): void {
  const page = readFileSync(DOCS, 'utf8');
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${DOCS} has no ${begin} and ${end}`);
  writeFileSync(DOCS, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`);
}

async function bench(options: Options): Promise<number> {
  // The program's name only: its path is nobody's business.
  const peer = options.peer === undefined ? '' : `; the peer is \`${basename(options.peer.split(' ')[0] as string)}\``;
  const head = [
    machineFacts(),
    `median of ${options.runs}${options.quick ? ', quick sizes' : ''}, from ${options.dist ? 'dist' : 'src'}${peer}`,
  ];
  const warning = loadWarning();
  if (warning !== undefined) process.stderr.write(`warning: ${warning}\n`);
  const workbench = await openWorkbench();
  const rows: Row[] = [];
  try {
    const { only, quick, people } = options;
    const all = scenarios({
      ...{ bench: workbench, systems: systemsOf(options), quick, people, before: beforeOf(options) },
    });
    const chosen = all.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
    if (chosen.length === 0) throw new Error(`--only: the scenarios are ${all.map(({ name }) => name).join(', ')}`);
    for (const scenario of chosen) rows.push(...(await runScenario(scenario, options.runs)));
  } finally {
    await workbench.close();
  }
  for (const { name, has } of PARTS) {
    const some = rows.filter(has);
    if (some.length === 0) continue;
    const notes = [head.join('; '), ...(warning === undefined ? [] : [warning]), ...conclusions(some)];
    const text = `${table(some)}\n\n${notes.map((note) => `- ${note}`).join('\n')}\n`;
    process.stdout.write(`\n${text}`);
    if (options.writeDocs) writeDocs(name, `\n${text}`);
  }
  const short = incomplete(rows);
  for (const { scenario, contestant } of short)
    process.stderr.write(`${scenario.name}: not every push of ${contestant.name} arrived in time\n`);
  const failed = [...short, ...rows.filter(({ why }) => why !== undefined)];
  return failed.some(({ contestant }) => contestant.name.startsWith('Martlet')) ? 1 : 0;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (process.platform !== 'linux') throw new Error('the bench reads /proc: it runs on Linux only');
  if (options.peer !== undefined && !isInside()) return runInside();
  return bench(options);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
