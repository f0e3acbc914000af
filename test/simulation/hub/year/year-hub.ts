import { randomUUID } from 'node:crypto';
import { Escalations } from '../../../../src/hub/incidents/escalation/escalations.ts';
import { Incidents } from '../../../../src/hub/incidents/incidents.ts';
import { incidentKinds } from '../../../../src/hub/incidents/timers.ts';
import { SCHEDULE_DUE } from '../../../../src/hub/schedules/schedule-rows.ts';
import { Schedules } from '../../../../src/hub/schedules/schedules.ts';
import { clocksOf } from '../../../../src/hub/sends/facts/clocks-of.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';
import { TASK_DUE } from '../../../../src/hub/tasks/daily/daily-timers.ts';
import { Tasks } from '../../../../src/hub/tasks/tasks.ts';
import type { Clock } from '../../../hub/directory.ts';
import { incidentPolicyOfTests } from '../../../hub/incidents/hub-of-incidents.ts';
import { policy } from '../../../hub/notifications/decide-cases.ts';
import { hubOfSends } from '../../../hub/sends/hub-of-sends.ts';
import { taskPolicyOfTests } from '../../../hub/tasks/hub-of-tasks.ts';

const STALE_MS = 2 * 366 * 86_400_000;

/** One instance with all that speaks by itself, on a store that others may share. */
export function yearHub(store: HubStore, clock: Clock) {
  const hub: ReturnType<typeof hubOfSends> = hubOfSends(store, clock, undefined, {
    staleAfterMs: STALE_MS,
    works: {
      ...Object.fromEntries(incidentKinds.map((kind) => [kind, (rows) => incidents.works[kind](rows)])),
      [TASK_DUE]: (rows) => tasks.works[TASK_DUE](rows),
      [SCHEDULE_DUE]: (rows) => schedules.works[SCHEDULE_DUE](rows),
    },
    moved: (tx, app, users) => tasks.moved(tx, app, users),
  });
  const common = { store, notices: hub.sends.notices, now: clock.now, startedAt: clock.now() };
  const clocks = { seal: store.seal, staleAfterMs: STALE_MS, policyOf: () => policy, now: clock.now };
  const tasks: Tasks = new Tasks({
    ...common,
    policyOf: () => ({ ...taskPolicyOfTests, timezone: undefined }),
    zonesOf: (tx, app, users) => clocksOf(tx, clocks, app, users),
  });
  const incidents: Incidents = new Incidents({ ...common, newId: randomUUID, policyOf: () => incidentPolicyOfTests });
  const schedules: Schedules = new Schedules({ ...common, zoneOf: () => 'UTC' });
  return { ...hub, tasks, incidents, schedules, escalations: new Escalations({ store, now: clock.now }) };
}

export type YearHub = ReturnType<typeof yearHub>;
