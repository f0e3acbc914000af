import { analyticsRoutes } from '../../api/hub/analytics-routes.ts';
import { deviceStreamRoutes } from '../../api/hub/device-stream-routes.ts';
import { devicesRoutes } from '../../api/hub/devices-routes.ts';
import { engagementRoutes } from '../../api/hub/engagement-routes.ts';
import type { HubRoute } from '../../api/hub/hub-route.ts';
import { inboxRoutes } from '../../api/hub/inbox-routes.ts';
import { escalationRoutes } from '../../api/hub/incidents/escalation-routes.ts';
import { incidentRoutes } from '../../api/hub/incidents/incident-routes.ts';
import { verbRoutes } from '../../api/hub/incidents/verb-routes.ts';
import { notificationRoutes } from '../../api/hub/notification-routes.ts';
import { scheduleRoutes } from '../../api/hub/schedules/schedule-routes.ts';
import { settingsRoutes } from '../../api/hub/settings-routes.ts';
import { taskRoutes } from '../../api/hub/tasks/task-routes.ts';
import { topicsRoutes } from '../../api/hub/topics-routes.ts';
import { usersRoutes } from '../../api/hub/users-routes.ts';
import type { Devices } from '../../hub/devices/devices.ts';
import type { Removals } from '../../hub/devices/removals.ts';
import type { People } from '../../hub/people/people.ts';
import { Engagements } from '../../hub/sends/engagements/engagements.ts';
import type { Sends } from '../../hub/sends/sends.ts';
import { decisionWords, wordsFor } from '../../hub/sends/views/explained.ts';
import { Inbox } from '../../hub/sends/views/inbox-book.ts';
import { toMs } from '../../kit/seconds.ts';
import { type HubCoreParts, openHubCore } from './hub-core.ts';

export interface HubFaces {
  readonly people: People;
  readonly sends: Sends;
  readonly devices: Devices;
  readonly removals: Removals;
  readonly inbox: Inbox;
  /** Begins with what is due. */
  start(): void;
  readonly routes: readonly HubRoute[];
}

/** The parts of the hub that callers see: people with their settings and inbox, and what is sent to them. */
export function openHubFaces(parts: HubCoreParts, closers: AsyncDisposableStack): HubFaces {
  const { relay, config, store, carrier, events, now } = parts;
  const core = openHubCore(parts, closers);
  const { people, devices, topics, removals, settings, sends, incidents, escalations, tasks, policyOf } = core;
  const defaultsOf = (app: string) => ({ settings: policyOf(app).defaults, timezone: policyOf(app).timezone });
  const inbox = new Inbox({ store, marking: sends.marking, now, policyOf });
  const wordsOf = wordsFor(relay.apps.providers);
  return {
    people,
    sends,
    devices,
    removals,
    inbox,
    start: () => core.start(),
    routes: [
      ...usersRoutes({ people }),
      ...deviceStreamRoutes({ devices }),
      ...devicesRoutes({ devices, removals }),
      ...topicsRoutes({ topics }),
      ...settingsRoutes({ settings, people, defaultsOf, now }),
      ...notificationRoutes({
        store,
        sends,
        policyOf,
        wordsOf,
        carrier,
        events,
        staleAfterMs: toMs(config.hub.devices.stale_after),
        now,
      }),
      ...inboxRoutes({ inbox }),
      ...engagementRoutes({ engagements: new Engagements({ store, marking: sends.marking, events, now }) }),
      ...incidentRoutes({ store, incidents, wordsOf: decisionWords(wordsOf) }),
      ...verbRoutes({ incidents }),
      ...escalationRoutes({ escalations }),
      ...taskRoutes({ tasks }),
      ...scheduleRoutes({ schedules: core.schedules }),
      ...analyticsRoutes({ store, policyOf, pauses: removals.pauses, now }),
    ],
  };
}
