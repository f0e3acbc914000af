import { checked, listOf, type Reader, readBody, setOf, shape, wordOf } from '../../../kit/json/readers.ts';
import type { FaultyField } from '../../../kit/refusal.ts';
import { type RecipientsDoc, recipients } from '../../notifications/recipients-doc.ts';
import { type Channel, channels } from '../../words/channel.ts';
import { type Priority, priority } from '../../words/priority.ts';
import { seconds } from '../../words/seconds.ts';

/** Whom to call when, while an incident is not in hand. */
export interface EscalationStep {
  /** Seconds since the step before; of the first since the opening, and between rounds. */
  readonly after: number;
  /** Absent: those whose incident it is. */
  readonly to?: RecipientsDoc;
  readonly channels?: readonly Channel[];
  /** Absent: that of the severity. */
  readonly priority?: Priority;
  /** Only those who are neither in quiet hours nor have a snooze. */
  readonly if?: 'recipient_awake';
}

export interface EscalationDoc {
  readonly steps: readonly EscalationStep[];
  /** Further rounds. */
  readonly repeat: number;
  /** What all gaps are multiplied by from one round to the next. */
  readonly backoff: number;
}

const MOST_STEPS = 50;
const MOST_ROUNDS = 9;
const MOST_BACKOFF = 10;

const step: Reader<EscalationStep> = checked(
  shape({
    after: seconds,
    to: recipients,
    channels: setOf(wordOf(channels), channels.length * 2),
    priority,
    if: wordOf(['recipient_awake']),
  }),
  ({ after = 0, ...rest }) => ({ after, ...rest }),
);

const rounds: Reader<number> = (value, at, faults) => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_ROUNDS) return value;
  faults.push({ path: at, reason: `must be a whole number from 0 to ${MOST_ROUNDS}` });
  return undefined;
};

const factor: Reader<number> = (value, at, faults) => {
  if (typeof value === 'number' && value >= 1 && value <= MOST_BACKOFF) return value;
  faults.push({ path: at, reason: `must be a number from 1 to ${MOST_BACKOFF}` });
  return undefined;
};

const escalation: Reader<EscalationDoc> = checked(
  shape({ steps: listOf(step, MOST_STEPS), repeat: rounds, backoff: factor }),
  ({ steps = [], repeat = 0, backoff = 1 }, at, faults) => {
    if (steps.length > 0) return { steps, repeat, backoff };
    faults.push({ path: at === '' ? 'steps' : `${at}.steps`, reason: 'is missing: there must be a step' });
    return undefined;
  },
);

/** The body of `PUT /v1/escalations/{name}`, or everything that is wrong with it. */
export const parseEscalation = (json: unknown): EscalationDoc | readonly FaultyField[] => readBody(escalation, json);

/** Everyone whom its steps name. */
export const namedInSteps = ({ steps }: EscalationDoc): string[] =>
  steps.flatMap(({ to }) => [...(to?.users ?? []), ...(to?.except ?? [])]);

/** Without a person; a step that is for no one any more stays, and calls no one. */
export function stepsWithout(doc: EscalationDoc, user: string): EscalationDoc {
  const without = (list: readonly string[]): string[] => list.filter((id) => id !== user);
  const left = (to: RecipientsDoc): RecipientsDoc => ({
    ...to,
    ...(to.users ? { users: without(to.users) } : {}),
    ...(to.except ? { except: without(to.except) } : {}),
  });
  return { ...doc, steps: doc.steps.map((each) => (each.to ? { ...each, to: left(each.to) } : each)) };
}
