/** Tasks, as the other parts of the hub know them. */
import { type FaultyField, type RefusalKind, RefusedError } from '../../kit/refusal.ts';
import type { JsonObject } from '../../push/push.ts';

export const taskStates = ['open', 'in_progress', 'completed', 'cancelled'] as const;
export type TaskState = (typeof taskStates)[number];

/** What can happen to a task; people hear once of each. */
export const taskEvents = [
  'task.assigned',
  'task.updated',
  'task.in_progress',
  'task.completed',
  'task.cancelled',
] as const;
export type TaskEvent = (typeof taskEvents)[number];

/** All types of notices about tasks. */
export const taskNotices = [
  ...taskEvents,
  'task.reminder',
  'task.overdue',
  'task.overdue_summary',
  'task.digest',
] as const;
export type TaskNotice = (typeof taskNotices)[number];

/** What callers say of a task. */
export interface TaskDoc {
  readonly title?: string;
  readonly url?: string;
  /** A date, `2026-12-01`. */
  readonly due_on?: string;
  /** An instant that ends with `Z`. Excludes `due_on`. */
  readonly due_at?: string;
  /** Where its dates are; absent: where its people are. */
  readonly timezone?: string;
  readonly users?: readonly string[];
  readonly data?: JsonObject;
}

/** A task as it is kept. */
export interface Task {
  readonly app: string;
  readonly id: string;
  readonly state: TaskState;
  readonly doc: TaskDoc;
  /** When what is known of it was so, UNIX milliseconds. */
  readonly said_at: number;
  readonly rev: number;
  /** UNIX milliseconds. */
  readonly created_at: number;
  readonly updated_at: number;
}

/** Whether something is still to be done. */
export const isToDo = ({ state }: Pick<Task, 'state'>): boolean => state === 'open' || state === 'in_progress';

/** By what notices about a task are found. */
export const aboutTask = (id: string): string => `task:${id}`;

/** Something about tasks that is not done. */
export class TaskRefusal extends RefusedError {
  readonly code = 'ERR_TASK_REFUSED';
  readonly kind: RefusalKind;
  override readonly details: readonly FaultyField[] | undefined;

  constructor(kind: RefusalKind, message: string, details?: readonly FaultyField[]) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}
