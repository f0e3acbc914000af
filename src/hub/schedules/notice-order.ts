import type { NoticeOrder } from '../notifications/notices.ts';
import { aboutSchedule, type HubSchedule } from './schedule.ts';

/** What a time of a schedule sends. */
export function noticeOrder({ app, id, doc }: HubSchedule): NoticeOrder {
  const { notification } = doc;
  return {
    ...{ app, about: aboutSchedule(id) },
    doc: { ...notification, data: { ...notification.data, schedule_id: id } },
  };
}
