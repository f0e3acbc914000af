import type { Sample } from './measure.ts';
import type { Contestant, Goal, Scenario } from './scenarios.ts';

/** Medians of one contestant in one scenario; `why` instead, when it could not run. */
export interface Row {
  readonly scenario: Scenario;
  readonly contestant: Contestant;
  readonly sample: Sample;
  readonly why?: string;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

const FIELDS = ['perSecond', 'cpuUs', 'p50', 'p99', 'peakMb', 'startMs', 'expected', 'arrived'] as const;

/** Field by field. `arrived` is the least of all runs relative to `expected`: one lost push in one run shows. */
export function medianOf(samples: readonly Sample[]): Sample {
  const worst = samples.find(({ expected, arrived }) => expected !== arrived);
  const middle: Record<string, number> = {};
  for (const field of FIELDS) {
    const values = samples.map((sample) => sample[field]).filter((value) => value !== undefined);
    if (values.length > 0) middle[field] = median(values);
  }
  const { expected, arrived } = worst ?? samples[0] ?? {};
  return { ...middle, ...(expected === undefined ? {} : { expected, arrived: arrived ?? 0 }) };
}

const round = (value: number): string =>
  value >= 1000
    ? (Number(value.toPrecision(3)) as number).toLocaleString('en')
    : value >= 100
      ? value.toFixed(0)
      : value.toPrecision(2);

const cell = (value: number | undefined, unit = ''): string => (value === undefined ? '' : round(value) + unit);

/** Throughput as a share of the scenario's limit. */
function ratioOf({ scenario, sample }: Row, rows: readonly Row[]): number | undefined {
  const limit = rows.find((row) => row.scenario === scenario && row.contestant.kind === 'limit');
  if (limit?.sample.perSecond === undefined || sample.perSecond === undefined) return undefined;
  return sample.perSecond / limit.sample.perSecond;
}

const GOAL_NAMES: Readonly<Record<keyof Goal, (value: number) => string>> = {
  perSecond: (value) => `≥ ${value.toLocaleString('en')}/s`,
  ratio: (value) => `≥ ${value * 100} %`,
  cpuUs: (value) => `≤ ${value} µs`,
  p50: (value) => `p50 ≤ ${value} ms`,
  p99: (value) => `p99 ≤ ${value} ms`,
  peakMb: (value) => `≤ ${value} MB`,
  startMs: (value) => `≤ ${value} ms`,
};
const AT_LEAST = new Set<keyof Goal>(['perSecond', 'ratio']);

/** Each goal with a tick or a cross; nothing for who is not held against it. */
function verdict(row: Row, rows: readonly Row[]): string {
  if (!row.contestant.judged) return '';
  const found: Partial<Record<keyof Goal, number | undefined>> = { ...row.sample, ratio: ratioOf(row, rows) };
  return (Object.entries(row.scenario.goal) as [keyof Goal, number][])
    .map(([key, goal]) => {
      const value = found[key];
      const met = value !== undefined && (AT_LEAST.has(key) ? value >= goal : value <= goal);
      return `${met ? '✓' : '✗'} ${GOAL_NAMES[key](goal)}`;
    })
    .join(', ');
}

function arrivedCell({ expected, arrived }: Sample): string {
  if (expected === undefined) return '';
  return arrived === expected ? 'all' : `${arrived} of ${expected}`;
}

const HEAD = ['who', 'per second', 'of limit', 'CPU µs/push', 'p50 ms', 'p99 ms', 'MB', 'start ms', 'arrived', 'goal'];

function cells(row: Row, rows: readonly Row[]): string[] {
  const { contestant, sample, why } = row;
  if (why !== undefined) return [contestant.name, `not run: ${why.split('\n')[0]}`, ...HEAD.slice(2).map(() => '')];
  const ratio = ratioOf(row, rows);
  return [
    contestant.judged ? `**${contestant.name}**` : contestant.name,
    cell(sample.perSecond),
    ratio === undefined || contestant.kind === 'limit' ? '' : `${(ratio * 100).toFixed(0)} %`,
    cell(sample.cpuUs),
    cell(sample.p50),
    cell(sample.p99),
    cell(sample.peakMb),
    cell(sample.startMs),
    arrivedCell(sample),
    verdict(row, rows),
  ];
}

/** A Markdown table with columns of equal width, so that it reads in a terminal, too. */
export function table(rows: readonly Row[]): string {
  const lines: string[][] = [['scenario', ...HEAD]];
  let last: Scenario | undefined;
  for (const row of rows) {
    lines.push([row.scenario === last ? '' : row.scenario.title, ...cells(row, rows)]);
    last = row.scenario;
  }
  const widths = (lines[0] as string[]).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] as string).length)),
  );
  const isText = (column: number): boolean => column < 2 || column === HEAD.length;
  const draw = (line: readonly string[]): string =>
    `| ${line.map((text, i) => (isText(i) ? text.padEnd(widths[i] as number) : text.padStart(widths[i] as number))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (isText(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [draw(lines[0] as string[]), rule, ...lines.slice(1).map(draw)].join('\n');
}

const cpuIn = (rows: readonly Row[], scenario: string, name: (row: Row) => boolean): number | undefined =>
  rows.find((row) => row.scenario.name === scenario && name(row))?.sample.cpuUs;

const percent = (value: number): string => `${value >= 0 ? '+' : '−'}${Math.abs(value * 100).toFixed(0)} %`;

/** What follows from several rows. */
export function conclusions(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (const scenario of ['apns-fan-out', 'single-async']) {
    const file = cpuIn(rows, scenario, ({ contestant }) => contestant.judged);
    const memory = cpuIn(rows, scenario, ({ contestant }) => contestant.name.endsWith('queue in memory'));
    if (file !== undefined && memory !== undefined)
      lines.push(
        `queue file, ${scenario}: ${percent(file / memory - 1)} CPU per push over a queue in memory (goal: at most +20 %)`,
      );
  }
  const backlogs = rows.filter((row) => row.scenario.name === 'backlog' && row.contestant.name.startsWith('Martlet'));
  const costs = backlogs.flatMap(({ sample }) => (sample.cpuUs === undefined ? [] : [sample.cpuUs]));
  if (costs.length > 1)
    lines.push(
      `backlog: the dearest push costs ${percent(Math.max(...costs) / Math.min(...costs) - 1)} over the cheapest (goal: flat within 15 %)`,
    );
  return lines;
}

/** Rows in which not every push that was taken arrived. */
export const incomplete = (rows: readonly Row[]): Row[] =>
  rows.filter(({ sample: { expected, arrived } }) => expected !== arrived);
