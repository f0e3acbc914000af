import { isoInstant } from '../../kit/time/instant.ts';
import type { EscalationRun } from './escalation/escalation-run.ts';
import { factsOfIncident, type Incident } from './incident-rows.ts';
import { BREACH, deadlineOf, type SlaProgress, slaKinds } from './sla/sla-times.ts';
import type { Moment } from './state/status-log.ts';

const momentView = ({ by, at }: Moment) => ({ by, at: isoInstant(at) });

/** How far its escalation is. */
const runView = ({ name, called, others, at }: EscalationRun) => ({
  ...{ escalation: name, steps: called },
  ...(others > 0 ? { of_others: others } : {}),
  ...(at === undefined ? {} : { next_at: isoInstant(at) }),
});

/** By when what is to be done, as it was opened; and what was not done in time. */
function slaView(sla: SlaProgress, openedAt: number) {
  const deadlines = slaKinds.flatMap((kind) => {
    const at = deadlineOf(sla, kind, openedAt);
    return at === undefined ? [] : [[kind, isoInstant(at)] as const];
  });
  const breached = slaKinds.filter((kind) => sla.told[kind] === BREACH);
  return {
    ...(deadlines.length > 0 ? { deadlines: Object.fromEntries(deadlines) } : {}),
    ...(breached.length > 0 ? { breached } : {}),
  };
}

/** An incident, as answers show it. */
export function incidentView(incident: Incident) {
  const { id, cycle, run, sla, created_at, updated_at } = incident;
  const { doc, status } = factsOfIncident(incident);
  const { assignees = [], responders = [], teams = [], data = {}, title, ...rest } = doc;
  const { acknowledged, resolved, opened } = status;
  return {
    ...{ id, title: title ?? id, status: status.word, cycle, ...rest, assignees, responders, teams, data },
    opened_at: isoInstant(opened.at),
    ...(run ? { escalated: runView(run) } : {}),
    ...(sla ? slaView(sla, opened.at) : {}),
    ...(acknowledged ? { acknowledged: momentView(acknowledged) } : {}),
    ...(resolved ? { resolved: momentView(resolved) } : {}),
    ...{ created_at: isoInstant(created_at), updated_at: isoInstant(updated_at) },
  };
}

export type IncidentView = ReturnType<typeof incidentView>;

/** What the token of a person shows: without who else is named, and what back ends keep in it. */
export function ownIncidentView(incident: Incident) {
  const {
    assignees: _,
    responders: __,
    teams: ___,
    data: ____,
    sla: _____,
    escalation: ______,
    ...own
  } = incidentView(incident);
  return own;
}
