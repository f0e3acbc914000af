/** The timers of incidents, as rows: which there are follows from the incident itself. */
import type { HubDb } from '../storage/storage.ts';
import { type ClaimedDue, clearDue, type Due, type DueWork, dueId, setDue } from '../timers/due-rows.ts';
import { factsOfIncident, type Incident } from './incident-rows.ts';
import { pointsLeft, type SlaKind, slaKinds } from './sla/sla-times.ts';

export const ESCALATION_DUE = 'escalation';
export const SLA_DUE = 'sla';

export const incidentKinds = [ESCALATION_DUE, SLA_DUE] as const;
export type IncidentTimer = (typeof incidentKinds)[number];

/** Does rows beside each other, so that they share a commit. @throws what one of them did, once all are over */
export const eachRow =
  (work: (row: ClaimedDue) => Promise<void>): DueWork =>
  async (rows) => {
    const results = await Promise.allSettled(rows.map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };

/** A step of an escalation, numbered over a cycle. */
export interface StepRef {
  readonly incident: string;
  readonly cycle: number;
  readonly step: number;
}

const stepRef = ({ incident, cycle, step }: StepRef): string => JSON.stringify([incident, cycle, step]);

export function stepOfRef(ref: string): StepRef {
  const [incident, cycle, step] = JSON.parse(ref) as [string, number, number];
  return { incident, cycle, step };
}

/** A deadline of an incident, with what is warned of it before. */
export interface SlaRef {
  readonly incident: string;
  readonly kind: SlaKind;
  readonly cycle: number;
}

const slaRef = ({ incident, kind, cycle }: SlaRef): string => JSON.stringify([incident, kind, cycle]);

export function slaOfRef(ref: string): SlaRef {
  const [incident, kind, cycle] = JSON.parse(ref) as [string, SlaKind, number];
  return { incident, kind, cycle };
}

function stepTimer({ app, id, cycle, run }: Incident): Due[] {
  if (run?.at === undefined) return [];
  return [{ app, kind: ESCALATION_DUE, ref: stepRef({ incident: id, cycle, step: run.called + 1 }), at: run.at }];
}

function slaTimers({ sla, ...incident }: Incident): Due[] {
  if (!sla) return [];
  const { app, id, cycle } = incident;
  const { phase, opened } = factsOfIncident(incident).status;
  return slaKinds.flatMap((kind): Due[] => {
    const [next] = pointsLeft(sla, kind, phase, opened.at);
    return next ? [{ app, kind: SLA_DUE, ref: slaRef({ incident: id, kind, cycle }), at: next.at }] : [];
  });
}

/** Those that an incident waits for. */
export const timersOf = (incident: Incident): Due[] => [...stepTimer(incident), ...slaTimers(incident)];

/**
 * Sets those that are new or moved, and clears those that are gone.
 * @param done the row that was finished in this transaction: it is there no more
 * @returns when the earliest of them is due; undefined: none was set
 */
export async function moveTimers(
  tx: HubDb,
  before: Incident | undefined,
  after: Incident | undefined,
  done?: Pick<ClaimedDue, 'id'>,
): Promise<number | undefined> {
  const old = (before ? timersOf(before) : []).filter((due) => dueId(due) !== done?.id);
  const now = after ? timersOf(after) : [];
  const kept = new Set(now.map(dueId));
  await clearDue(
    tx,
    old.filter((due) => !kept.has(dueId(due))),
  );
  const known = new Map(old.map((due) => [dueId(due), due.at]));
  const moved = now.filter((due) => known.get(dueId(due)) !== due.at);
  await setDue(tx, moved);
  return moved.length === 0 ? undefined : Math.min(...moved.map(({ at }) => at));
}
