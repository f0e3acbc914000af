import type { Outcome, Timing } from '../../push/push.ts';
import type { Details, Fact } from './fact.ts';

/** Targets that a row names; of more it tells the number. */
export const MOST_TARGETS = 10;

/** A fact as it is gathered, its targets still in full: `targets[i]` got `ids[i]` from the provider. */
export interface GatheredFact {
  readonly fact: Fact;
  readonly targets: string[];
  readonly ids: (string | undefined)[];
}

/** A row that further outcomes join. */
export interface Group extends GatheredFact {
  readonly fact: Fact & { at: number; details: Details & { count: number; providerMs?: number | undefined } };
}

/** The end of the deliveries by one connection that begin here. */
export function endOfRun(outcomes: readonly Outcome[], from: number): number {
  const { session } = outcomes[from] as Outcome;
  let end = from + 1;
  for (; end < outcomes.length; end++) {
    const outcome = outcomes[end] as Outcome;
    if (outcome.kind !== 'accepted' || outcome.session !== session) break;
  }
  return end;
}

/** The targets from `from` to before `end` join a row. */
export function join(
  { fact, targets: named, ids }: Group,
  timing: Timing,
  targets: readonly string[],
  outcomes: readonly Outcome[],
  from: number,
  end: number,
): void {
  const before = fact.details.count;
  fact.details.count += end - from;
  fact.at = Math.max(fact.at, timing.acceptedAt + timing.ageMs);
  if (fact.details.count > MOST_TARGETS && outcomes[from]?.kind === 'accepted') {
    // Of many deliveries a few names tell nothing, and they are what a row costs most.
    named.length = ids.length = 0;
    return;
  }
  for (let index = from; index < end && before + index - from < MOST_TARGETS; index++) {
    const outcome = outcomes[index] as Outcome;
    named.push(targets[index] as string);
    ids.push(outcome.kind === 'accepted' ? outcome.providerId : undefined);
  }
}
