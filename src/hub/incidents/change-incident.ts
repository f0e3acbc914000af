/** What happens when something is said of an incident, in one transaction: the change, its notices, the lines of its timeline. */
import { isDeepStrictEqual } from 'node:util';
import type { Presences, TakenNotice } from '../notifications/notices.ts';
import { auditChanges } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { type Actor, aboutIncident, type IncidentEvent } from './incident.ts';
import {
  factsOfIncident,
  type Incident,
  lastSaidAt,
  loadIncident,
  namedIn,
  notePeople,
  saveIncident,
} from './incident-rows.ts';
import { changeMessage } from './notices/message.ts';
import { type TellingParts, type ToldPeople, tellPeople } from './notices/tell.ts';
import { isTold, toldOf } from './notices/told.ts';
import { changesBetween, type IncidentChanges, type IncidentFacts } from './state/changes.ts';
import { afterSaid, type Said } from './state/said.ts';
import { entriesOf, namedInEntry, type TimelineEntry, unheardEntry } from './timeline/timeline-entry.ts';
import { addEntries } from './timeline/timeline-rows.ts';

export interface IncidentParts extends TellingParts {
  readonly store: HubStore;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

export interface IncidentAsked {
  readonly app: string;
  readonly id: string;
  readonly actor: Actor;
  /** Who calls, for the audit. */
  readonly caller: string;
  readonly said: Said;
}

/** What came of it. */
export interface IncidentDone {
  readonly incident: Incident;
  readonly created: boolean;
  readonly events: readonly IncidentEvent[];
  readonly taken: readonly TakenNotice[];
  /** To be called after the commit. */
  readonly after: readonly (() => void)[];
  /** Nothing was changed, since something later is known already. */
  readonly isStale: boolean;
}

/** Notices that call for someone, and are answered by an acknowledgement. */
const CALLS: readonly IncidentEvent[] = ['incident.escalated'];

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
    const now = this.#parts.now();
    const state = afterSaid(before, said, now);
    const known = before && factsOfIncident(before);
    const facts = factsOfIncident({ ...state, places: 0 });
    const changes = changesBetween(known, facts);
    const isSeen = !known || !isDeepStrictEqual(known, facts);
    const cycle = before ? before.cycle + (changes.isReopened ? 1 : 0) : 1;
    const ended = await this.#endNotices(tx, asked, changes);
    const told: ToldPeople[] = [];
    for (const event of changes.events)
      told.push(await this.#tell(tx, asked, { known, facts, changes, presences }, event));
    const lines = [...entriesOf(known, facts, changes, { cycle, actor }), ...told.map(({ entry }) => entry)];
    const incident: Incident = {
      ...{ app, id, ...state, cycle },
      places: (before?.places ?? 0) + lines.length,
      rev: (before?.rev ?? 0) + (isSeen ? 1 : 0),
      created_at: before?.created_at ?? now,
      updated_at: isSeen || !before ? now : before.updated_at,
    };
    await this.#write(tx, { asked, before, incident, lines, facts, isSeen });
    const isStale = isNothing(changes) && before !== undefined && (said.at ?? now) < lastSaidAt(before);
    const taken = told.flatMap((each) => each.taken ?? []);
    const after = [...ended, ...taken.map((notice) => () => notice.deliver())];
    return { incident, created: !before, events: changes.events, taken, after, isStale };
  }

  load(tx: HubDb, app: string, id: string): Promise<Incident | undefined> {
    return loadIncident(tx, this.#parts.store.seal, app, id);
  }

  /** Takes back what is settled by the change. @returns to be called after the commit */
  async #endNotices(tx: HubDb, { app, id }: IncidentAsked, { events }: IncidentChanges): Promise<(() => void)[]> {
    const { notices } = this.#parts;
    const about = aboutIncident(id);
    const isAcked = events.includes('incident.acknowledged');
    const isResolved = events.includes('incident.resolved');
    return [
      ...(isAcked ? [await notices.end(tx, { app, about, reason: 'acked', types: CALLS })] : []),
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

  async #write(tx: HubDb, { asked, before, incident, lines, facts, isSeen }: Writing): Promise<void> {
    const { store, now } = this.#parts;
    const { app, id, actor, caller } = asked;
    if (before && lines.length === 0 && !isSeen && isDeepStrictEqual(before, incident)) return;
    const places = before?.places ?? 0;
    await addEntries(tx, store, { app, incident: id, places, now: now() }, lines);
    await saveIncident(tx, store.seal, incident);
    const named = [...namedIn(facts.doc), ...lines.flatMap(namedInEntry), ...(actor.isNamed ? [actor.name] : [])];
    await notePeople(tx, app, id, named);
    if (!isSeen) return;
    const action = before ? 'incident.changed' : 'incident.created';
    await auditChanges(tx, store.seal, [{ app, at: now(), by: caller, action, target: `incident:${id}` }]);
  }
}

const isNothing = ({ events, fields }: IncidentChanges): boolean => events.length + fields.length === 0;

interface ChangeAt {
  readonly known: IncidentFacts | undefined;
  readonly facts: IncidentFacts;
  readonly changes: IncidentChanges;
  readonly presences: Presences;
}

interface Writing {
  readonly asked: IncidentAsked;
  readonly before: Incident | undefined;
  readonly incident: Incident;
  readonly lines: readonly TimelineEntry[];
  readonly facts: IncidentFacts;
  readonly isSeen: boolean;
}

const isByActor = (event: IncidentEvent): boolean => event === 'incident.acknowledged' || event === 'incident.resolved';
