import type { Sample } from './measure.ts';
import { type Contestant, type Goal, PEER, type Scenario } from './scenario.ts';

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

const FIELDS = [
  ...(['perSecond', 'cpuUs', 'p50', 'p99', 'peakMb', 'grownMb', 'firstMs', 'startMs'] as const),
  ...(['kibEach'] as const),
  ...(['expected', 'arrived'] as const),
];

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

const isLimit = ({ contestant }: Row): boolean => contestant.kind === 'limit';
const isPeer = ({ contestant }: Row): boolean => contestant.name === PEER;

type Compared = 'perSecond' | 'cpuUs' | 'peakMb' | 'startMs' | 'kibEach' | 'p99';

/** A figure as a share of that of another in the same scenario: of its limit where nothing else is said. */
function shareOf(row: Row, rows: readonly Row[], field: Compared, of = isLimit): number | undefined {
  const other = rows.find((each) => each.scenario === row.scenario && of(each));
  const [own, theirs] = [row.sample[field], other?.sample[field]];
  return own === undefined || theirs === undefined ? undefined : own / theirs;
}

/** Throughput as a share of the scenario's limit. */
const ratioOf = (row: Row, rows: readonly Row[]): number | undefined => shareOf(row, rows, 'perSecond');

const GOAL_NAMES: Readonly<Record<keyof Goal, (value: number) => string>> = {
  perSecond: (value) => `≥ ${value.toLocaleString('en')}/s`,
  ratio: (value) => `≥ ${value * 100} %`,
  cpuUs: (value) => `≤ ${value} µs`,
  p50: (value) => `p50 ≤ ${value} ms`,
  p99: (value) => `p99 ≤ ${value} ms`,
  peakMb: (value) => `≤ ${value} MB`,
  startMs: (value) => `≤ ${value} ms`,
  grownMb: (value) => `≤ +${value} MB`,
  firstMs: (value) => `first ≤ ${value} ms`,
  cpuTimes: (value) => `≤ ${value} × CPU`,
  mbTimes: (value) => `≤ ${value} × MB`,
  startTimes: (value) => `≤ ${value} × start`,
  p99Times: (value) => `p99 ≤ ${value} × the limit's`,
  kibTimes: (value) => `≤ ${value} × KiB`,
  peerRate: (value) => `≥ ${value} × the peer`,
  peerCpu: (value) => `≤ 1/${Math.round(1 / value)} of the peer's CPU`,
  peerMb: (value) => `≤ ${value} × the peer's MB`,
};
const AT_LEAST = new Set<keyof Goal>(['perSecond', 'ratio', 'peerRate']);
const OF_PEER = new Set<keyof Goal>(['peerRate', 'peerCpu', 'peerMb']);

/** Each goal with a tick or a cross; nothing for who is not held against it. */
function verdict(row: Row, rows: readonly Row[]): string {
  if (!row.contestant.judged) return '';
  const found: Partial<Record<keyof Goal, number | undefined>> = {
    ...row.sample,
    ratio: ratioOf(row, rows),
    cpuTimes: shareOf(row, rows, 'cpuUs'),
    mbTimes: shareOf(row, rows, 'peakMb'),
    startTimes: shareOf(row, rows, 'startMs'),
    p99Times: shareOf(row, rows, 'p99'),
    kibTimes: shareOf(row, rows, 'kibEach'),
    peerRate: shareOf(row, rows, 'perSecond', isPeer),
    peerCpu: shareOf(row, rows, 'cpuUs', isPeer),
    peerMb: shareOf(row, rows, 'peakMb', isPeer),
  };
  return (Object.entries(row.scenario.goal) as [keyof Goal, number][])
    .filter(([key]) => !OF_PEER.has(key) || found[key] !== undefined)
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

const shareCell = (share: number | undefined): string => (share === undefined ? '' : `${(share * 100).toFixed(0)} %`);

interface Column {
  readonly head: string;
  readonly isText?: true;
  cell(row: Row, rows: readonly Row[]): string;
}

const COLUMNS: readonly Column[] = [
  { head: 'per second', cell: ({ sample }) => cell(sample.perSecond) },
  { head: 'of limit', cell: (row, rows) => (isLimit(row) ? '' : shareCell(ratioOf(row, rows))) },
  { head: 'CPU µs/push', cell: ({ sample }) => cell(sample.cpuUs) },
  { head: 'p50 ms', cell: ({ sample }) => cell(sample.p50) },
  { head: 'p99 ms', cell: ({ sample }) => cell(sample.p99) },
  { head: 'KiB each', cell: ({ sample }) => cell(sample.kibEach) },
  { head: 'MB', cell: ({ sample }) => cell(sample.peakMb) },
  { head: 'MB grown', cell: ({ sample }) => cell(sample.grownMb) },
  { head: 'first ms', cell: ({ sample }) => cell(sample.firstMs) },
  { head: 'start ms', cell: ({ sample }) => cell(sample.startMs) },
  { head: 'arrived', cell: ({ sample }) => arrivedCell(sample) },
  { head: 'goal', isText: true, cell: verdict },
];

const whoOf = ({ contestant: { judged, name } }: Row): string => (judged ? `**${name}**` : name);

/** A Markdown table with columns of equal width, so that it reads in a terminal, too; columns that would be empty are left out. */
export function table(rows: readonly Row[]): string {
  const isThere = ({ cell: of }: Column): boolean => rows.some((row) => row.why === undefined && of(row, rows) !== '');
  const columns = COLUMNS.filter(isThere);
  const lines: string[][] = [['scenario', 'who', ...columns.map(({ head }) => head)]];
  let last: Scenario | undefined;
  for (const row of rows) {
    const figures = columns.map((column, index) =>
      row.why === undefined ? column.cell(row, rows) : index === 0 ? `not run: ${row.why.split('\n')[0]}` : '',
    );
    lines.push([row.scenario === last ? '' : row.scenario.title, whoOf(row), ...figures]);
    last = row.scenario;
  }
  const widths = (lines[0] as string[]).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] as string).length)),
  );
  const isText = (column: number): boolean => column < 2 || columns[column - 2]?.isText === true;
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
        `queue file, ${scenario}: ${percent(file / memory - 1)} CPU per push over a queue in memory (goal: at most +10 %)`,
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
