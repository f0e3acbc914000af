/** One step of an escalation: who is called, the lines of the timeline, and where the escalation is afterwards. */
import type { Presences, TakenNotice } from '../../notifications/notices.ts';
import type { RecipientsDoc } from '../../notifications/recipients-doc.ts';
import type { HubDb } from '../../storage/storage.ts';
import { type Actor, HUB } from '../incident.ts';
import { factsOfIncident, type Incident } from '../incident-rows.ts';
import { callKey } from '../notices/notice-doc.ts';
import { type Telling, type TellingParts, tellPeople } from '../notices/tell.ts';
import { peopleOf } from '../notices/told.ts';
import type { EscalateOrder } from '../parse-verb.ts';
import type { TimelineEntry } from '../timeline/timeline-entry.ts';
import type { PlannedStep } from './escalation-plan.ts';
import { afterStep, type EscalationRun, nextStep } from './escalation-run.ts';

export interface CallParts extends TellingParts {
  /** UNIX milliseconds. */
  readonly now: () => number;
}

export interface CallToMake {
  readonly incident: Incident;
  readonly actor: Actor;
  /** By hand: what is asked for otherwise than the step says. */
  readonly order?: Omit<EscalateOrder, 'at' | 'by'>;
  readonly presences: Presences;
}

export interface Called {
  readonly incident: Incident;
  readonly lines: readonly TimelineEntry[];
  readonly taken: TakenNotice | undefined;
}

const NAMING = ['users', 'teams', 'roles', 'topics', 'devices'] as const;

/** Undefined: no one is left. */
const someone = (to: RecipientsDoc): RecipientsDoc | undefined =>
  to.everyone === true || NAMING.some((name) => to[name]?.length) ? to : undefined;

/** Calls the next step, or those whom the order names; in the transaction that writes the incident. */
export async function callPeople(tx: HubDb, parts: CallParts, call: CallToMake): Promise<Called> {
  const { incident, actor, order = {}, presences } = call;
  const { run } = incident;
  // Who says whom to call leaves the steps as they are.
  const planned = order.to || !run ? undefined : nextStep(run);
  const { taken, entry } = await tellPeople(tx, parts, tellingOf(call, planned), presences);
  const { phase } = factsOfIncident(incident).status;
  const after = run && planned ? { ...incident, run: afterStep(run, parts.now(), phase === 'open') } : incident;
  const lines = [lineOf(actor, run, planned), entry];
  const isLast = after.run !== undefined && planned !== undefined && nextStep(after.run) === undefined;
  return { incident: after, lines: isLast ? [...lines, LAST] : lines, taken };
}

function tellingOf({ incident, actor, order = {} }: CallToMake, planned: PlannedStep | undefined): Telling {
  const facts = factsOfIncident(incident);
  const step = planned?.step;
  const to = order.to ?? (step?.to ? someone(step.to) : peopleOf(facts.doc));
  return {
    ...{ app: incident.app, incident: incident.id, facts, event: 'incident.escalated', to },
    message: order.message ?? (planned && actor === HUB ? stepWords(planned, incident) : byWords(actor)),
    by: actor.isNamed ? actor.name : undefined,
    channels: order.channels ?? step?.channels,
    priority: order.priority ?? step?.priority,
    awakeOnly: step?.if === 'recipient_awake',
    key: callKey(incident.id),
  };
}

const byWords = ({ name, isNamed }: Actor): string => (isNamed ? `Escalated by ${name}.` : 'Escalated.');

const ofWords = ({ place, round }: PlannedStep, { run }: Incident): string =>
  `step ${place} of ${run?.doc.steps.length ?? place}${round > 1 ? `, round ${round}` : ''}`;

const stepWords = (planned: PlannedStep, incident: Incident): string =>
  `Not acknowledged yet: ${ofWords(planned, incident)}.`;

function lineOf(actor: Actor, run: EscalationRun | undefined, planned: PlannedStep | undefined): TimelineEntry {
  const line: TimelineEntry = { kind: 'escalation', by: actor.name, event: 'incident.escalated', text: 'Escalated.' };
  if (!run || !planned) return line;
  const { place, round } = planned;
  const rounds = round > 1 ? `, round ${round}` : '';
  return { ...line, text: `Step ${place} of ${run.name}${rounds}.`, escalation: run.name, step: place, round };
}

const LAST: TimelineEntry = { kind: 'escalation', by: HUB.name, text: 'There is no further step.' };
