import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TaskFacts, taskChanges } from '../../../../src/hub/tasks/state/changes.ts';

const facts = (more: object = {}, state: TaskFacts['state'] = 'open'): TaskFacts => ({
  ...{ state, doc: { title: 'A', users: ['ada'], ...more } },
});

describe('what happened to a task', () => {
  test.each([
    ['is new to its people', undefined, facts(), ['task.assigned']],
    ['is no one’s', undefined, facts({ users: [] }), []],
    ['is new and begun', undefined, facts({}, 'in_progress'), ['task.assigned']],
    ['came done', undefined, facts({}, 'completed'), []],
    ['is the same', facts(), facts(), []],
    ['has another date', facts(), facts({ due_on: '2026-12-01' }), ['task.updated']],
    ['has someone more', facts(), facts({ users: ['ada', 'bob'] }), ['task.assigned']],
    ['has someone less', facts(), facts({ users: [] }), []],
    [
      'is begun, and has another title',
      facts(),
      facts({ title: 'B' }, 'in_progress'),
      ['task.updated', 'task.in_progress'],
    ],
    ['is done, and has another title', facts(), facts({ title: 'B' }, 'completed'), ['task.completed']],
    ['is done by another way', facts({}, 'completed'), facts({}, 'cancelled'), ['task.cancelled']],
    ['is open again', facts({}, 'completed'), facts(), ['task.updated']],
    ['is done, and changed', facts({}, 'completed'), facts({ title: 'B' }, 'completed'), []],
  ] as const)('which %s', (_what, before, after, events) => {
    expect(taskChanges(before, after).events).toEqual(events);
  });

  test('is nothing where nothing is different', () => {
    const doc = fc.record(
      { title: fc.string(), data: fc.object({ withNullPrototype: false }) },
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(doc, fc.constantFrom('open', 'in_progress', 'completed', 'cancelled'), (given, state) => {
        const one = { doc: given, state } as TaskFacts;
        expect(taskChanges(one, structuredClone(one))).toMatchObject({ events: [], fields: [], isSame: true });
      }),
    );
  });
});
