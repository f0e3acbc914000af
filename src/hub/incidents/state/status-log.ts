/**
 * What was said of an incident's status, and what follows from it: the marks in the order of their times, not of their coming, so that
 * any order of the same marks comes to the same end.
 *
 *   (not there) → open → acknowledged → resolved → open (the next cycle)
 *
 * At one instant the graver one counts: resolved, acknowledged, open. An acknowledgement of what is resolved counts for nothing.
 */

export const phases = ['open', 'acknowledged', 'resolved'] as const;
export type Phase = (typeof phases)[number];

export interface StatusMark {
  /** UNIX milliseconds. */
  readonly at: number;
  /**
   * `seen`: it is there, and nothing else is said; `trigger`: it is open unless someone has it in hand; `acknowledge`, `resolve`;
   * `set`: it has the status `word`.
   */
  readonly kind: 'seen' | 'trigger' | 'acknowledge' | 'resolve' | 'set';
  readonly word?: string;
  readonly by: string;
}

export interface Moment {
  readonly by: string;
  /** UNIX milliseconds. */
  readonly at: number;
}

export interface IncidentStatus {
  readonly phase: Phase;
  /** The status in the words of callers; one that is no phase says nothing of whether it is in hand. */
  readonly word: string;
  readonly opened: Moment;
  /** The first one since it was opened. */
  readonly acknowledged?: Moment;
  readonly resolved?: Moment;
}

export interface StatusLog {
  /** What older marks came to, which are forgotten; nothing that is older than `at` changes it. */
  readonly base?: { readonly status: IncidentStatus; readonly at: number };
  /** In the order of their times. */
  readonly marks: readonly StatusMark[];
}

export const NO_MARKS: StatusLog = { marks: [] };

const MOST_MARKS = 50;

const isPhase = (word: string | undefined): word is Phase => phases.includes(word as Phase);

/** The phase that a mark wants; undefined: none. */
function wanted({ kind, word }: StatusMark): Phase | undefined {
  if (kind === 'trigger') return 'open';
  if (kind === 'acknowledge') return 'acknowledged';
  if (kind === 'resolve') return 'resolved';
  return kind === 'set' && isPhase(word) ? word : undefined;
}

/** Of marks at one instant the greater one counts last. */
function rank(mark: StatusMark): number {
  const phase = wanted(mark);
  return phase ? phases.indexOf(phase) + 2 : mark.kind === 'set' ? 1 : 0;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const inOrder = (a: StatusMark, b: StatusMark): number =>
  a.at - b.at ||
  rank(a) - rank(b) ||
  byText(a.by, b.by) ||
  byText(a.kind, b.kind) ||
  byText(a.word ?? '', b.word ?? '');

function opened({ by, at }: StatusMark): IncidentStatus {
  return { phase: 'open', word: 'open', opened: { by, at } };
}

function acknowledged(status: IncidentStatus, { by, at, kind }: StatusMark): IncidentStatus {
  if (status.phase === 'open')
    return { ...status, phase: 'acknowledged', word: 'acknowledged', acknowledged: { by, at } };
  return status.phase === 'acknowledged' && kind === 'set' ? { ...status, word: 'acknowledged' } : status;
}

function resolved(status: IncidentStatus, { by, at, kind }: StatusMark): IncidentStatus {
  if (status.phase !== 'resolved') return { ...status, phase: 'resolved', word: 'resolved', resolved: { by, at } };
  return kind === 'set' ? { ...status, word: 'resolved' } : status;
}

function reopened(status: IncidentStatus, mark: StatusMark): IncidentStatus {
  if (status.phase === 'resolved') return opened(mark);
  // A back end that says it is open takes an acknowledgement back; an alarm that goes off again does not.
  return mark.kind === 'set' ? { phase: 'open', word: 'open', opened: status.opened } : status;
}

function next(before: IncidentStatus | undefined, mark: StatusMark): IncidentStatus {
  const status = before ?? opened(mark);
  switch (wanted(mark)) {
    case 'open':
      return before ? reopened(status, mark) : status;
    case 'acknowledged':
      return acknowledged(status, mark);
    case 'resolved':
      return resolved(status, mark);
    default:
      return mark.kind === 'set' ? { ...status, word: mark.word ?? status.word } : status;
  }
}

/** What all marks come to; undefined: there are none. */
export const statusOf = ({ base, marks }: StatusLog): IncidentStatus | undefined =>
  marks.reduce<IncidentStatus | undefined>(next, base?.status);

/** With a mark; one that is known, or older than all that is remembered, changes nothing. */
export function withMark(log: StatusLog, mark: StatusMark): StatusLog {
  const { base, marks } = log;
  if ((base && mark.at <= base.at) || marks.some((each) => inOrder(each, mark) === 0)) return log;
  const all = [...marks, mark].sort(inOrder);
  if (all.length <= MOST_MARKS) return { ...log, marks: all };
  const [oldest, ...rest] = all as [StatusMark, ...StatusMark[]];
  return { base: { status: next(base?.status, oldest), at: oldest.at }, marks: rest };
}

/** The latest time that was said; undefined: none was. */
export const lastMarkAt = ({ base, marks }: StatusLog): number | undefined => marks.at(-1)?.at ?? base?.at;
