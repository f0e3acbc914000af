import type { Presences } from '../../notifications/notices.ts';
import type { HubDb } from '../../storage/storage.ts';
import { type ClaimedDue, finishDue } from '../../timers/due-rows.ts';
import { type Actor, HUB, IncidentRefusal } from '../incident.ts';
import { factsOfIncident, type Incident, loadIncident } from '../incident-rows.ts';
import {
  actorOf,
  type IncidentChange,
  type IncidentDone,
  type IncidentParts,
  type IncidentResult,
  timeOf,
  workOn,
} from '../incident-work.ts';
import type { EscalateOrder } from '../parse-verb.ts';
import { eachRow, moveTimers, stepOfRef } from '../timers.ts';
import { auditIncident, writeIncident } from '../write-incident.ts';
import { callPeople } from './call-step.ts';
import { escalationOf } from './escalation-rows.ts';
import { nextStep } from './escalation-run.ts';

/** What a back end alone may choose. */
const CHOICES = ['to', 'channels', 'priority', 'message'] as const;

/** Calls people for incidents that are not in hand: when a step is due, or by hand. */
export class Escalating {
  readonly #parts: IncidentParts;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
  }

  /** By hand: once for each time that is given with it. One that is resolved calls no one. */
  async escalate(change: IncidentChange, given: EscalateOrder, dedup?: string): Promise<IncidentResult> {
    const { at: asked, by, ...order } = given;
    const at = timeOf(change, asked);
    if (change.person !== undefined && CHOICES.some((name) => given[name] !== undefined))
      throw new IncidentRefusal('forbidden', 'the token of a person calls those whom the escalation names');
    const actor = actorOf(change, by);
    return workOn(this.#parts, {
      ...{ change, dedup, users: order.to?.users ?? [] },
      work: async (tx, before, presences) =>
        before && this.#byHand(tx, change, { before, at, order, actor, presences }),
    });
  }

  /** Timers of the kind ESCALATION_DUE. */
  readonly run = eachRow((row) => this.#due(row));

  async #byHand(tx: HubDb, change: IncidentChange, call: CallByHand): Promise<IncidentDone> {
    const { before, at } = call;
    const isStale = at !== undefined && at <= (before.called ?? 0);
    const none = { incident: before, created: false, events: [], taken: [], after: [], isStale };
    if (isStale || factsOfIncident(before).status.phase === 'resolved') return none;
    const now = this.#parts.now();
    const done = await this.#call(tx, { ...before, called: at ?? now }, call);
    const { app, id, caller } = change;
    await auditIncident(tx, this.#parts.store, { app, id, action: 'escalated', by: caller, now });
    return { ...done, created: false, events: ['incident.escalated'], isStale: false };
  }

  async #due(row: ClaimedDue): Promise<void> {
    const { store, notices } = this.#parts;
    const { incident: id } = stepOfRef(row.ref);
    const known = await loadIncident(store.db, store.seal, row.app, id);
    const presences = await notices.presence(row.app, known ? usersOf(known) : []);
    const after = await store.write(async (tx) => {
      await finishDue(tx, row);
      return this.#dueStep(tx, row, presences);
    });
    for (const then of after) then();
  }

  /** Nothing, if the incident is in hand by now, or another step is next. */
  async #dueStep(tx: HubDb, { app, ref }: ClaimedDue, presences: Presences): Promise<readonly (() => void)[]> {
    const { store, policyOf } = this.#parts;
    const { incident: id, cycle, step } = stepOfRef(ref);
    const before = await loadIncident(tx, store.seal, app, id);
    if (!before?.run || before.cycle !== cycle || before.run.called + 1 !== step) return [];
    const { doc, status } = factsOfIncident(before);
    if (status.phase !== 'open') return [];
    // Whom to call is asked when the call is due.
    const escalation = await escalationOf(tx, store.seal, policyOf(app), { app, doc, run: before.run });
    const incident = { ...before, run: { ...before.run, ...escalation } };
    if (!nextStep(incident.run)) return this.#end(tx, before, incident);
    return (await this.#call(tx, incident, { before, actor: HUB, presences })).after;
  }

  /** The escalation is shorter now than it was when the timer was set. */
  async #end(tx: HubDb, before: Incident, { run, ...incident }: Incident): Promise<readonly (() => void)[]> {
    const { store, now } = this.#parts;
    const { at: _, ...ended } = run ?? {};
    const next = { ...incident, ...(run ? { run: ended as typeof run } : {}) };
    const lines = [{ kind: 'escalation' as const, by: HUB.name, text: 'There is no further step.' }];
    await writeIncident(tx, store, { incident: next, lines, actor: HUB, now: now() });
    await moveTimers(tx, before, next);
    return [];
  }

  async #call(
    tx: HubDb,
    incident: Incident,
    { before, order, actor, presences }: Omit<CallByHand, 'at'>,
  ): Promise<Pick<IncidentDone, 'incident' | 'taken' | 'after'>> {
    const { store, notices, now: clock } = this.#parts;
    const now = clock();
    const called = await callPeople(tx, this.#parts, { incident, actor, presences, ...(order ? { order } : {}) });
    const next = { ...called.incident, rev: before.rev + 1, updated_at: now };
    const written = await writeIncident(tx, store, { incident: next, lines: called.lines, actor, now });
    const dueAt = await moveTimers(tx, before, written);
    const { taken } = called;
    return {
      incident: written,
      taken: taken ? [taken] : [],
      after: [...(taken ? [() => taken.deliver()] : []), ...(dueAt === undefined ? [] : [() => notices.nudge(dueAt)])],
    };
  }
}

interface CallByHand {
  readonly before: Incident;
  readonly at?: number | undefined;
  readonly order?: Omit<EscalateOrder, 'at' | 'by'>;
  readonly actor: Actor;
  readonly presences: Presences;
}

/** People whose presence may matter for the next call. */
function usersOf(incident: Incident): string[] {
  const { doc } = factsOfIncident(incident);
  const step = incident.run && nextStep(incident.run)?.step;
  return [...(step?.to?.users ?? []), ...(doc.assignees ?? []), ...(doc.responders ?? [])];
}
