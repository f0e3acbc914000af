/** What a person hears of tasks at one of the times of a day. Pure. */
import { createHash } from 'node:crypto';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import { buttonsOf } from '../buttons.ts';
import { taskNotice } from '../notices/task-notice.ts';
import { firstOverdueWords, overdueWords, reminderWords } from '../notices/task-words.ts';
import { type DueState, dueOrder, dueState } from '../state/due-state.ts';
import { aboutTask, type Task, type TaskNotice } from '../task.ts';
import type { TaskPolicy } from '../task-policy.ts';
import type { DailyRef } from './daily-timers.ts';

export interface DailyNotice {
  readonly type: TaskNotice;
  readonly doc: NotificationDoc;
  readonly about: string;
}

export interface DailySources extends DailyRef {
  /** What the person has still to do. */
  readonly tasks: readonly Task[];
  /** By which the person's days begin. */
  readonly zone: string;
  readonly policy: TaskPolicy;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Overdue tasks that have a notice of their own; of more there is a summary, too. */
const MOST_ALONE = 5;

interface Standing {
  readonly task: Task;
  readonly due: DueState;
}

/** By what the notices about all tasks of a person are found. Neither a name nor an id is in it. */
export const aboutTasksOf = (user: string): string =>
  `tasks:${createHash('sha256').update(user).digest('base64url').slice(0, 24)}`;

export function dailyNotices(sources: DailySources): readonly DailyNotice[] {
  const { kind, tasks, zone, now } = sources;
  const all = tasks.map((task): Standing => ({ task, due: dueState(task, zone, now) })).sort(byDate);
  if (kind === 'reminder') return reminders(sources, all);
  return kind === 'overdue' ? overdues(sources, all) : digest(sources, all);
}

const byDate = ({ task: a }: Standing, { task: b }: Standing): number =>
  dueOrder(a) === dueOrder(b) ? (a.id < b.id ? -1 : 1) : dueOrder(a) < dueOrder(b) ? -1 : 1;

function aloneOf(
  { user, policy }: DailySources,
  type: TaskNotice,
  { task, due }: Standing,
  message: string,
): DailyNotice {
  const buttons = buttonsOf(policy.buttons, task, due);
  const { priority } = policy;
  return {
    type,
    about: aboutTask(task.id),
    doc: taskNotice({ task, type, to: { users: [user] }, message, priority, buttons }),
  };
}

const reminders = (sources: DailySources, all: readonly Standing[]): DailyNotice[] =>
  all.flatMap((each) =>
    each.due === 'today' || each.due === 'tomorrow'
      ? [aloneOf(sources, 'task.reminder', each, reminderWords(each.task, each.due, sources.zone))]
      : [],
  );

function overdues(sources: DailySources, all: readonly Standing[]): DailyNotice[] {
  const late = all.filter(({ due }) => due === 'overdue');
  const alone = late
    .slice(0, MOST_ALONE)
    .map((each) => aloneOf(sources, 'task.overdue', each, overdueWords(each.task, sources.zone)));
  return late.length > MOST_ALONE ? [...alone, summary(sources, late)] : alone;
}

function summary({ user, zone, policy }: DailySources, late: readonly Standing[]): DailyNotice {
  const [first] = late as [Standing];
  const type = 'task.overdue_summary';
  return {
    ...{ type, about: aboutTasksOf(user) },
    doc: {
      ...{ type, title: `${late.length} tasks are overdue`, message: firstOverdueWords(first.task, zone) },
      ...{ priority: policy.priority, to: { users: [user] }, collapse_key: `${type}:${aboutTasksOf(user)}` },
      data: { overdue: late.length },
    },
  };
}

const COUNTED = [
  ['overdue', 'overdue'],
  ['today', 'due today'],
  ['tomorrow', 'due tomorrow'],
] as const;

function digest({ user, policy }: DailySources, all: readonly Standing[]): DailyNotice[] {
  if (all.length === 0) return [];
  const counts = new Map(COUNTED.map(([due]) => [due, all.filter((each) => each.due === due).length]));
  const begun = all.filter(({ task }) => task.state === 'in_progress').length;
  const parts = COUNTED.flatMap(([due, words]) => (counts.get(due) ? [`${counts.get(due)} ${words}`] : []));
  const said = [...parts, ...(begun > 0 ? [`${begun} in progress`] : [])].join(', ');
  const type = 'task.digest';
  return [
    {
      ...{ type, about: aboutTasksOf(user) },
      doc: {
        ...{ type, title: `${all.length} ${all.length === 1 ? 'task' : 'tasks'} to do` },
        ...(said === '' ? {} : { message: `${said}.` }),
        ...{ priority: policy.priority, to: { users: [user] }, collapse_key: `${type}:${aboutTasksOf(user)}` },
        data: {
          ...{ open: all.length, in_progress: begun, overdue: counts.get('overdue') ?? 0 },
          ...{ due_today: counts.get('today') ?? 0, due_tomorrow: counts.get('tomorrow') ?? 0 },
        },
      },
    },
  ];
}
