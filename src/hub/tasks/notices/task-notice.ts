import { createHash } from 'node:crypto';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { RecipientsDoc } from '../../notifications/recipients-doc.ts';
import { noticeData, noticeMessage, noticeTitle } from '../../words/notice-text.ts';
import type { Priority } from '../../words/priority.ts';
import type { Buttons } from '../buttons.ts';
import type { Task, TaskNotice } from '../task.ts';

export interface TaskNoticeSources {
  readonly task: Pick<Task, 'id' | 'state' | 'doc'>;
  readonly type: TaskNotice;
  readonly to: RecipientsDoc;
  readonly message: string;
  readonly priority: Priority;
  readonly buttons: Buttons;
  /** Who did it, where that is worth telling. */
  readonly by?: string | undefined;
}

/** By what notices are found that a date has made. */
export const dateKey = (task: string): string => keyOf('task.date', task);

/** The same for one event of one task, and short enough for every provider. */
const keyOf = (event: string, task: string): string =>
  `${event}:${createHash('sha256').update(task).digest('base64url').slice(0, 24)}`;

const OF_DATE: ReadonlySet<TaskNotice> = new Set(['task.reminder', 'task.overdue']);

/** What people are sent about one task. A later change takes the place of an earlier one that has not left. */
export function taskNotice(sources: TaskNoticeSources): NotificationDoc {
  const { task, type, to, message, priority, buttons, by } = sources;
  const { id, state, doc } = task;
  return {
    ...{ type, title: titleOf(task), message: noticeMessage(message), priority, to },
    ...(doc.url === undefined ? {} : { url: doc.url }),
    data: {
      ...noticeData(doc.data),
      ...{ task_id: id, state },
      ...(buttons.types.length > 0 ? { button_types: [...buttons.types] } : {}),
      ...(by === undefined ? {} : { by }),
    },
    ...(buttons.category === '' ? {} : { category: buttons.category }),
    thread: id,
    ...(OF_DATE.has(type) ? { cancel_key: dateKey(id), collapse_key: dateKey(id) } : {}),
    ...(type === 'task.updated' ? { collapse_key: keyOf(type, id) } : {}),
  };
}

export const titleOf = ({ id, doc }: Pick<Task, 'id' | 'doc'>): string => noticeTitle(doc.title ?? id);
