/** Where a task stands with its date. */
import { isoInstant } from '../../../kit/time/instant.ts';
import { zonedAt } from '../../../kit/time/wall-time.ts';
import type { Task, TaskDoc } from '../task.ts';

export type DueState = 'none' | 'overdue' | 'today' | 'tomorrow' | 'later';

/** Where a task's dates are: its own zone, else that of who looks. */
export const zoneOfTask = ({ timezone }: TaskDoc, zone: string): string => timezone ?? zone;

/** The date on which it is due, where its dates are. */
export function dueDate({ due_on: on, due_at: at }: TaskDoc, zone: string): string | undefined {
  if (on !== undefined) return on;
  return at === undefined ? undefined : zonedAt(Date.parse(at), zone).toPlainDate().toString();
}

/** @param zone of who looks @param now UNIX milliseconds */
export function dueState({ doc }: Pick<Task, 'doc'>, zone: string, now: number): DueState {
  const there = zoneOfTask(doc, zone);
  const date = dueDate(doc, there);
  if (date === undefined) return 'none';
  const today = zonedAt(now, there).toPlainDate();
  // The time of day counts where it is given, else the whole day.
  if (doc.due_at === undefined ? date < today.toString() : Date.parse(doc.due_at) <= now) return 'overdue';
  if (date === today.toString()) return 'today';
  return date === today.add({ days: 1 }).toString() ? 'tomorrow' : 'later';
}

/** Sorts what has been due longest first. A date counts from its beginning, wherever that is. */
export const dueOrder = ({ doc: { due_on: on, due_at: at } }: Pick<Task, 'doc'>): string =>
  at ?? (on === undefined ? '' : isoInstant(Date.parse(on)));
