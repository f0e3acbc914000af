import { type AppCounts, type StatCounts, type StatName, type StatReading, statNames } from './stats.ts';

/** How many apps have counters of their own; what comes later shares those of `OTHER_APPS`. */
export const MOST_APPS = 10_000;
/** Not `other`: an app may have that name, and its key would read what is of others. */
export const OTHER_APPS = '_other';

type Counts = Partial<StatCounts>;

/** The counters of an app, to be added to. */
export function countsOf(apps: Map<string, Counts>, app: string): Counts {
  const own = apps.has(OTHER_APPS) ? apps.size - 1 : apps.size;
  const name = apps.has(app) || own < MOST_APPS ? app : OTHER_APPS;
  let counts = apps.get(name);
  if (!counts) {
    counts = {};
    apps.set(name, counts);
  }
  return counts;
}

export function addCount(counts: Counts, name: StatName, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}

export function addCounts(counts: Counts, more: Counts): void {
  for (const name of Object.keys(more) as StatName[]) addCount(counts, name, more[name] ?? 0);
}

export function addApps(apps: Map<string, Counts>, more: AppCounts): void {
  for (const [app, counts] of more) addCounts(countsOf(apps, app), counts);
}

/** A map of its own: what was given stays as it is. */
export function sumOfApps(...parts: readonly AppCounts[]): Map<string, Counts> {
  const sum = new Map<string, Counts>();
  for (const part of parts) addApps(sum, part);
  return sum;
}

/** The counters of the app `default`. */
export function defaultCounts({ counts, apps }: StatReading): StatCounts {
  const rest = { ...counts };
  for (const of of apps.values()) for (const name of statNames) rest[name] -= of[name] ?? 0;
  // Figures of several processes may be a moment apart.
  for (const name of statNames) rest[name] = Math.max(0, rest[name]);
  return rest;
}
