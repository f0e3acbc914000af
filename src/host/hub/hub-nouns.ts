/** Incidents, tasks and schedules: what speaks to people by itself. */
import type { AppRegistry } from '../../apps/app-registry.ts';
import { eraseFromIncidents, exportIncidents } from '../../hub/incidents/erase-incidents.ts';
import { Escalations, eraseFromEscalations } from '../../hub/incidents/escalation/escalations.ts';
import type { Incidents } from '../../hub/incidents/incidents.ts';
import type { NoticeIntake } from '../../hub/notifications/notices.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import type { PersonPart } from '../../hub/people/person.ts';
import type { Schedules } from '../../hub/schedules/schedules.ts';
import type { HubEvents } from '../../hub/sends/hub-events.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { Tasks } from '../../hub/tasks/tasks.ts';
import type { DueWork } from '../../hub/timers/due-rows.ts';
import { background } from '../../kit/background.ts';
import type { Log } from '../../observe/log/log.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { incidentWorks, openHubIncidents } from './hub-incidents.ts';
import { openHubSchedules, schedulesPart, scheduleWorks } from './hub-schedules.ts';
import { openHubTasks, tasksPart, taskWorks } from './hub-tasks.ts';

export interface HubNouns {
  readonly incidents: Incidents;
  readonly escalations: Escalations;
  readonly tasks: Tasks;
  readonly schedules: Schedules;
}

export interface HubNounsParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  readonly config: FullConfig;
  readonly apps: AppRegistry;
  readonly policyOf: (app: string) => HubPolicy;
  readonly events?: HubEvents | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** Their timers. @param nouns opened after what runs them */
export const nounWorks = (nouns: () => HubNouns): Readonly<Record<string, DueWork>> => ({
  ...incidentWorks(() => nouns().incidents),
  ...taskWorks(() => nouns().tasks),
  ...scheduleWorks(() => nouns().schedules),
});

/** Who is named in incidents is taken out of them. */
const incidentsPart = (store: HubStore, notices: () => NoticeIntake): PersonPart => ({
  name: 'incidents',
  erase: async (tx, app, user) => ({
    incidents: await eraseFromIncidents(tx, { seal: store.seal, notices: notices() }, app, user),
    escalations: await eraseFromEscalations(tx, store.seal, app, user),
  }),
  export: (db, app, user) => exportIncidents(db, store.seal, app, user),
});

/** What they keep of a person. @param notices known once something can be erased */
export const nounParts = (store: HubStore, notices: () => NoticeIntake): readonly PersonPart[] => [
  incidentsPart(store, notices),
  tasksPart(store, notices),
  schedulesPart(store),
];

/** @param closers ends what they do by themselves */
export function openHubNouns({ events, ...parts }: HubNounsParts, closers: AsyncDisposableStack): HubNouns {
  const { store, now } = parts;
  return {
    incidents: openHubIncidents(parts, closers),
    escalations: new Escalations({ store, now }),
    tasks: openHubTasks({ ...parts, told: (app, type, count) => events?.toldOfTasks?.({ app, type, count }) }),
    schedules: openHubSchedules({ ...parts, ran: (app, outcome) => events?.ranSchedule?.({ app, outcome }) }),
  };
}

/** What the configuration has changed since, without anything waiting for it. */
export const renewNouns = ({ tasks }: HubNouns, log: Pick<Log, 'warn'>): void =>
  background(tasks.renew(), (error) => log.warn(`times of tasks stay as they were: ${error.message}`));
