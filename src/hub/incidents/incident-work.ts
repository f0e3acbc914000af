/** Work on one incident in one transaction: who may do it, whether it was done before, and what follows the commit. */
import type { Presences, TakenNotice } from '../notifications/notices.ts';
import type { ActorName } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { isConcerned } from './concerned.ts';
import { noteTaken, wasTaken } from './event-ids.ts';
import { type Actor, type IncidentDoc, type IncidentEvent, IncidentRefusal } from './incident.ts';
import { factsOfIncident, type Incident, loadIncident, namedIn } from './incident-rows.ts';
import { heardBy, type TellingParts } from './notices/tell.ts';

export interface IncidentParts extends TellingParts {
  readonly store: HubStore;
  readonly newId: () => string;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

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
  /** The person whose token it is: no one else acts by it, and only on what concerns that person. */
  readonly person?: string | undefined;
  /** Throws when a change of the resource in this version is not wanted; undefined: it is not there. */
  readonly expect?: ((rev: number | undefined) => void) | undefined;
  /** Done in the same transaction. */
  readonly keep?: ((tx: HubDb, result: IncidentResult) => Promise<void>) | undefined;
}

/** What came of a piece of work. */
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

export interface WorkAsked {
  readonly change: IncidentChange;
  /** What is said of it, for who may hear of it. */
  readonly doc?: IncidentDoc;
  /** Others who may. */
  readonly users?: readonly string[];
  /** Id of the event that asks for it: it is done once in a day. */
  readonly dedup?: string | undefined;
  /** @returns undefined: there is nothing to do */
  work(tx: HubDb, before: Incident | undefined, presences: Presences): Promise<IncidentDone | undefined>;
}

/** @param by who it was, as the body says */
export const actorOf = ({ caller, person }: IncidentChange, by: string | undefined): Actor => {
  const name = person ?? by;
  return name === undefined ? { name: caller, isNamed: false } : { name, isNamed: true };
};

/** @param at when it was, as the body says; a person does it now */
export const timeOf = ({ person }: IncidentChange, at: number | undefined): number | undefined =>
  person === undefined ? at : undefined;

export async function workOn(parts: IncidentParts, asked: WorkAsked): Promise<IncidentResult> {
  const { store, notices } = parts;
  const { app, id } = asked.change;
  const known = await loadIncident(store.db, store.seal, app, id);
  const perhaps = [...(asked.users ?? []), ...namedIn(asked.doc ?? {}), ...(known ? peopleIn(known) : [])];
  const presences = await notices.presence(app, [...new Set(perhaps)]);
  const { result, after } = await store.write((tx) => inTransaction(tx, parts, asked, presences));
  for (const then of after) then();
  return result;
}

const peopleIn = (incident: Incident): string[] => namedIn(factsOfIncident(incident).doc);

async function inTransaction(
  tx: HubDb,
  { store, now }: IncidentParts,
  { change, dedup, work }: WorkAsked,
  presences: Presences,
): Promise<{ readonly result: IncidentResult; readonly after: readonly (() => void)[] }> {
  const { app, id, person, expect, keep } = change;
  const before = await loadIncident(tx, store.seal, app, id);
  if (person !== undefined && !(await isConcerned(tx, before, person)))
    throw new IncidentRefusal('not_found', 'there is no such incident');
  expect?.(before?.rev);
  const event = dedup === undefined ? undefined : { app, id: dedup, now: now() };
  const isDuplicate = event !== undefined && (await wasTaken(tx, store.seal, event));
  const done = isDuplicate ? undefined : await work(tx, before, presences);
  // What could not be done, because there is no such incident yet, may come again.
  if (done && event) await noteTaken(tx, store.seal, event);
  const result: IncidentResult = {
    ...{ incident: done?.incident ?? before, created: done?.created ?? false },
    ...{ changed: done?.events ?? [], notified: heardBy(done?.taken ?? []) },
    ...(isDuplicate ? { reason: 'duplicate' } : done?.isStale ? { reason: 'stale' } : {}),
  };
  await keep?.(tx, result);
  return { result, after: done?.after ?? [] };
}
