/** What notices about tasks say. */
import { zonedAt } from '../../../kit/time/wall-time.ts';
import type { Actor } from '../../incidents/incident.ts';
import { byWords } from '../../words/notice-text.ts';
import { dueDate, zoneOfTask } from '../state/due-state.ts';
import type { Task, TaskDoc, TaskEvent } from '../task.ts';

const two = (number: number): string => String(number).padStart(2, '0');

/** ` at 17:00`, where a time of day is given. */
function atWords({ due_at: at }: TaskDoc, zone: string): string {
  if (at === undefined) return '';
  const there = zonedAt(Date.parse(at), zone);
  return ` at ${two(there.hour)}:${two(there.minute)}`;
}

/** ` Due on 2026-12-01 at 17:00.` */
function dueWords(doc: TaskDoc, zone: string): string {
  const there = zoneOfTask(doc, zone);
  const date = dueDate(doc, there);
  return date === undefined ? '' : ` Due on ${date}${atWords(doc, there)}.`;
}

const FIELDS: Readonly<Record<string, string>> = {
  due_on: 'the date',
  due_at: 'the date',
  timezone: 'the time zone',
  url: 'the link',
};

function changeWords(fields: readonly string[]): string {
  const names = fields.filter((name) => name !== 'state').map((name) => FIELDS[name] ?? `the ${name}`);
  const changed = names.length === 0 ? '' : `Changed: ${[...new Set(names)].join(', ')}.`;
  return [...(fields.includes('state') ? ['Open again.'] : []), ...(changed === '' ? [] : [changed])].join(' ');
}

const DONE = { 'task.in_progress': 'Begun', 'task.completed': 'Completed', 'task.cancelled': 'Cancelled' } as const;

/** What a notice of a change says below the task's title. @param zone where dates without one of their own are */
export function eventWords(
  event: TaskEvent,
  { doc }: Pick<Task, 'doc'>,
  { fields, actor, zone }: { readonly fields: readonly string[]; readonly actor: Actor; readonly zone: string },
): string {
  if (event === 'task.assigned') return `Assigned to you.${dueWords(doc, zone)}`;
  if (event === 'task.updated') return `${changeWords(fields)}${fields.some(isOfDate) ? dueWords(doc, zone) : ''}`;
  return byWords(DONE[event], actor);
}

const isOfDate = (field: string): boolean => field === 'due_on' || field === 'due_at' || field === 'timezone';

/** @param zone of the person */
export const reminderWords = ({ doc }: Pick<Task, 'doc'>, day: 'today' | 'tomorrow', zone: string): string =>
  `Due ${day}${atWords(doc, zoneOfTask(doc, zone))}.`;

/** `since 2026-11-28 at 17:00` @param zone of the person */
function sinceWords(doc: TaskDoc, zone: string): string {
  const there = zoneOfTask(doc, zone);
  return `since ${dueDate(doc, there)}${atWords(doc, there)}`;
}

/** @param zone of the person */
export const overdueWords = ({ doc }: Pick<Task, 'doc'>, zone: string): string => `Overdue ${sinceWords(doc, zone)}.`;

/** Of several, of which this is the first. @param zone of the person */
export const firstOverdueWords = ({ doc }: Pick<Task, 'doc'>, zone: string): string =>
  `The first is overdue ${sinceWords(doc, zone)}.`;
