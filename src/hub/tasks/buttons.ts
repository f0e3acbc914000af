/** What a person can do with a task right where a notice of it is shown. */
import type { DueState } from './state/due-state.ts';
import type { Task } from './task.ts';

/** As an app's own table names them. */
export const buttonStates = ['overdue', 'due_soon', 'in_progress', 'cancelled', 'completed'] as const;
export type ButtonState = (typeof buttonStates)[number];

export interface Buttons {
  /** Of iOS: it names buttons that the app has registered. Empty: none. */
  readonly category: string;
  /** What an Android app makes buttons of. */
  readonly types: readonly string[];
}

export type ButtonTable = Readonly<Record<ButtonState, Buttons>>;

const all = ['edit', 'complete', 'cancel', 'mark_in_progress'];

export const usualButtons: ButtonTable = {
  overdue: { category: 'TASK_ACTIONABLE', types: all },
  due_soon: { category: 'TASK_ACTIONABLE', types: all },
  in_progress: { category: 'TASK_IN_PROGRESS', types: ['edit', 'complete', 'cancel'] },
  cancelled: { category: 'TASK_CANCELLED', types: ['edit'] },
  completed: { category: 'TASK_COMPLETED', types: ['edit'] },
};

/** One that is open has those of what is due soon, whenever that is. */
export const buttonsOf = (table: ButtonTable, { state }: Pick<Task, 'state'>, due: DueState): Buttons =>
  table[state === 'open' ? (due === 'overdue' ? 'overdue' : 'due_soon') : state];
