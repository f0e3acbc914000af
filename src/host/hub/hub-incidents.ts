import type { AppRegistry } from '../../apps/app-registry.ts';
import { incidentPolicy } from '../../hub/incidents/incident-policy.ts';
import { Incidents } from '../../hub/incidents/incidents.ts';
import type { NoticeIntake } from '../../hub/notifications/notices.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
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

/** Opens what keeps incidents. */
export function openHubIncidents({ store, notices, config, apps, log, now }: HubIncidentsParts): Incidents {
  return new Incidents({ store, notices, now, policyOf: policies(config, apps, log, incidentPolicy) });
}
