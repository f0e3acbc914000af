/** When an incident is to be in hand and resolved, when it is warned of that, and what of it is due. */
import type { SlaDoc } from '../incident.ts';
import type { Phase } from '../state/status-log.ts';

export const slaKinds = ['acknowledge_by', 'resolve_by'] as const;
export type SlaKind = (typeof slaKinds)[number];

/** Shares of the time after which it is warned, where nothing is said. */
const WARN_AT: readonly number[] = [0.5, 0.8];
/** The share at which it is too late. */
export const BREACH = 1;

/** A moment at which people hear something. */
export interface SlaPoint {
  readonly kind: SlaKind;
  /** Of the time that there is; 1: it is over. */
  readonly share: number;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly deadline: number;
}

/** What an incident's deadlines have come to in its cycle. */
export interface SlaProgress {
  /** What holds: its own, else that of its severity. */
  readonly doc: SlaDoc;
  /** The share that people heard of last; 1: the breach. It never goes back, whatever moves. */
  readonly told: Readonly<Partial<Record<SlaKind, number>>>;
}

/** UNIX milliseconds; undefined: there is none. */
export function deadlineOf({ doc }: Pick<SlaProgress, 'doc'>, kind: SlaKind, openedAt: number): number | undefined {
  const given = doc[kind];
  if (given === undefined) return undefined;
  return typeof given === 'number' ? openedAt + Math.round(given * 1000) : Date.parse(given);
}

/** Whether anything is still to come of a kind, as far as the incident is. */
const isOpenFor = (kind: SlaKind, phase: Phase): boolean =>
  phase === 'open' || (kind === 'resolve_by' && phase === 'acknowledged');

/** What was not told yet of a kind, in the order of time; empty once it is too late, or not needed any more. */
export function pointsLeft(progress: SlaProgress, kind: SlaKind, phase: Phase, openedAt: number): readonly SlaPoint[] {
  const deadline = deadlineOf(progress, kind, openedAt);
  if (deadline === undefined || !isOpenFor(kind, phase)) return [];
  const told = progress.told[kind] ?? 0;
  // A deadline before the opening leaves no time of which there are shares.
  const time = Math.max(0, deadline - openedAt);
  return [...(progress.doc.warn_at ?? WARN_AT), BREACH]
    .filter((share) => share > told)
    .map((share) => ({ kind, share, deadline, at: share === BREACH ? deadline : openedAt + Math.round(time * share) }));
}

/** What people are to hear now: of several that are due the last, so that no one is warned of what is past. */
export const duePoint = (points: readonly SlaPoint[], now: number): SlaPoint | undefined =>
  points.findLast(({ at }) => at <= now);

/** That people have heard of a point. */
export const withTold = (progress: SlaProgress, { kind, share }: SlaPoint): SlaProgress => ({
  ...progress,
  told: { ...progress.told, [kind]: share },
});
