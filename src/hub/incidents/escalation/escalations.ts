import { isDeepStrictEqual } from 'node:util';
import { isFaulty } from '../../../kit/json/readers.ts';
import { type ActorName, auditChanges } from '../../storage/audit.ts';
import type { RowPage } from '../../storage/row-page.ts';
import type { HubDb, HubStore } from '../../storage/storage.ts';
import { revOf, spoiltOr } from '../../storage/unreadable.ts';
import { faultyIncident } from '../incident.ts';
import { namedInSteps, parseEscalation, stepsWithout } from './escalation-doc.ts';
import {
  deleteEscalation,
  deleteUnreadable,
  type Escalation,
  listEscalations,
  loadEscalation,
  saveEscalation,
} from './escalation-rows.ts';

export interface EscalationChange {
  readonly app: string;
  readonly name: string;
  readonly by: ActorName;
  /** Throws when a change of the resource in this version is not wanted; undefined: it is not there. */
  readonly expect: (rev: number | undefined) => void;
}

export interface EscalationsParts {
  readonly store: HubStore;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Who is called when, under names that incidents and severities say. */
export class Escalations {
  readonly #store: HubStore;
  readonly #now: () => number;

  constructor({ store, now }: EscalationsParts) {
    this.#store = store;
    this.#now = now;
  }

  get(app: string, name: string): Promise<Escalation | undefined> {
    return loadEscalation(this.#store.db, this.#store.seal, app, name);
  }

  list(asked: Parameters<typeof listEscalations>[2]): Promise<RowPage<Escalation>> {
    return listEscalations(this.#store.db, this.#store.seal, asked);
  }

  /** Incidents under way go on with it. @throws IncidentRefusal 422 */
  async put(change: EscalationChange, json: unknown): Promise<{ escalation: Escalation; created: boolean }> {
    const doc = parseEscalation(json);
    if (isFaulty(doc)) throw faultyIncident(doc);
    const { seal } = this.#store;
    const { app, name, expect } = change;
    return this.#store.write(async (tx) => {
      const before = await loadEscalation(tx, seal, app, name);
      expect(before?.rev);
      if (before && isDeepStrictEqual(before.doc, doc)) return { escalation: before, created: false };
      const now = this.#now();
      const escalation: Escalation = {
        ...{ app, name, doc, rev: (before?.rev ?? 0) + 1 },
        ...{ created_at: before?.created_at ?? now, updated_at: now },
      };
      await saveEscalation(tx, seal, escalation);
      await this.#audit(tx, change, before ? 'changed' : 'created');
      return { escalation, created: !before };
    });
  }

  /** Incidents under way go on as it was. */
  async remove(change: EscalationChange): Promise<void> {
    const { app, name, expect } = change;
    await this.#store.write(async (tx) => {
      const before = await spoiltOr(loadEscalation(tx, this.#store.seal, app, name));
      expect(revOf(before));
      if (!before) return;
      await deleteEscalation(tx, app, name);
      await this.#audit(tx, change, 'deleted');
    });
  }

  #audit(tx: HubDb, { app, name, by }: EscalationChange, what: 'created' | 'changed' | 'deleted'): Promise<void> {
    const change = { app, at: this.#now(), by, action: `escalation.${what}`, target: `escalation:${name}` };
    return auditChanges(tx, this.#store.seal, [change]);
  }
}

const PAGE = 500;

/** Takes a person out of all escalations of an app; of those that cannot be read nothing is left. @returns how many named the person */
export async function eraseFromEscalations(
  tx: HubDb,
  seal: HubStore['seal'],
  app: string,
  user: string,
): Promise<number> {
  await deleteUnreadable(tx, seal, app);
  let count = 0;
  let after = '';
  for (;;) {
    const { found, isCut } = await listEscalations(tx, seal, { app, after, limit: PAGE });
    for (const escalation of found.filter(({ doc }) => namedInSteps(doc).includes(user))) {
      const { doc, rev } = escalation;
      await saveEscalation(tx, seal, { ...escalation, doc: stepsWithout(doc, user), rev: rev + 1 });
      count++;
    }
    if (found.length < PAGE && !isCut) return count;
    after = found.at(-1)?.name ?? '';
  }
}
