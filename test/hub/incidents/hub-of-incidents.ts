import { randomUUID } from 'node:crypto';
import { eraseFromIncidents, exportIncidents } from '../../../src/hub/incidents/erase-incidents.ts';
import { Escalations, eraseFromEscalations } from '../../../src/hub/incidents/escalation/escalations.ts';
import type { IncidentPolicy } from '../../../src/hub/incidents/incident-policy.ts';
import type { IncidentChange, IncidentResult } from '../../../src/hub/incidents/incident-work.ts';
import { Incidents } from '../../../src/hub/incidents/incidents.ts';
import { type IncidentEventOrder, parseEvent } from '../../../src/hub/incidents/parse-event.ts';
import { TIMELINE_BEGIN, type TimelineLine, timelinePage } from '../../../src/hub/incidents/timeline/timeline-view.ts';
import { incidentKinds } from '../../../src/hub/incidents/timers.ts';
import type { PersonPart } from '../../../src/hub/people/person.ts';
import { decisionWords, wordsFor } from '../../../src/hub/sends/views/explained.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { Clock, change, phone } from '../directory.ts';
import { hubOfSends } from '../sends/hub-of-sends.ts';

export const incidentPolicyOfTests: IncidentPolicy = {
  severities: [
    { severity: 'SEV-1', meaning: { priority: 'critical', sound: 'alarm.caf', category: 'PAGE' } },
    { severity: 'SEV-2', meaning: { priority: 'high', sound: '', category: '' } },
  ],
  leastPriority: { 'incident.escalated': 'high', 'incident.sla_breach': 'critical' },
  slas: [],
  escalations: [],
  exceptActor: false,
};

const words = decisionWords(wordsFor(builtIn));

/** Incidents, and the sends behind them up to a scripted carrier, on one store. */
export function hubOfIncidents(store: HubStore, clock = new Clock(), policy: Partial<IncidentPolicy> = {}) {
  const part: PersonPart = {
    name: 'incidents',
    erase: async (tx, app, user) => ({
      incidents: await eraseFromIncidents(tx, { seal: store.seal, notices: hub.sends.notices }, app, user),
      escalations: await eraseFromEscalations(tx, store.seal, app, user),
    }),
    export: (db, app, user) => exportIncidents(db, store.seal, app, user),
  };
  const hub: ReturnType<typeof hubOfSends> = hubOfSends(store, clock, undefined, {
    parts: [part],
    works: Object.fromEntries(incidentKinds.map((kind) => [kind, (rows) => incidents.works[kind](rows)])),
  });
  const incidents: Incidents = new Incidents({
    ...{ store, notices: hub.sends.notices, now: clock.now, newId: randomUUID },
    policyOf: () => ({ ...incidentPolicyOfTests, ...policy }),
  });
  const escalations = new Escalations({ store, now: clock.now });
  const of = (id: string, more: Partial<IncidentChange> = {}): IncidentChange => ({
    ...{ app: 'default', id, caller: 'key:test' },
    ...more,
  });
  return {
    ...hub,
    incidents,
    escalations,
    of,
    escalation: (name: string, body: object) =>
      escalations.put({ app: 'default', name, by: 'key:test', expect: () => {} }, body),
    /** A person with a phone, by a number. */
    person: async (number: number, id: string, more: object = {}) => {
      await hub.people.put({ ...change, id }, more);
      await hub.devices.put(change, `d${number}`, phone(number, { user: id }));
    },
    async put(id: string, body: object, more: Partial<IncidentChange> = {}): Promise<IncidentResult> {
      const result = await incidents.put(of(id, more), body);
      await hub.sends.settle();
      return result;
    },
    async verb(id: string, kind: 'acknowledge' | 'resolve', body: object = {}, more: Partial<IncidentChange> = {}) {
      const result = await incidents.verb(of(id, more), kind, body);
      await hub.sends.settle();
      return result;
    },
    async escalate(id: string, body: object = {}, more: Partial<IncidentChange> = {}) {
      const result = await incidents.escalate(of(id, more), body);
      await hub.sends.settle();
      return result;
    },
    /** A body of POST /v1/incidents/events. */
    async event(body: object) {
      const order = parseEvent(body);
      if (Array.isArray(order)) throw new Error(JSON.stringify(order));
      const result = await incidents.event({ app: 'default', caller: 'key:test' }, order as IncidentEventOrder);
      await hub.sends.settle();
      return result;
    },
    /** `<type> → <token>` of each push that was taken, and no more of them from then on. */
    pushes(): string[] {
      const taken = hub.carrier.taken.splice(0);
      return taken.flatMap(({ notification }) =>
        notification.tokens.map((token) => `${notification.data?.type} → ${Number.parseInt(token.slice(0, 8), 16)}`),
      );
    },
    async timeline(incident: string, limit = 1000): Promise<TimelineLine[]> {
      const all: TimelineLine[] = [];
      let after = TIMELINE_BEGIN;
      for (;;) {
        const { lines, next } = await timelinePage(store, { app: 'default', incident, limit, after }, words);
        all.push(...lines);
        if (!next) return all;
        after = next;
      }
    },
    /** `<kind> <event> <by>` of the lines but the decisions. */
    async told(incident: string): Promise<string[]> {
      const lines = await this.timeline(incident);
      return lines
        .filter(({ kind }) => kind !== 'decision')
        .map(({ kind, event, by }) => [kind, event?.replace('incident.', ''), by].filter((word) => word).join(' '));
    },
  };
}

export type HubOfIncidents = ReturnType<typeof hubOfIncidents>;

/** The same store, where something happens between each commit and what follows it. */
export const afterWrites = (store: HubStore, then: () => Promise<void>): HubStore =>
  new Proxy(store, {
    get(target, name) {
      if (name === 'write')
        return async (work: Parameters<HubStore['write']>[0]) => {
          const result = await target.write(work);
          await then();
          return result;
        };
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
