/** Tells when the time for something is running out, or is over: once each in a cycle. */
import type { Presences, TakenNotice } from '../../notifications/notices.ts';
import type { HubDb } from '../../storage/storage.ts';
import { type ClaimedDue, finishDue } from '../../timers/due-rows.ts';
import { HUB } from '../incident.ts';
import { factsOfIncident, type Incident, loadIncident, namedIn } from '../incident-rows.ts';
import type { IncidentParts } from '../incident-work.ts';
import { callKey } from '../notices/notice-doc.ts';
import { tellPeople } from '../notices/tell.ts';
import { peopleOf } from '../notices/told.ts';
import type { TimelineEntry } from '../timeline/timeline-entry.ts';
import { eachRow, moveTimers, slaOfRef } from '../timers.ts';
import { writeIncident } from '../write-incident.ts';
import { BREACH, duePoint, pointsLeft, type SlaPoint, withTold } from './sla-times.ts';
import { slaWords } from './sla-words.ts';

const eventOf = ({ share }: SlaPoint) => (share === BREACH ? 'incident.sla_breach' : 'incident.sla_warning');

export class SlaWatch {
  readonly #parts: IncidentParts;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
  }

  /** Timers of the kind SLA_DUE. */
  readonly run = eachRow((row) => this.#due(row));

  async #due(row: ClaimedDue): Promise<void> {
    const { store, notices } = this.#parts;
    const known = await loadIncident(store.db, store.seal, row.app, slaOfRef(row.ref).incident);
    const presences = await notices.presence(row.app, known ? namedIn(factsOfIncident(known).doc) : []);
    const after = await store.write(async (tx) => {
      await finishDue(tx, row);
      return this.#look(tx, row, presences);
    });
    for (const then of after) then();
  }

  /** Nothing, where the incident has gone on since, or the time was moved. */
  async #look(tx: HubDb, row: ClaimedDue, presences: Presences): Promise<readonly (() => void)[]> {
    const { store, notices, now: clock } = this.#parts;
    const { incident: id, kind, cycle } = slaOfRef(row.ref);
    const before = await loadIncident(tx, store.seal, row.app, id);
    if (!before?.sla || before.cycle !== cycle) return [];
    const { status } = factsOfIncident(before);
    const point = duePoint(pointsLeft(before.sla, kind, status.phase, status.opened.at), clock());
    const told = point && (await this.#tell(tx, before, point, presences));
    const after = told?.incident ?? before;
    const dueAt = await moveTimers(tx, before, after, row);
    const { taken } = told ?? {};
    return [...(taken ? [() => taken.deliver()] : []), ...(dueAt === undefined ? [] : [() => notices.nudge(dueAt)])];
  }

  async #tell(
    tx: HubDb,
    before: Incident,
    point: SlaPoint,
    presences: Presences,
  ): Promise<{ readonly incident: Incident; readonly taken: TakenNotice | undefined }> {
    const { store, now: clock } = this.#parts;
    const { app, id, sla } = before;
    const facts = factsOfIncident(before);
    const now = clock();
    const event = eventOf(point);
    const deadline = new Date(point.deadline).toISOString();
    const text = slaWords(point);
    const { taken, entry } = await tellPeople(
      tx,
      this.#parts,
      {
        ...{ app, incident: id, facts, event, to: peopleOf(facts.doc), message: text },
        data: { sla: point.kind, deadline },
        ...(point.kind === 'acknowledge_by' ? { key: callKey(id) } : {}),
      },
      presences,
    );
    const line: TimelineEntry = { kind: 'sla', by: HUB.name, event, text, sla: point.kind, deadline };
    const next: Incident = {
      ...{ ...before, rev: before.rev + 1, updated_at: now },
      ...(sla ? { sla: withTold(sla, point) } : {}),
    };
    return {
      incident: await writeIncident(tx, store, { incident: next, lines: [line, entry], actor: HUB, now }),
      taken,
    };
  }
}
