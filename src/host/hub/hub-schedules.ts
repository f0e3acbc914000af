import type { NoticeIntake } from '../../hub/notifications/notices.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import type { PersonPart } from '../../hub/people/person.ts';
import { eraseFromSchedules, exportSchedules } from '../../hub/schedules/erase-schedules.ts';
import type { ScheduleOutcome } from '../../hub/schedules/schedule.ts';
import { SCHEDULE_DUE } from '../../hub/schedules/schedule-rows.ts';
import { Schedules } from '../../hub/schedules/schedules.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { DueWork } from '../../hub/timers/due-rows.ts';

export interface HubSchedulesParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  readonly policyOf: (app: string) => HubPolicy;
  readonly ran?: ((app: string, outcome: ScheduleOutcome) => void) | undefined;
  readonly now: () => number;
}

/** Timers of schedules, which are opened after what runs them. */
export const scheduleWorks = (schedules: () => Schedules): Readonly<Record<string, DueWork>> => ({
  [SCHEDULE_DUE]: (rows) => schedules().works[SCHEDULE_DUE](rows),
});

/** Who is named in schedules is taken out of them. */
export const schedulesPart = (store: HubStore): PersonPart => ({
  name: 'schedules',
  erase: async (tx, app, user) => ({ schedules: await eraseFromSchedules(tx, store.seal, app, user) }),
  export: (db, app, user) => exportSchedules(db, store.seal, app, user),
});

/** Opens what keeps schedules. */
export const openHubSchedules = ({ policyOf, now, ...parts }: HubSchedulesParts): Schedules =>
  new Schedules({ ...parts, now, zoneOf: (app) => policyOf(app).timezone, startedAt: now() });
