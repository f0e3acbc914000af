/** What happens when something is said of an incident, in one transaction: the change, its notices, the lines of its timeline. */
import { isDeepStrictEqual } from 'node:util';
import type { Presences } from '../notifications/notices.ts';
import type { HubDb } from '../storage/storage.ts';
import { escalationOf } from './escalation/escalation-rows.ts';
import { runAfter } from './escalation/escalation-run.ts';
import { type Actor, aboutIncident, type IncidentEvent } from './incident.ts';
import { factsOfIncident, type Incident, lastSaidAt } from './incident-rows.ts';
import type { IncidentDone, IncidentParts } from './incident-work.ts';
import { changeMessage } from './notices/message.ts';
import { callKey } from './notices/notice-doc.ts';
import { type ToldPeople, tellPeople } from './notices/tell.ts';
import { isTold, toldOf } from './notices/told.ts';
import { ofSeverity } from './severity-map.ts';
import { changesBetween, type IncidentChanges, type IncidentFacts } from './state/changes.ts';
import { afterSaid, type Said } from './state/said.ts';
import { entriesOf, unheardEntry } from './timeline/timeline-entry.ts';
import { moveTimers } from './timers.ts';
import { auditIncident, writeIncident } from './write-incident.ts';

export interface IncidentAsked {
  readonly app: string;
  readonly id: string;
  readonly actor: Actor;
  /** Who calls, for the audit. */
  readonly caller: string;
  readonly said: Said;
}

interface ChangeAt {
  readonly known: IncidentFacts | undefined;
  readonly facts: IncidentFacts;
  readonly changes: IncidentChanges;
  readonly presences: Presences;
}

export class IncidentChanging {
  readonly #parts: IncidentParts;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
  }

  /** @param before as it was loaded in this transaction */
  async say(
    tx: HubDb,
    asked: IncidentAsked,
    before: Incident | undefined,
    presences: Presences,
  ): Promise<IncidentDone> {
    const { app, id, actor, said } = asked;
    const { store, notices, now: clock } = this.#parts;
    const now = clock();
    const state = afterSaid(before, said, now);
    const known = before && factsOfIncident(before);
    const facts = factsOfIncident({ ...state, places: 0 });
    const changes = changesBetween(known, facts);
    const isSeen = !known || !isDeepStrictEqual(known, facts);
    const ended = await this.#endNotices(tx, asked, changes);
    const told: ToldPeople[] = [];
    for (const event of changes.events)
      told.push(await this.#tell(tx, asked, { known, facts, changes, presences }, event));
    const next: Incident = {
      ...{ app, id, rev: 0, place: 0, places: 0, created_at: now, updated_at: now, ...withoutTimers(before), ...state },
      cycle: before ? before.cycle + (changes.isReopened ? 1 : 0) : 1,
      ...(isSeen ? { rev: (before?.rev ?? 0) + 1, updated_at: now } : {}),
      ...(await this.#run(tx, asked, { before, facts, changes, now })),
      ...this.#sla(asked, { before, facts, changes }),
    };
    const lines = [
      ...entriesOf(known, facts, changes, { cycle: next.cycle, actor }),
      ...told.map(({ entry }) => entry),
    ];
    const isWritten = !isDeepStrictEqual(before, next) || lines.length > 0;
    const incident = isWritten ? await writeIncident(tx, store, { incident: next, lines, actor, now }) : next;
    const dueAt = await moveTimers(tx, before, incident);
    if (isSeen)
      await auditIncident(tx, store, { app, id, action: before ? 'changed' : 'created', by: asked.caller, now });
    const taken = told.flatMap((each) => each.taken ?? []);
    return {
      ...{ incident, created: !before, events: changes.events, taken },
      after: [
        ...ended,
        ...taken.map((notice) => () => notice.deliver()),
        ...(dueAt === undefined ? [] : [() => notices.nudge(dueAt)]),
      ],
      isStale: isNothing(changes) && before !== undefined && (said.at ?? now) < lastSaidAt(before),
    };
  }

  /** Where its escalation is after the change. */
  async #run(
    tx: HubDb,
    { app }: IncidentAsked,
    {
      before,
      facts,
      changes,
      now,
    }: { readonly before: Incident | undefined; readonly now: number } & Pick<ChangeAt, 'facts' | 'changes'>,
  ): Promise<Pick<Incident, 'run'>> {
    const { store, policyOf } = this.#parts;
    const { doc, status } = facts;
    const escalation = await escalationOf(tx, store.seal, policyOf(app), { app, doc, run: before?.run });
    const run = runAfter({
      ...{ before: before?.run, escalation, phase: status.phase, openedAt: status.opened.at, now },
      isNewCycle: !before || changes.isReopened,
    });
    return run ? { run } : {};
  }

  /** By when it is to be in hand and resolved after the change; a new cycle begins with none of it said. */
  #sla(
    { app }: IncidentAsked,
    { before, facts, changes }: { readonly before: Incident | undefined } & Pick<ChangeAt, 'facts' | 'changes'>,
  ): Pick<Incident, 'sla'> {
    const { doc } = facts;
    const sla = doc.sla ?? ofSeverity(this.#parts.policyOf(app).slas, doc.severity);
    const told = changes.isReopened ? {} : (before?.sla?.told ?? {});
    // What was said is remembered, should there be a deadline again.
    return sla || Object.keys(told).length > 0 ? { sla: { doc: sla ?? {}, told } } : {};
  }

  /** Takes back what is settled by the change. @returns to be called after the commit */
  async #endNotices(tx: HubDb, { app, id }: IncidentAsked, { events }: IncidentChanges): Promise<(() => void)[]> {
    const { notices } = this.#parts;
    const about = aboutIncident(id);
    const isAcked = events.includes('incident.acknowledged');
    const isResolved = events.includes('incident.resolved');
    return [
      ...(isAcked ? [await notices.end(tx, { app, about, reason: 'acked', key: callKey(id) })] : []),
      ...(isResolved ? [await notices.end(tx, { app, about, reason: 'resolved' })] : []),
    ];
  }

  async #tell(tx: HubDb, asked: IncidentAsked, moment: ChangeAt, event: IncidentEvent): Promise<ToldPeople> {
    const { known, facts, changes, presences } = moment;
    const { app, id, actor } = asked;
    if (!isTold(event, known, facts)) {
      const why = event === 'incident.created' ? 'it came resolved' : 'it is in hand';
      return { taken: undefined, entry: unheardEntry(event, why) };
    }
    const { exceptActor } = this.#parts.policyOf(app);
    const to = toldOf({ event, doc: facts.doc, newAssignees: changes.newAssignees, actor, exceptActor });
    const message = changeMessage(event, known, facts, changes, actor);
    const by = isByActor(event) && actor.isNamed ? actor.name : undefined;
    return tellPeople(tx, this.#parts, { app, incident: id, facts, event, to, message, by }, presences);
  }
}

/** Every change says what its timers come to. */
function withoutTimers(incident: Incident | undefined): Omit<Incident, 'run' | 'sla'> | undefined {
  if (!incident) return undefined;
  const { run: _, sla: __, ...rest } = incident;
  return rest;
}

const isNothing = ({ events, fields }: IncidentChanges): boolean => events.length + fields.length === 0;

const isByActor = (event: IncidentEvent): boolean => event === 'incident.acknowledged' || event === 'incident.resolved';
