import { describe, expect, test } from 'vitest';
import type { Actor, IncidentDoc, IncidentEvent } from '../../../../src/hub/incidents/incident.ts';
import { isTold, toldOf } from '../../../../src/hub/incidents/notices/told.ts';
import type { IncidentFacts } from '../../../../src/hub/incidents/state/changes.ts';
import type { Phase } from '../../../../src/hub/incidents/state/status-log.ts';

const doc: IncidentDoc = { assignees: ['ada', 'bob'], responders: ['bob', 'cyd'], teams: ['storage'] };
const actor: Actor = { name: 'ada', isNamed: true };
const all = { users: ['ada', 'bob', 'cyd'], teams: ['storage'] };

const told = (event: IncidentEvent, more: object = {}) =>
  toldOf({ event, doc, newAssignees: [], actor, exceptActor: false, ...more });

describe('who hears of an event', () => {
  test.each<IncidentEvent>([
    'incident.created',
    'incident.updated',
    'incident.acknowledged',
    'incident.resolved',
    'incident.sla_warning',
    'incident.sla_breach',
  ])('%s is for assignees, responders and teams, each once', (event) => {
    expect(told(event)).toEqual(all);
  });

  test('only those who are new hear that it is assigned to them, and of nothing else', () => {
    expect(told('incident.assigned', { newAssignees: ['bob'] })).toEqual({ users: ['bob'] });
    expect(told('incident.updated', { newAssignees: ['bob'] })).toEqual({ ...all, except: ['bob'] });
  });

  test('the one who did it hears of it unless the configuration says otherwise', () => {
    expect(told('incident.acknowledged', { exceptActor: true })).toEqual({ ...all, except: ['ada'] });
    expect(told('incident.resolved', { exceptActor: true, actor: { name: 'key:x', isNamed: false } })).toEqual(all);
    expect(told('incident.created', { exceptActor: true })).toEqual(all);
  });

  test('one without people is for no one', () => {
    expect(told('incident.created', { doc: {} })).toBeUndefined();
    expect(told('incident.created', { doc: { teams: ['storage'] } })).toEqual({ teams: ['storage'] });
  });
});

describe('whether people hear of it', () => {
  const facts = (severity: string | undefined, phase: Phase): IncidentFacts => ({
    doc: severity === undefined ? {} : { severity },
    status: { phase, word: phase, opened: { by: 'app', at: 1 } },
  });

  test('changes of what is in hand disturb no one unless it gets worse', () => {
    const updated = (before: IncidentFacts, after: IncidentFacts) => isTold('incident.updated', before, after);
    expect(updated(facts('SEV-2', 'acknowledged'), facts('SEV-2', 'acknowledged'))).toBe(false);
    expect(updated(facts('SEV-2', 'acknowledged'), facts('SEV-3', 'acknowledged'))).toBe(false);
    expect(updated(facts('SEV-2', 'acknowledged'), facts('critical', 'acknowledged'))).toBe(true);
    expect(updated(facts(undefined, 'acknowledged'), facts('SEV-4', 'acknowledged'))).toBe(true);
    expect(updated(facts('SEV-2', 'open'), facts('SEV-2', 'open'))).toBe(true);
    expect(updated(facts('SEV-2', 'acknowledged'), facts('SEV-2', 'open'))).toBe(true);
  });

  test('of one that comes resolved it is not told first that it began', () => {
    expect(isTold('incident.created', undefined, facts('SEV-1', 'resolved'))).toBe(false);
    expect(isTold('incident.resolved', undefined, facts('SEV-1', 'resolved'))).toBe(true);
    expect(isTold('incident.created', undefined, facts('SEV-1', 'open'))).toBe(true);
  });
});
