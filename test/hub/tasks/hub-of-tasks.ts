import type { PersonPart } from '../../../src/hub/people/person.ts';
import { clocksOf } from '../../../src/hub/sends/facts/clocks-of.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { usualButtons } from '../../../src/hub/tasks/buttons.ts';
import { TASK_DUE } from '../../../src/hub/tasks/daily/daily-timers.ts';
import { eraseFromTasks, exportTasks } from '../../../src/hub/tasks/erase-tasks.ts';
import type { TaskChange, TaskResult } from '../../../src/hub/tasks/task-parts.ts';
import type { TaskPolicy } from '../../../src/hub/tasks/task-policy.ts';
import { Tasks } from '../../../src/hub/tasks/tasks.ts';
import { Clock, change, phone } from '../directory.ts';
import { policy as hubPolicy } from '../notifications/decide-cases.ts';
import { hubOfSends } from '../sends/hub-of-sends.ts';

export const taskPolicyOfTests: TaskPolicy = {
  at: { reminder: 20 * 60, overdue: 9 * 60, digest: 11 * 60 },
  timezone: 'UTC',
  hubZone: 'UTC',
  priority: 'medium',
  buttons: usualButtons,
};

const DAY = 86_400_000;

/** Tasks, and the sends behind them up to a scripted carrier, on one store. */
export function hubOfTasks(store: HubStore, clock = new Clock(), policy: Partial<TaskPolicy> = {}) {
  const part: PersonPart = {
    name: 'tasks',
    erase: async (tx, app, user) => ({
      tasks: await eraseFromTasks(tx, { seal: store.seal, notices: hub.sends.notices }, app, user),
    }),
    export: (db, app, user) => exportTasks(db, store.seal, app, user),
  };
  const hub: ReturnType<typeof hubOfSends> = hubOfSends(store, clock, undefined, {
    parts: [part],
    works: { [TASK_DUE]: (rows) => tasks.works[TASK_DUE](rows) },
    moved: (tx, app, users) => tasks.moved(tx, app, users),
  });
  const told: string[] = [];
  const own = { ...taskPolicyOfTests, ...policy };
  const parts = { seal: store.seal, staleAfterMs: 270 * DAY, policyOf: () => hubPolicy, now: clock.now };
  const tasks = new Tasks({
    ...{ store, notices: hub.sends.notices, now: clock.now, startedAt: clock.now() },
    policyOf: () => own,
    zonesOf: (tx, app, users) => clocksOf(tx, parts, app, users),
    told: (_app, type, count) => told.push(`${type} ${count}`),
  });
  return {
    ...hub,
    ...{ tasks, told, policy: own as { -readonly [Key in keyof TaskPolicy]: TaskPolicy[Key] } },
    /** A person with a phone, by a number. */
    async person(number: number, id: string, more: object = {}) {
      await hub.people.put({ ...change, id }, more);
      await hub.devices.put(change, `d${number}`, phone(number, { user: id }));
    },
    async put(id: string, body: object, more: Partial<TaskChange> = {}): Promise<TaskResult> {
      const result = await tasks.put({ app: 'default', id, caller: 'key:test', ...more }, body);
      await hub.sends.settle();
      return result;
    },
    /** `<type> → <token>: <title>` of each push that was taken, and no more of them from then on. */
    pushes(): string[] {
      const taken = hub.carrier.taken.splice(0);
      return taken.flatMap(({ notification }) =>
        notification.tokens.map(
          (token) => `${notification.data?.type} → ${Number.parseInt(token.slice(0, 8), 16)}: ${notification.title}`,
        ),
      );
    },
    /** `<kind> <time>` of the timers of a person. */
    async timers(): Promise<string[]> {
      const rows = await store.db.selectFrom('due').select(['ref', 'due_at']).where('kind', '=', TASK_DUE).execute();
      return rows
        .map(({ ref, due_at: at }) => `${JSON.parse(ref).join(' ')} ${new Date(at).toISOString().slice(0, 16)}`)
        .toSorted();
    },
  };
}

export type HubOfTasks = ReturnType<typeof hubOfTasks>;
