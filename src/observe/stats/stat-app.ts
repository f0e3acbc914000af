import { DEFAULT_APP } from '../../push/app-name.ts';
import { addCounts, defaultCounts } from './app-counts.ts';
import { noStats, type StatCounts, type StatReading } from './stats.ts';
import type { TaskCounts } from './task-counts.ts';

export interface StatAppInput {
  /** Gorush's version, as `/version` says it. */
  readonly version: string;
  readonly counts: StatCounts;
  readonly tasks: TaskCounts;
  /** Batches that are being sent. */
  readonly busyWorkers: number;
  /** The same counters by app, where they are shown. */
  readonly apps?: ReadonlyMap<string, StatCounts> | undefined;
}

const figuresOf = (counts: StatCounts) => ({
  total_count: counts.total_count,
  ios: { push_success: counts.ios_success, push_error: counts.ios_error },
  android: { push_success: counts.android_success, push_error: counts.android_error },
  huawei: { push_success: counts.huawei_success, push_error: counts.huawei_error },
});

/** The body of GET /api/stat/app. */
export function statApp({ version, counts, tasks, busyWorkers, apps }: StatAppInput) {
  return {
    version,
    busy_workers: busyWorkers,
    success_tasks: tasks.success_tasks,
    failure_tasks: tasks.failure_tasks,
    submitted_tasks: tasks.submitted_tasks,
    ...figuresOf(counts),
    ...(apps ? { apps: Object.fromEntries([...apps].map(([app, of]) => [app, figuresOf(of)])) } : {}),
  };
}

/** What one caller is shown. */
type Shown = Pick<StatAppInput, 'counts' | 'apps'>;

const sumOf = (all: Iterable<StatCounts>): StatCounts => {
  const sum = noStats();
  for (const counts of all) addCounts(sum, counts);
  return sum;
};

/** Each app by name; `default` first. */
function byName(reading: StatReading): Map<string, StatCounts> {
  const names = [...reading.apps.keys()].sort();
  return new Map([
    [DEFAULT_APP, defaultCounts(reading)],
    ...names.map((name): [string, StatCounts] => [name, { ...noStats(), ...reading.apps.get(name) }]),
  ]);
}

/**
 * What there is to show of all apps, or of those that the caller may see. By app only when there is another than `default`.
 * @param allowed undefined: all
 */
export function shownOfAll(reading: StatReading, allowed: ReadonlySet<string> | undefined): Shown {
  if (!allowed && reading.apps.size === 0) return { counts: reading.counts };
  const seen = [...byName(reading)].filter(([app]) => !allowed || allowed.has(app));
  const apps = new Map(seen);
  const hasOthers = seen.some(([app]) => app !== DEFAULT_APP);
  return { counts: allowed ? sumOf(apps.values()) : reading.counts, apps: hasOthers ? apps : undefined };
}

/** What there is to show of one app. */
export const shownOfOne = (reading: StatReading, app: string): Shown => ({
  counts: app === DEFAULT_APP ? defaultCounts(reading) : { ...noStats(), ...reading.apps.get(app) },
});
