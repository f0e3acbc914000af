/**
 * `node bench/profile.ts FILE.cpuprofile [ROWS]`: where the time of a process went, by function and by file. The start of the
 * process is left out. V8 samples by the clock, not by the CPU: a sample that comes late tells that the process waited for a
 * core, so no more than two intervals are taken for work.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The parts of a .cpuprofile (V8's inspector protocol, Profiler.Profile) that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

const ROWS = 40;
/** Microseconds: what the process does before it serves. */
const START_US = 2_000_000;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const short = (url: string): string => (url.startsWith('file://') ? fileURLToPath(url).replace(ROOT, '') : url);

function totals(profile: CpuProfile) {
  const { nodes, samples, timeDeltas } = profile;
  const self = new Map<number, number>();
  const most = 2 * (timeDeltas.toSorted((a, b) => a - b)[timeDeltas.length >> 1] as number);
  let at = 0;
  for (const [i, id] of samples.entries()) {
    const delta = Math.max(0, timeDeltas[i] as number);
    at += delta;
    if (at > START_US) self.set(id, (self.get(id) ?? 0) + Math.min(most, delta));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<string, number>();
  const whole = new Map<string, number>();
  const files = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, time: number) => to.set(name, (to.get(name) ?? 0) + time);
  // A function that calls itself must not be counted twice: `above` holds the names on the way from the root.
  const visit = (id: number, above: ReadonlySet<string>): number => {
    const { callFrame, children = [] } = byId.get(id) as CpuProfile['nodes'][number];
    const file = short(callFrame.url);
    const name = `${callFrame.functionName || '(anonymous)'} ${file}${file ? `:${callFrame.lineNumber + 1}` : ''}`;
    const mine = self.get(id) ?? 0;
    const within = new Set(above).add(name);
    const time = children.reduce((sum, child) => sum + visit(child, within), mine);
    add(own, name, mine);
    add(files, file || callFrame.functionName, mine);
    if (!above.has(name)) add(whole, name, time);
    return time;
  };
  visit((nodes[0] as CpuProfile['nodes'][number]).id, new Set());
  return { own, whole, files };
}

function print(title: string, times: ReadonlyMap<string, number>, busy: number, rows: number): void {
  process.stdout.write(`\n${title}\n`);
  const sorted = [...times].filter(([name]) => !/^\((idle|root|program)\)/.test(name)).sort(([, a], [, b]) => b - a);
  for (const [name, time] of sorted.slice(0, rows))
    process.stdout.write(
      `${((time / busy) * 100).toFixed(1).padStart(6)} %  ${(time / 1000).toFixed(0).padStart(7)} ms  ${name}\n`,
    );
}

const [path, rows] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: node bench/profile.ts FILE.cpuprofile [ROWS]\n');
  process.exitCode = 2;
} else {
  const { own, whole, files } = totals(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile);
  const idle = own.get('(idle) ') ?? 0;
  const busy = [...own.values()].reduce((sum, time) => sum + time, 0) - idle;
  process.stdout.write(
    `busy ${(busy / 1000).toFixed(0)} ms, of which (program) ${((own.get('(program) ') ?? 0) / 1000).toFixed(0)} ms\n`,
  );
  const count = Number(rows ?? ROWS);
  print('self', own, busy, count);
  const ours = [...whole].filter(([name]) => / (src|dist|node_modules)\//.test(name));
  print('with callees, Node left out', new Map(ours), busy, count);
  print('by file', files, busy, count);
}
