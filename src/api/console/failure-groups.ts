import type { ListedPush } from '../../observe/history/history.ts';
import { adviceFor } from '../../providers/advice.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { Category, Environment, Provider } from '../../push/push.ts';
import type { ReasonReading } from './reading.ts';

/** Failures that have the same reason at the same place, and what to do about them. */
export interface FailureGroup {
  readonly app: string;
  readonly provider?: string | undefined;
  readonly environment?: string | undefined;
  readonly reason: string;
  readonly category?: string | undefined;
  /** HTTP status of the provider's last answer. */
  readonly status?: number | undefined;
  /** The last text of the error. */
  readonly error?: string | undefined;
  readonly advice?: string | undefined;
  /** Pushes that failed for good, and attempts that are made again. */
  readonly failed: number;
  readonly retried: number;
  /** ISO 8601, of the last one; absent: since the start of the process. */
  readonly at?: string | undefined;
  /** Of the last one. */
  readonly request_id?: string | undefined;
  readonly notif_id?: string | undefined;
}

export const MOST_GROUPS = 30;

type Counted = FailureGroup & { failed: number; retried: number };

const keyOf = (...parts: (string | undefined)[]): string => JSON.stringify(parts);

/** What is in the history, newest first. */
export function groupsOfHistory(pushes: readonly ListedPush[]): FailureGroup[] {
  const groups = new Map<string, Counted>();
  for (const push of pushes) {
    const { app, provider, environment, category, status, error, advice, at, request_id, notif_id, count = 1 } = push;
    const reason = push.reason ?? category ?? 'unknown';
    const key = keyOf(app, provider, environment, reason, category);
    const about = { app, provider, environment, reason, category, status, error, advice };
    const group = groups.get(key) ?? { ...about, failed: 0, retried: 0, at, request_id, notif_id };
    if (push.outcome === 'retried') group.retried += count;
    else group.failed += count;
    groups.set(key, group);
  }
  return [...groups.values()].slice(0, MOST_GROUPS);
}

const known = <T extends string>(word: string): T | undefined =>
  (word === '' || word === 'none' ? undefined : word) as T;

/** What is counted, where no history is kept: the most frequent first. */
export function groupsOfCounts(reasons: readonly ReasonReading[], providers?: ProviderTable): FailureGroup[] {
  const groups = new Map<string, Counted>();
  for (const { outcome, count, ...of } of reasons) {
    const { app, reason } = of;
    const provider = known<Provider>(of.provider);
    const environment = provider === undefined ? undefined : known<Environment>(of.environment);
    const category = known<Category>(of.category);
    const key = keyOf(app, provider, environment, reason, category);
    const advice = adviceFor({ reason, category, provider, environment }, providers);
    const group = groups.get(key) ?? { app, provider, environment, reason, category, advice, failed: 0, retried: 0 };
    group[outcome] += count;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.failed + b.retried - a.failed - a.retried).slice(0, MOST_GROUPS);
}
