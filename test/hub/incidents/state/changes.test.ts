import { describe, expect, test } from 'vitest';
import type { IncidentDoc } from '../../../../src/hub/incidents/incident.ts';
import { changesBetween, type IncidentFacts } from '../../../../src/hub/incidents/state/changes.ts';
import type { Phase } from '../../../../src/hub/incidents/state/status-log.ts';

const opened = { by: 'app', at: 1 };
const facts = (doc: IncidentDoc = {}, phase: Phase = 'open', word: string = phase): IncidentFacts => ({
  doc: { title: 'Disk full', severity: 'SEV-2', assignees: ['ada'], ...doc },
  status: { phase, word, opened },
});

describe('what is different', () => {
  test.each<[string, IncidentFacts | undefined, IncidentFacts, string[]]>([
    ['nothing', facts(), facts(), []],
    ['a new one is created, and its people get nothing else', undefined, facts(), ['created']],
    ['a new one that is in hand', undefined, facts({}, 'acknowledged'), ['created', 'acknowledged']],
    ['a new one that is resolved', undefined, facts({}, 'resolved'), ['created', 'resolved']],
    ['the title', facts(), facts({ title: 'x' }), ['updated']],
    ['the severity', facts(), facts({ severity: 'SEV-1' }), ['updated']],
    ['the data', facts(), facts({ data: { host: 'db-3' } }), ['updated']],
    [
      'the same data in another order of its names',
      facts({ data: { a: 1, b: 2 } }),
      facts({ data: { b: 2, a: 1 } }),
      [],
    ],
    ['another word for its status', facts(), facts({}, 'open', 'investigating'), ['updated']],
    ['a new assignee', facts(), facts({ assignees: ['ada', 'bob'] }), ['assigned']],
    ['an assignee who is gone', facts(), facts({ assignees: [] }), []],
    [
      'responders, teams, deadlines and the escalation',
      facts(),
      facts({ responders: ['cyd'], teams: ['x'], sla: { resolve_by: 60 }, escalation: 'on-call' }),
      [],
    ],
    [
      'all at once, in order',
      facts(),
      facts({ title: 'x', assignees: ['bob'] }, 'acknowledged'),
      ['updated', 'assigned', 'acknowledged'],
    ],
    ['resolved', facts({}, 'acknowledged'), facts({}, 'resolved'), ['resolved']],
    ['an acknowledgement that is taken back', facts({}, 'acknowledged'), facts(), ['updated']],
    [
      'opened again, with another title and another person',
      facts({}, 'resolved'),
      facts({ title: 'x', assignees: ['bob'] }),
      ['created'],
    ],
    ['opened again and in hand', facts({}, 'resolved'), facts({}, 'acknowledged'), ['created', 'acknowledged']],
    ['a word for what is resolved', facts({}, 'resolved'), facts({}, 'resolved', 'postmortem'), ['updated']],
  ])('%s', (_, before, after, events) => {
    expect(changesBetween(before, after).events).toEqual(events.map((event) => `incident.${event}`));
  });

  test('names the fields, and the people who are new', () => {
    const after = facts({ severity: 'SEV-1', assignees: ['bob', 'ada'], responders: ['cyd'] });
    expect(changesBetween(facts(), after)).toMatchObject({
      fields: ['severity', 'assignees', 'responders'],
      newAssignees: ['bob'],
      isReopened: false,
    });
  });
});
