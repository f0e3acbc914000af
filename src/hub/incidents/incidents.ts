import { isFaulty } from '../../kit/json/readers.ts';
import type { ActorName } from '../storage/audit.ts';
import type { HubDb } from '../storage/storage.ts';
import { IncidentChanging, type IncidentParts } from './change-incident.ts';
import { deleteIncident } from './delete-incident.ts';
import { isEscalation } from './escalation/escalation-rows.ts';
import { type Actor, faultyIncident, type IncidentDoc, type IncidentEvent, IncidentRefusal } from './incident.ts';
import {
  factsOfIncident,
  type Incident,
  type IncidentsQuery,
  listIncidents,
  loadIncident,
  namedIn,
} from './incident-rows.ts';
import { heardBy } from './notices/tell.ts';
import { parseIncident } from './parse-incident.ts';
import type { Said } from './state/said.ts';
import { incidentFields } from './state/timed-fields.ts';

/** What a caller is answered. */
export interface IncidentResult {
  /** Undefined: there is none, and nothing was done. */
  readonly incident: Incident | undefined;
  readonly created: boolean;
  readonly changed: readonly IncidentEvent[];
  /** People who hear of it, over all its notices. */
  readonly notified: number;
  /** Why nothing was changed, where that is not that it was so already. */
  readonly reason?: 'stale' | 'duplicate';
}

export interface IncidentChange {
  readonly app: string;
  readonly id: string;
  /** Who calls, as the audit names it. */
  readonly caller: ActorName;
  /** The person whose token it is: no one else acts by it. */
  readonly person?: string | undefined;
  /** Throws when a change of the resource in this version is not wanted; undefined: it is not there. */
  readonly expect?: ((rev: number | undefined) => void) | undefined;
  /** Done in the same transaction. */
  readonly keep?: ((tx: HubDb, result: IncidentResult) => Promise<void>) | undefined;
}

/** Incidents: what is said of them, and what people hear of that. */
export class Incidents {
  readonly #parts: IncidentParts;
  readonly #changing: IncidentChanging;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
    this.#changing = new IncidentChanging(parts);
  }

  get(app: string, id: string): Promise<Incident | undefined> {
    return loadIncident(this.#parts.store.db, this.#parts.store.seal, app, id);
  }

  list(asked: IncidentsQuery): Promise<Incident[]> {
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
    return this.#say(change, actor, doc, () => said);
  }

  /** @returns whether it was there */
  async remove({ app, id, expect }: IncidentChange): Promise<boolean> {
    const { store, notices } = this.#parts;
    const ended = await store.write(async (tx) => {
      const before = await loadIncident(tx, store.seal, app, id);
      expect?.(before?.rev);
      return before && deleteIncident(tx, notices, app, id);
    });
    ended?.();
    return ended !== undefined;
  }

  /** @param saidOf what is said of it as it is; undefined: nothing */
  async #say(
    change: IncidentChange,
    actor: Actor,
    doc: IncidentDoc,
    saidOf: (before: Incident | undefined) => Said | undefined,
  ): Promise<IncidentResult> {
    const { store, notices } = this.#parts;
    const { app, id, caller, expect, keep } = change;
    const presences = await notices.presence(app, await this.#perhapsTold(app, id, doc));
    const { result, after } = await store.write(async (tx) => {
      const before = await loadIncident(tx, store.seal, app, id);
      expect?.(before?.rev);
      const said = saidOf(before);
      if (said?.doc.escalation !== undefined) await mustBeEscalation(tx, app, said.doc.escalation);
      const done = said && (await this.#changing.say(tx, { app, id, actor, caller, said }, before, presences));
      const made: IncidentResult = {
        ...{ incident: done?.incident ?? before, created: done?.created ?? false },
        ...{ changed: done?.events ?? [], notified: heardBy(done?.taken ?? []) },
        ...(done?.isStale ? { reason: 'stale' } : {}),
      };
      await keep?.(tx, made);
      return { result: made, after: done?.after ?? [] };
    });
    for (const then of after) then();
    return result;
  }

  async #perhapsTold(app: string, id: string, doc: IncidentDoc): Promise<string[]> {
    const known = await this.get(app, id);
    return [...new Set([...namedIn(doc), ...(known ? namedIn(factsOfIncident(known).doc) : [])])];
  }
}

/** @param by who it was, as the body says */
const actorOf = ({ caller, person }: IncidentChange, by: string | undefined): Actor => {
  const name = person ?? by;
  return name === undefined ? { name: caller, isNamed: false } : { name, isNamed: true };
};

async function mustBeEscalation(tx: HubDb, app: string, name: string): Promise<void> {
  if (await isEscalation(tx, app, name)) return;
  const reason = 'there is no such escalation';
  throw new IncidentRefusal('unprocessable', `escalation: ${reason}`, [{ path: 'escalation', reason }]);
}
