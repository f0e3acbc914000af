import type { Category, Failed, Outcome } from '../push/push.ts';
import type { Flight } from './flight.ts';

/** How much a turn of nothing but such outcomes adds towards opening the breaker: unreachable 5 times, refused 20 times. */
const FAILURE_WEIGHT: Partial<Record<Category, number>> = { not_sent: 4, unanswered: 4, credential: 1 };
export const BREAKER_THRESHOLD = 20;

/** Undefined for what says that the provider is there. */
const weightOf = (outcome: Outcome): number | undefined => {
  if (outcome.kind !== 'failed' || outcome.sparesLane) return undefined;
  return outcome.stopsLane ? BREAKER_THRESHOLD : FAILURE_WEIGHT[outcome.category];
};

/** What the outcomes of one turn of the event loop say of the provider. */
export interface TurnLesson {
  /** Something says that it is there. */
  readonly alive: boolean;
  readonly throttled: boolean;
  /** Of the worst failure. */
  readonly weight: number;
  readonly worst: Failed | undefined;
  /** Monotonic milliseconds at which the oldest of them was sent. */
  readonly oldest: number;
}

/** Of outcomes that were not handed over yet. A turn counts, not its pushes: a thousand streams of one lost session are one failure. */
export function lessonOf(flights: readonly Flight[]): TurnLesson {
  let alive = false;
  let throttled = false;
  let weight = 0;
  let worst: Failed | undefined;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { fresh, outcomes, sentAt } of flights) {
    oldest = Math.min(oldest, sentAt);
    for (const index of fresh) {
      const outcome = outcomes[index] as Outcome;
      const failure = weightOf(outcome);
      if (failure === undefined) alive = true;
      else if (failure > weight) {
        weight = failure;
        worst = outcome as Failed;
      }
      if (outcome.kind === 'failed' && outcome.status === 429) throttled = true;
    }
  }
  return { alive, throttled, weight, worst, oldest };
}
