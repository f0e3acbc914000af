/** What is different between two states of a task, and what happened by that. */
import { isDeepStrictEqual } from 'node:util';
import { isToDo, type TaskDoc, type TaskEvent, type TaskState } from '../task.ts';

/** Fields whose change people hear of. */
const TOLD = ['title', 'url', 'due_on', 'due_at', 'timezone', 'data'] as const;

export interface TaskFacts {
  readonly state: TaskState;
  readonly doc: TaskDoc;
}

export interface TaskChanges {
  /** In the order in which people hear of them. */
  readonly events: readonly TaskEvent[];
  /** Names of fields that are different; `state` where it went back. */
  readonly fields: readonly string[];
  /** People whose it was not before. */
  readonly newUsers: readonly string[];
  /** People whose it is no more. */
  readonly gone: readonly string[];
  readonly isSame: boolean;
  /** Its date is another one. */
  readonly isMoved: boolean;
}

const NONE: readonly string[] = [];

/** A state that people hear of by its own event. */
const EVENT_OF: Readonly<Partial<Record<TaskState, TaskEvent>>> = {
  in_progress: 'task.in_progress',
  completed: 'task.completed',
  cancelled: 'task.cancelled',
};

export function taskChanges(before: TaskFacts | undefined, after: TaskFacts): TaskChanges {
  const users = after.doc.users ?? NONE;
  const known = before?.doc.users ?? NONE;
  const newUsers = users.filter((user) => !known.includes(user));
  const fields = before ? fieldsBetween(before, after) : [];
  return {
    events: eventsOf(before, after, newUsers, fields),
    fields,
    newUsers,
    gone: known.filter((user) => !users.includes(user)),
    isSame: before !== undefined && before.state === after.state && isDeepStrictEqual(before.doc, after.doc),
    isMoved: fields.some((name) => name === 'due_on' || name === 'due_at' || name === 'timezone'),
  };
}

function fieldsBetween(before: TaskFacts, after: TaskFacts): string[] {
  const fields: string[] = TOLD.filter((name) => !isDeepStrictEqual(before.doc[name], after.doc[name]));
  // Into the other states there is an event.
  return before.state !== after.state && after.state === 'open' ? [...fields, 'state'] : fields;
}

function eventsOf(
  before: TaskFacts | undefined,
  after: TaskFacts,
  newUsers: readonly string[],
  fields: readonly string[],
): TaskEvent[] {
  const state = before && before.state !== after.state ? EVENT_OF[after.state] : undefined;
  // What is over is not told of as something new to do.
  if (!isToDo(after)) return state ? [state] : [];
  return [
    ...(newUsers.length > 0 ? (['task.assigned'] as const) : []),
    ...(fields.length > 0 ? (['task.updated'] as const) : []),
    ...(state ? [state] : []),
  ];
}
