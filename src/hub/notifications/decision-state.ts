/**
 * What becomes of a decision after it was made. While it is planned it may wait and be due again as often as its time changes:
 * `pending` ⇄ `deferred`. From then on it goes one way, by rank: a state of a higher rank takes the place of a lower one, never the
 * other way round, so that receipts end in the same state in whatever order they come. Of two with one rank the earlier counts.
 *
 *   suppressed < expired < cancelled < sent < failed < delivered < seen < read
 *
 * What was cancelled and left all the same was sent; a provider may take back what it accepted (`sent` → `failed`), and not what was
 * delivered.
 */
import type { State } from './decision.ts';
import { type Reached, reached } from './plan-doc.ts';

const RANKS = {
  pending: 0,
  deferred: 0,
  suppressed: 1,
  expired: 2,
  cancelled: 3,
  sent: 4,
  failed: 5,
  delivered: 6,
  seen: 7,
  read: 8,
} as const satisfies Record<State, number>;

/** A state with what came with it. */
export interface Standing {
  readonly state: State;
  readonly reason?: string;
  /** UNIX milliseconds. */
  readonly at: number;
}

const isPlanned = ({ state }: Standing): boolean => RANKS[state] === 0;

/** The later of the two by the order above: `event`, or `current` where it does not go further. */
export function advance<Current extends Standing, Event extends Standing>(
  current: Current,
  event: Event,
): Current | Event {
  if (isPlanned(current)) return event;
  const further = RANKS[event.state] - RANKS[current.state] || current.at - event.at;
  if (further !== 0) return further > 0 ? event : current;
  return (event.reason ?? '') < (current.reason ?? '') ? event : current;
}

/** Whether nothing is to be sent any more. Receipts may still come. */
export const isEnded = (state: State): boolean => RANKS[state] > 0;

/** When a person came how far with a notification, UNIX milliseconds; null and absent alike. */
export type Marks = Readonly<
  Partial<Record<'delivered_at' | 'acked_at' | 'seen_at' | 'read_at' | 'acted_at', number | null>>
>;

/** Whether a person has come as far as a step asks, or further: acted implies read, read seen, seen acked, acked delivered. */
export const hasReached = (marks: Marks, asked: Reached): boolean =>
  reached.slice(reached.indexOf(asked)).some((each) => (marks[`${each}_at`] ?? undefined) !== undefined);

/** The state that a mark gives a decision. */
export const stateOfMark = {
  delivered: 'delivered',
  acked: 'delivered',
  seen: 'seen',
  read: 'read',
  acted: 'read',
} as const satisfies Record<Reached, State>;
