import type { EscalationDoc, EscalationStep } from './escalation-doc.ts';

/** A step of an escalation, in a round. */
export interface PlannedStep {
  readonly step: EscalationStep;
  /** Both from 1. */
  readonly place: number;
  readonly round: number;
  /** Since the one before it; of the first one since the opening. */
  readonly gapMs: number;
}

/** Rounds that follow each other at once would call without end. */
const LEAST_BETWEEN_ROUNDS_MS = 1000;
const LONGEST_GAP_MS = 30 * 86_400_000;

/** The step that is called as the `number`th, from 1, over all rounds; undefined: there are no more. */
export function stepAt({ steps, repeat, backoff }: EscalationDoc, number: number): PlannedStep | undefined {
  const round = Math.floor((number - 1) / steps.length);
  const place = (number - 1) % steps.length;
  const step = steps[place];
  if (number < 1 || round > repeat || !step) return undefined;
  const gap = step.after * 1000 * backoff ** round;
  const least = place === 0 && round > 0 ? LEAST_BETWEEN_ROUNDS_MS : 0;
  return {
    step,
    place: place + 1,
    round: round + 1,
    gapMs: Math.round(Math.min(LONGEST_GAP_MS, Math.max(least, gap))),
  };
}
