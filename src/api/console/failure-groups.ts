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
  /** Who has to do something: a person now, who sends (remove the token, mend the request), or only patience: it heals by itself. */
  readonly needs: 'person' | 'sender' | 'patience';
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

const NEEDS: Readonly<Record<string, FailureGroup['needs']>> = {
  credential: 'person',
  stale_credential: 'patience',
  disabled: 'person',
  invalid_token: 'sender',
  invalid_request: 'sender',
  cancelled: 'patience',
  pending: 'patience',
  expired: 'person',
};

/** What is only tried again needs nothing yet; pushes that were given up for want of an answer need a look. */
const needsOf = (category: string | undefined, failed: number): FailureGroup['needs'] =>
  NEEDS[category ?? ''] ?? (failed > 0 ? 'person' : 'patience');

const RANK = { person: 0, sender: 1, patience: 2 } as const;

const withNeeds = (group: Omit<FailureGroup, 'needs'>): FailureGroup => ({
  ...group,
  needs: needsOf(group.category, group.failed),
});

/** What a person must do first, the most frequent first among the same. */
const sorted = (groups: Iterable<Omit<FailureGroup, 'needs'>>): FailureGroup[] =>
  [...groups]
    .map(withNeeds)
    .sort((a, b) => RANK[a.needs] - RANK[b.needs] || b.failed + b.retried - a.failed - a.retried)
    .slice(0, MOST_GROUPS);

type Counted = Omit<FailureGroup, 'needs'> & { failed: number; retried: number };

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
    // What those need that are given up is not what those need that are tried again.
    if (push.outcome !== 'retried' && group.failed === 0) groups.set(key, { ...group, advice, failed: count });
    else {
      group[push.outcome === 'retried' ? 'retried' : 'failed'] += count;
      groups.set(key, group);
    }
  }
  return sorted(groups.values());
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
    const group = groups.get(key) ?? { app, provider, environment, reason, category, failed: 0, retried: 0 };
    group[outcome] += count;
    const advice = adviceFor({ reason, category, provider, environment, isFinal: group.failed > 0 }, providers);
    groups.set(key, { ...group, advice });
  }
  return sorted(groups.values());
}

/** What is counted, with the last push and its words as the history has them. Those that only the history knows come with its counts. */
export function withExamples(counted: readonly FailureGroup[], examples: readonly FailureGroup[]): FailureGroup[] {
  const nameOf = ({ app, provider, environment, reason, category }: FailureGroup): string =>
    keyOf(app, provider, environment, reason, category);
  const known = new Map(examples.map((group) => [nameOf(group), group]));
  const joined = counted.map((group) => {
    const example = known.get(nameOf(group));
    known.delete(nameOf(group));
    return example
      ? { ...example, advice: group.advice ?? example.advice, failed: group.failed, retried: group.retried }
      : group;
  });
  return sorted([...joined, ...known.values()]);
}
