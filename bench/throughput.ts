/** `npm run bench`: real servers on loopback, one table (docs/benchmarks.md). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { loadWarning, machineFacts } from './machine.ts';
import type { Sample } from './measure.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { isInside, runInside } from './own-namespace.ts';
import type { System } from './relay-process.ts';
import { conclusions, incomplete, medianOf, type Row, table } from './report.ts';
import { type Contestant, type Scenario, scenarios } from './scenarios.ts';
import { openWorkbench } from './workbench.ts';

const pathOf = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const DOCS = pathOf('docs/benchmarks.md');
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

function systemsOf({ dist, peer, profile }: Options): System[] {
  const main = pathOf(dist ? 'dist/main.js' : 'src/main.ts');
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run build`);
  const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
  // As `npm start` and the shebang of dist/main.js run it.
  const node = [process.execPath, '--max-semi-space-size=8', '--disable-sigusr1', ...profiling];
  const martlet: System = { name: 'Martlet', command: [...node, main, '-c', '{config}'] };
  if (peer === undefined) return [martlet];
  const words = (peer.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ''));
  return [martlet, { name: 'peer', command: words }];
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

function writeDocs(text: string): void {
  const page = readFileSync(DOCS, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from === -1 || to === -1) throw new Error(`${DOCS} has no ${BEGIN} and ${END}`);
  writeFileSync(DOCS, `${page.slice(0, from + BEGIN.length)}\n${text}\n${page.slice(to)}`);
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
    const all = scenarios({ bench: workbench, systems: systemsOf(options), quick: options.quick });
    const { only } = options;
    const chosen = all.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
    if (chosen.length === 0) throw new Error(`--only: the scenarios are ${all.map(({ name }) => name).join(', ')}`);
    for (const scenario of chosen) rows.push(...(await runScenario(scenario, options.runs)));
  } finally {
    await workbench.close();
  }
  const notes = [head.join('; '), ...(warning === undefined ? [] : [warning]), ...conclusions(rows)];
  const text = `${table(rows)}\n\n${notes.map((note) => `- ${note}`).join('\n')}\n`;
  process.stdout.write(`\n${text}`);
  if (options.writeDocs) writeDocs(`\n${text}`);
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
