import { isoInstant } from '../../kit/time/instant.ts';
import type { HubSchedule, ScheduleDoc } from './schedule.ts';
import { nextTimes } from './timing.ts';

/** Times that are shown. */
const SHOWN = 5;

/** As a body says it, for a patch to lie over. */
export const scheduleBody = ({ notification, ...doc }: ScheduleDoc): object => ({ ...doc, notification });

/** A schedule, as answers show it. */
export function scheduleView({ id, doc, anchor, next_at, last_at, last_notification, ...row }: HubSchedule) {
  return {
    // One whose time is over is off.
    ...{ id, ...doc, enabled: doc.enabled && next_at !== null },
    ...(next_at === null
      ? {}
      : { next_at: isoInstant(next_at), next: nextTimes({ ...doc, anchor }, next_at, SHOWN).map(isoInstant) }),
    ...(last_at === null ? {} : { last_at: isoInstant(last_at) }),
    ...(last_notification === null ? {} : { last_notification }),
    ...{ created_at: isoInstant(row.created_at), updated_at: isoInstant(row.updated_at) },
  };
}
