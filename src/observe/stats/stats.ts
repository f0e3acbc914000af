import type { PlatformName } from '../../push/push.ts';

/** The counters that outlive a request, with the names that Gorush's stores give them. */
export const statKeys = {
  total_count: 'gorush-total-count',
  ios_success: 'gorush-ios-success-count',
  ios_error: 'gorush-ios-error-count',
  android_success: 'gorush-android-success-count',
  android_error: 'gorush-android-error-count',
  huawei_success: 'gorush-huawei-success-count',
  huawei_error: 'gorush-huawei-error-count',
} as const satisfies Record<'total_count' | `${PlatformName}_${'success' | 'error'}`, string>;

export type StatName = keyof typeof statKeys;
export type StatCounts = Record<StatName, number>;

export const statNames = Object.keys(statKeys) as StatName[];

export const noStats = (): StatCounts => Object.fromEntries(statNames.map((name) => [name, 0])) as StatCounts;

/**
 * Counters by app, without zeros. `default` is not stored: its counters are the totals minus those of the other apps. A relay with
 * one app therefore stores no per-app counters.
 */
export type AppCounts = ReadonlyMap<string, Partial<StatCounts>>;

/** The counters of all apps together, and what of it is of which app. */
export interface StatReading {
  readonly counts: StatCounts;
  readonly apps: AppCounts;
}

/**
 * Where the counters of /api/stat/app are kept. `add` is on the way of a push: it only adds in memory. An engine that keeps
 * them elsewhere gathers what was added and writes it once a second and at `close`, so a slow store slows no push and a
 * crash loses at most a second's counts.
 */
export interface StatStore {
  /** True when other processes may count in the same store: what several of them read must not be added up. */
  readonly shared: boolean;
  /** @param app whose counts these are; default `default` */
  add(name: StatName, count: number, app?: string): void;
  /** All counters, those of other processes on the same store included; what was added here counts at once. */
  read(): StatCounts | Promise<StatCounts>;
  /** The same with what is of which app. Of a store with thousands of them that is much to read. */
  readByApp(): StatReading | Promise<StatReading>;
  /** Writes what is not written yet. */
  close(): Promise<void>;
}
