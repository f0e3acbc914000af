import { isoInstant } from '../../kit/time/instant.ts';
import type { EscalationRun } from './escalation/escalation-run.ts';
import { factsOfIncident, type Incident } from './incident-rows.ts';
import type { Moment } from './state/status-log.ts';

const momentView = ({ by, at }: Moment) => ({ by, at: isoInstant(at) });

/** How far its escalation is. */
const runView = ({ name, called, at }: EscalationRun) => ({
  ...{ escalation: name, steps: called },
  ...(at === undefined ? {} : { next_at: isoInstant(at) }),
});

/** An incident, as answers show it. */
export function incidentView(incident: Incident) {
  const { id, cycle, run, created_at, updated_at } = incident;
  const { doc, status } = factsOfIncident(incident);
  const { assignees = [], responders = [], teams = [], data = {}, title, ...rest } = doc;
  const { acknowledged, resolved, opened } = status;
  return {
    ...{ id, title: title ?? id, status: status.word, cycle, ...rest, assignees, responders, teams, data },
    opened_at: isoInstant(opened.at),
    ...(run ? { escalated: runView(run) } : {}),
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
