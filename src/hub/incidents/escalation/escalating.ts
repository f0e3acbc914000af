import type { Presences } from '../../notifications/notices.ts';
import type { HubDb } from '../../storage/storage.ts';
import { type Actor, IncidentRefusal } from '../incident.ts';
import { factsOfIncident, type Incident } from '../incident-rows.ts';
import {
  actorOf,
  type IncidentChange,
  type IncidentDone,
  type IncidentParts,
  type IncidentResult,
  timeOf,
  workOn,
} from '../incident-work.ts';
import { tellPeople } from '../notices/tell.ts';
import { peopleOf } from '../notices/told.ts';
import type { EscalateOrder } from '../parse-verb.ts';
import type { TimelineEntry } from '../timeline/timeline-entry.ts';
import { auditIncident, writeIncident } from '../write-incident.ts';

/** Calls people for an incident that is not in hand. */
export class Escalating {
  readonly #parts: IncidentParts;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
  }

  /** By hand: once for each time that is given with it. One that is resolved calls no one. */
  async escalate(change: IncidentChange, given: EscalateOrder, dedup?: string): Promise<IncidentResult> {
    const order = { ...given, at: timeOf(change, given.at) };
    if (change.person !== undefined && CHOICES.some((name) => given[name] !== undefined))
      throw new IncidentRefusal('forbidden', 'the token of a person calls those whom the escalation names');
    const actor = actorOf(change, order.by);
    return workOn(this.#parts, {
      ...{ change, dedup, users: order.to?.users ?? [] },
      work: async (tx, before, presences) => before && this.#byHand(tx, { before, change, order, actor, presences }),
    });
  }

  async #byHand(tx: HubDb, { before, change, order, actor, presences }: CallByHand): Promise<IncidentDone> {
    const { store, now: clock } = this.#parts;
    const { app, id, caller } = change;
    const now = clock();
    const facts = factsOfIncident(before);
    const isStale = order.at !== undefined && order.at <= (before.called ?? 0);
    const none = { incident: before, created: false, events: [], taken: [], after: [], isStale };
    if (isStale || facts.status.phase === 'resolved') return none;
    const { to = peopleOf(facts.doc), channels, priority, message = byWords(actor) } = order;
    const by = actor.isNamed ? actor.name : undefined;
    const telling = {
      app,
      incident: id,
      facts,
      event: 'incident.escalated' as const,
      to,
      message,
      by,
      channels,
      priority,
    };
    const { taken, entry } = await tellPeople(tx, this.#parts, telling, presences);
    const called: TimelineEntry = {
      kind: 'escalation',
      by: actor.name,
      event: 'incident.escalated',
      text: 'Escalated.',
    };
    const next: Incident = { ...before, called: order.at ?? now, rev: before.rev + 1, updated_at: now };
    const incident = await writeIncident(tx, store, { incident: next, lines: [called, entry], actor, now });
    await auditIncident(tx, store, { app, id, action: 'escalated', by: caller, now });
    return {
      ...{ incident, created: false, events: ['incident.escalated'], taken: taken ? [taken] : [], isStale: false },
      after: taken ? [() => taken.deliver()] : [],
    };
  }
}

/** What a back end alone may choose. */
const CHOICES = ['to', 'channels', 'priority', 'message'] as const;

interface CallByHand {
  readonly before: Incident;
  readonly change: IncidentChange;
  readonly order: Omit<EscalateOrder, 'at'> & { readonly at: number | undefined };
  readonly actor: Actor;
  readonly presences: Presences;
}

const byWords = ({ name, isNamed }: Actor): string => (isNamed ? `Escalated by ${name}.` : 'Escalated.');
