import { randomUUID } from 'node:crypto';
import type { AppRegistry } from '../../apps/app-registry.ts';
import { forgetTaken } from '../../hub/incidents/event-ids.ts';
import { incidentPolicy } from '../../hub/incidents/incident-policy.ts';
import { Incidents } from '../../hub/incidents/incidents.ts';
import { incidentKinds } from '../../hub/incidents/timers.ts';
import type { NoticeIntake } from '../../hub/notifications/notices.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { DueWork } from '../../hub/timers/due-rows.ts';
import { background } from '../../kit/background.ts';
import type { Log } from '../../observe/log/log.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { policies } from './hub-sends.ts';

export interface HubIncidentsParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  readonly config: FullConfig;
  readonly apps: AppRegistry;
  readonly log: Log;
  readonly now: () => number;
}

/** Timers of incidents, which are opened after what runs them. */
export const incidentWorks = (incidents: () => Incidents): Readonly<Record<string, DueWork>> =>
  Object.fromEntries(incidentKinds.map((kind) => [kind, (rows) => incidents().works[kind](rows)]));

const SWEEP_MS = 3_600_000;

/** Opens what keeps incidents. @param closers ends what it does by itself */
export function openHubIncidents(
  { store, notices, config, apps, log, now }: HubIncidentsParts,
  closers: AsyncDisposableStack,
): Incidents {
  // A store that is away says so by itself; it is tried again.
  const sweep = (): Promise<unknown> => store.write((tx) => forgetTaken(tx, now()));
  const sweeping = setInterval(() => background(sweep(), () => {}), SWEEP_MS).unref();
  closers.defer(() => clearInterval(sweeping));
  return new Incidents({
    store,
    notices,
    now,
    newId: randomUUID,
    policyOf: policies(config, apps, log, incidentPolicy),
  });
}
