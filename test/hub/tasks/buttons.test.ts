import { expect, test } from 'vitest';
import { buttonsOf, usualButtons } from '../../../src/hub/tasks/buttons.ts';

const all = ['edit', 'complete', 'cancel', 'mark_in_progress'];

test.each([
  ['open', 'overdue', 'TASK_ACTIONABLE', all],
  ['open', 'tomorrow', 'TASK_ACTIONABLE', all],
  ['open', 'none', 'TASK_ACTIONABLE', all],
  ['in_progress', 'overdue', 'TASK_IN_PROGRESS', ['edit', 'complete', 'cancel']],
  ['cancelled', 'overdue', 'TASK_CANCELLED', ['edit']],
  ['completed', 'today', 'TASK_COMPLETED', ['edit']],
] as const)('a task that is %s and due as %s has the buttons of %s', (state, due, category, types) => {
  expect(buttonsOf(usualButtons, { state }, due)).toEqual({ category, types });
});

test('an app has its own for what is overdue', () => {
  const own = { ...usualButtons, overdue: { category: 'LATE', types: ['complete'] } };
  expect(buttonsOf(own, { state: 'open' }, 'overdue').category).toBe('LATE');
  expect(buttonsOf(own, { state: 'open' }, 'today').category).toBe('TASK_ACTIONABLE');
});
