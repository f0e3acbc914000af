import type { PersonPart } from '../../../src/hub/people/person.ts';
import { eraseFromSchedules, exportSchedules } from '../../../src/hub/schedules/erase-schedules.ts';
import { SCHEDULE_DUE } from '../../../src/hub/schedules/schedule-rows.ts';
import { scheduleView } from '../../../src/hub/schedules/schedule-view.ts';
import { type ScheduleChange, Schedules } from '../../../src/hub/schedules/schedules.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { Clock, change, phone } from '../directory.ts';
import { hubOfSends } from '../sends/hub-of-sends.ts';

/** Schedules, and the sends behind them up to a scripted carrier, on one store. */
export function hubOfSchedules(store: HubStore, clock = new Clock()) {
  const part: PersonPart = {
    name: 'schedules',
    erase: async (tx, app, user) => ({ schedules: await eraseFromSchedules(tx, store.seal, app, user) }),
    export: (db, app, user) => exportSchedules(db, store.seal, app, user),
  };
  const hub: ReturnType<typeof hubOfSends> = hubOfSends(store, clock, undefined, {
    parts: [part],
    works: { [SCHEDULE_DUE]: (rows) => schedules.works[SCHEDULE_DUE](rows) },
  });
  const ran: string[] = [];
  const schedules = new Schedules({
    ...{ store, notices: hub.sends.notices, now: clock.now, startedAt: clock.now() },
    zoneOf: () => 'UTC',
    ran: (_app, outcome) => ran.push(outcome),
  });
  const of = (id: string, more: Partial<ScheduleChange> = {}): ScheduleChange => ({
    ...{ app: 'default', id, by: 'key:test' },
    ...more,
  });
  return {
    ...hub,
    ...{ schedules, ran, of },
    async person(number: number, id: string, more: object = {}) {
      await hub.people.put({ ...change, id }, more);
      await hub.devices.put(change, `d${number}`, phone(number, { user: id }));
    },
    async put(id: string, body: object) {
      const { schedule, created } = await schedules.put(of(id), body);
      await hub.sends.settle();
      return { ...scheduleView(schedule), created };
    },
    async view(id: string) {
      const schedule = await schedules.get('default', id);
      return schedule && scheduleView(schedule);
    },
    /** Titles of the pushes that were taken, and no more of them from then on. */
    pushes: (): string[] =>
      hub.carrier.taken
        .splice(0)
        .flatMap(({ notification }) => notification.tokens.map(() => String(notification.title))),
  };
}

export type HubOfSchedules = ReturnType<typeof hubOfSchedules>;
