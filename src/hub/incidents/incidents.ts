import { isFaulty } from '../../kit/json/readers.ts';
import type { TakenNotice } from '../notifications/notices.ts';
import type { RowPage } from '../storage/row-page.ts';
import type { HubDb } from '../storage/storage.ts';
import { revOf, SPOILT, spoiltOr } from '../storage/unreadable.ts';
import type { DueWork } from '../timers/due-rows.ts';
import { IncidentChanging } from './change-incident.ts';
import { deleteIncident } from './delete-incident.ts';
import { directNotice, parseDirectNotice } from './direct-notice.ts';
import { Escalating } from './escalation/escalating.ts';
import { loadEscalation } from './escalation/escalation-rows.ts';
import { type Actor, faultyIncident, IncidentRefusal } from './incident.ts';
import { type Incident, type IncidentsQuery, listIncidents, loadIncident } from './incident-rows.ts';
import {
  actorOf,
  type IncidentChange,
  type IncidentParts,
  type IncidentResult,
  timeOf,
  workOn,
} from './incident-work.ts';
import type { IncidentEventOrder } from './parse-event.ts';
import { parseIncident } from './parse-incident.ts';
import { parseEscalate, parseVerb } from './parse-verb.ts';
import { SlaWatch } from './sla/sla-watch.ts';
import type { Said } from './state/said.ts';
import { incidentFields } from './state/timed-fields.ts';
import { ESCALATION_DUE, type IncidentTimer, SLA_DUE } from './timers.ts';

/** Incidents: what is said of them, and what people hear of that. */
export class Incidents {
  readonly #parts: IncidentParts;
  readonly #changing: IncidentChanging;
  readonly #escalating: Escalating;
  readonly #slaWatch: SlaWatch;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
    this.#changing = new IncidentChanging(parts);
    this.#escalating = new Escalating(parts);
    this.#slaWatch = new SlaWatch(parts);
  }

  get(app: string, id: string): Promise<Incident | undefined> {
    return loadIncident(this.#parts.store.db, this.#parts.store.seal, app, id);
  }

  list(asked: IncidentsQuery): Promise<RowPage<Incident>> {
    return listIncidents(this.#parts.store.db, this.#parts.store.seal, asked);
  }

  /** Says all of it: fields that are left out are absent; a status that is left out stays. @throws IncidentRefusal 422 */
  async put(change: IncidentChange, json: unknown): Promise<IncidentResult> {
    const given = parseIncident(json);
    if (isFaulty(given)) throw faultyIncident(given);
    const { doc, status, at, by } = given;
    const actor = actorOf(change, by);
    const said: Said = {
      ...{ doc, names: incidentFields, by: actor.name, at },
      mark: status === undefined ? { kind: 'seen' } : { kind: 'set', word: status },
    };
    return this.#say(change, actor, { said });
  }

  /** What is not there is left alone. @throws IncidentRefusal 422, 404 for a person whom it does not concern */
  async verb(change: IncidentChange, kind: 'acknowledge' | 'resolve', json: unknown): Promise<IncidentResult> {
    const given = parseVerb(json);
    if (isFaulty(given)) throw faultyIncident(given);
    const actor = actorOf(change, given.by);
    const said: Said = { doc: {}, names: [], by: actor.name, at: timeOf(change, given.at), mark: { kind } };
    return this.#say(change, actor, { said, isVerb: true });
  }

  /** One of the verbs, or a trigger, which makes an incident that is not there. @throws IncidentRefusal as `put` */
  async event(change: Omit<IncidentChange, 'id'>, order: IncidentEventOrder): Promise<IncidentResult> {
    const { action, key, doc, names, by, at, dedup } = order;
    const own: IncidentChange = { ...change, id: key ?? this.#parts.newId() };
    const actor = actorOf(own, by);
    if (action === 'escalate') return this.#escalating.escalate(own, order, dedup);
    const said: Said = { doc, names, by: actor.name, at, mark: { kind: action } };
    return this.#say(own, actor, { said, dedup, isVerb: action !== 'trigger' });
  }

  /** Calls people now. @throws IncidentRefusal as `verb` */
  async escalate(change: IncidentChange, json: unknown): Promise<IncidentResult> {
    const order = parseEscalate(json);
    if (isFaulty(order)) throw faultyIncident(order);
    return this.#escalating.escalate(change, order);
  }

  /**
   * A notice that a back end words itself, about an incident that the hub need not know.
   * @param keep done in the same transaction
   * @throws IncidentRefusal 422
   */
  async notify(
    change: IncidentChange,
    json: unknown,
    keep: (tx: HubDb, taken: TakenNotice) => Promise<void> = async () => {},
  ): Promise<TakenNotice> {
    const order = parseDirectNotice(json);
    if (isFaulty(order)) throw faultyIncident(order);
    return directNotice(this.#parts, change, order, keep);
  }

  /** Work of timers, by kind. */
  get works(): Readonly<Record<IncidentTimer, DueWork>> {
    return { [ESCALATION_DUE]: this.#escalating.run, [SLA_DUE]: this.#slaWatch.run };
  }

  /** @returns whether it was there */
  async remove({ app, id, expect }: IncidentChange): Promise<boolean> {
    const { store, notices } = this.#parts;
    const ended = await store.write(async (tx) => {
      const before = await spoiltOr(loadIncident(tx, store.seal, app, id));
      expect?.(revOf(before));
      return before && deleteIncident(tx, notices, before === SPOILT ? { app, id } : before);
    });
    ended?.();
    return ended !== undefined;
  }

  #say(change: IncidentChange, actor: Actor, { said, dedup, isVerb = false }: Saying): Promise<IncidentResult> {
    const { app, id, caller } = change;
    return workOn(this.#parts, {
      ...{ change, doc: said.doc, dedup },
      work: async (tx, before, presences) => {
        if (!before && isVerb) return undefined;
        if (said.doc.escalation !== undefined) await this.#mustBeEscalation(tx, app, said.doc.escalation, before);
        return this.#changing.say(tx, { app, id, actor, caller, said }, before, presences);
      },
    });
  }

  async #mustBeEscalation(tx: HubDb, app: string, name: string, before: Incident | undefined): Promise<void> {
    const found = await spoiltOr(loadEscalation(tx, this.#parts.store.seal, app, name));
    // One that is damaged goes on as it was where it is under way.
    if (found === SPOILT ? before?.run?.name === name : found) return;
    const reason = found
      ? 'is damaged and cannot be read: delete it, and write it again'
      : 'there is no such escalation';
    throw new IncidentRefusal('unprocessable', `escalation: ${reason}`, [{ path: 'escalation', reason }]);
  }
}

interface Saying {
  readonly said: Said;
  readonly dedup?: string | undefined;
  /** It makes no incident. */
  readonly isVerb?: boolean;
}
