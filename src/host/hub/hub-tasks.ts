import type { AppRegistry } from '../../apps/app-registry.ts';
import type { NoticeIntake } from '../../hub/notifications/notices.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import type { PersonPart } from '../../hub/people/person.ts';
import { clocksOf } from '../../hub/sends/facts/clocks-of.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { TASK_DUE } from '../../hub/tasks/daily/daily-timers.ts';
import { eraseFromTasks, exportTasks } from '../../hub/tasks/erase-tasks.ts';
import type { TaskNotice } from '../../hub/tasks/task.ts';
import { taskPolicy } from '../../hub/tasks/task-policy.ts';
import { Tasks } from '../../hub/tasks/tasks.ts';
import type { DueWork } from '../../hub/timers/due-rows.ts';
import { toMs } from '../../kit/seconds.ts';
import type { Log } from '../../observe/log/log.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { policies } from './hub-sends.ts';

export interface HubTasksParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  readonly config: FullConfig;
  readonly apps: AppRegistry;
  readonly policyOf: (app: string) => HubPolicy;
  readonly told?: ((app: string, type: TaskNotice, count: number) => void) | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** Timers of tasks, which are opened after what runs them. */
export const taskWorks = (tasks: () => Tasks): Readonly<Record<string, DueWork>> => ({
  [TASK_DUE]: (rows) => tasks().works[TASK_DUE](rows),
});

/** Who is named in tasks is taken out of them. @param notices known once something can be erased */
export const tasksPart = (store: HubStore, notices: () => NoticeIntake): PersonPart => ({
  name: 'tasks',
  erase: async (tx, app, user) => ({
    tasks: await eraseFromTasks(tx, { seal: store.seal, notices: notices() }, app, user),
  }),
  export: (db, app, user) => exportTasks(db, store.seal, app, user),
});

/** Opens what keeps tasks. */
export function openHubTasks({ config, apps, log, policyOf, ...parts }: HubTasksParts): Tasks {
  const { store, now } = parts;
  const staleAfterMs = toMs(config.hub.devices.stale_after);
  return new Tasks({
    ...parts,
    policyOf: policies(config, apps, log, taskPolicy),
    zonesOf: (tx, app, users) => clocksOf(tx, { seal: store.seal, staleAfterMs, policyOf, now }, app, users),
    startedAt: now(),
  });
}
