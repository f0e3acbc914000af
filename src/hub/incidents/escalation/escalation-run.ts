/**
 * Where the escalation of an incident is:
 *
 * - none: the incident has no escalation.
 * - waiting: `at` is when the next step calls, a timer of its own.
 * - stopped: without `at`, since the incident is in hand or resolved, or there are no further steps.
 *
 * Steps are numbered over the whole cycle, so that each is called once, whatever escalation it is of.
 */
import type { Phase } from '../state/status-log.ts';
import type { EscalationDoc } from './escalation-doc.ts';
import { type PlannedStep, stepAt } from './escalation-plan.ts';

/** An escalation, as it was read last: it goes on when it is deleted. */
export interface NamedEscalation {
  readonly name: string;
  readonly doc: EscalationDoc;
}

export interface EscalationRun extends NamedEscalation {
  /** Steps that were called in this cycle. */
  readonly called: number;
  /** How many of them were those of other escalations before. */
  readonly others: number;
  /** When the next one calls, UNIX milliseconds. */
  readonly at?: number;
}

/** The step that is next; undefined: there are no more. */
export const nextStep = ({ doc, called, others }: EscalationRun): PlannedStep | undefined =>
  stepAt(doc, called - others + 1);

const stopped = ({ at: _, ...run }: EscalationRun): EscalationRun => run;

/** Waits for the next step, if there is one. @param since UNIX milliseconds */
function waiting(run: EscalationRun, since: number): EscalationRun {
  const step = nextStep(run);
  return step ? { ...run, at: since + step.gapMs } : stopped(run);
}

export interface RunAfter {
  readonly before: EscalationRun | undefined;
  /** That of the incident now; undefined: none. */
  readonly escalation: NamedEscalation | undefined;
  readonly phase: Phase;
  /** It was not open before. */
  readonly isNewCycle: boolean;
  readonly openedAt: number;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Where it is after a change of the incident. */
export function runAfter(change: RunAfter): EscalationRun | undefined {
  const { before, escalation, phase, isNewCycle, openedAt, now } = change;
  const known = isNewCycle ? undefined : before;
  if (!escalation) return known ? { ...stopped(known), others: known.called } : undefined;
  const isSame = known?.name === escalation.name;
  const called = known?.called ?? 0;
  const run: EscalationRun = { ...escalation, called, others: isSame ? known.others : called };
  if (phase !== 'open') return run;
  if (isSame && known.at !== undefined) return { ...run, at: known.at };
  return waiting(run, isNewCycle || !known ? openedAt : now);
}

/** After its next step was called. @param isOpen false: the one after that is not waited for */
export function afterStep(run: EscalationRun, now: number, isOpen: boolean): EscalationRun {
  const next = { ...run, called: run.called + 1 };
  return isOpen ? waiting(next, now) : stopped(next);
}
