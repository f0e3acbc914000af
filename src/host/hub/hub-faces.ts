import { deviceStreamRoutes } from '../../api/hub/device-stream-routes.ts';
import { devicesRoutes } from '../../api/hub/devices-routes.ts';
import type { HubRoute } from '../../api/hub/hub-route.ts';
import { inboxRoutes } from '../../api/hub/inbox-routes.ts';
import { notificationRoutes } from '../../api/hub/notification-routes.ts';
import { settingsRoutes } from '../../api/hub/settings-routes.ts';
import { topicsRoutes } from '../../api/hub/topics-routes.ts';
import { usersRoutes } from '../../api/hub/users-routes.ts';
import type { Devices } from '../../hub/devices/devices.ts';
import { ensurePeople } from '../../hub/people/people.ts';
import type { PersonPart } from '../../hub/people/person.ts';
import type { PushCarrier } from '../../hub/push/push-carrier.ts';
import { eraseSends } from '../../hub/sends/erase-sends.ts';
import { replan } from '../../hub/sends/replan.ts';
import type { Sends } from '../../hub/sends/sends.ts';
import { wordsFor } from '../../hub/sends/views/explained.ts';
import { Inbox } from '../../hub/sends/views/inbox-book.ts';
import { SettingsBook, settingsPart } from '../../hub/settings/settings-book.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { toMs } from '../../kit/seconds.ts';
import type { Log } from '../../observe/log/log.ts';
import type { FullConfig } from '../../providers/registry.ts';
import type { Relay } from '../relay.ts';
import { openDirectory } from './hub-directory.ts';
import { openHubSends } from './hub-sends.ts';

export interface HubFacesParts {
  readonly relay: Pick<Relay, 'apps' | 'sectionOf'>;
  readonly config: FullConfig;
  readonly store: HubStore;
  readonly carrier: PushCarrier;
  readonly log: Log;
  readonly now: () => number;
}

/** What the hub sent to a person goes with the person. */
const sendsPart = ({ seal }: HubStore): PersonPart => ({
  name: 'notifications',
  erase: async (tx, app, user) => ({ ...(await eraseSends(tx, seal, app, user)) }),
});

export interface HubFaces {
  readonly sends: Sends;
  readonly devices: Devices;
  readonly routes: readonly HubRoute[];
}

/** The parts of the hub that callers see: people with their settings and inbox, and what is sent to them. */
export function openHubFaces(
  { relay, config, store, carrier, log, now }: HubFacesParts,
  closers: AsyncDisposableStack,
): HubFaces {
  const { stale_after: stale, keep_dead: keep } = config.hub.devices;
  const directory = openDirectory(
    {
      ...{ store, now, providers: relay.apps.providers, parts: [settingsPart, sendsPart(store)] },
      sectionOf: (app, row) => relay.sectionOf(app, row),
      ...{ staleAfterMs: toMs(stale), keepDeadMs: toMs(keep) },
      tell: (level, message) => log[level](message),
    },
    closers,
  );
  const { people, devices, topics, removals } = directory;
  const { sends, policyOf } = openHubSends(
    {
      ...{ store, carrier, config, log, now, apps: relay.apps },
      applyVerdicts: (verdicts) => removals.apply(verdicts),
      noteAddress: (app, verdict) => people.noteVerdict(app, verdict),
    },
    closers,
  );
  const settings = new SettingsBook({
    ...{ store, now },
    makePeople: (tx, app, ids, at) => ensurePeople(tx, store, app, ids, at),
    changed: (tx, app, users) => replan(tx, app, users, now()),
    committed: () => sends.nudge(now()),
  });
  const defaultsOf = (app: string) => ({ settings: policyOf(app).defaults, timezone: policyOf(app).timezone });
  const inbox = new Inbox({ store, now, policyOf });
  const wordsOf = wordsFor(relay.apps.providers);
  return {
    sends,
    devices,
    routes: [
      ...usersRoutes({ people }),
      ...deviceStreamRoutes({ devices }),
      ...devicesRoutes({ devices, removals }),
      ...topicsRoutes({ topics }),
      ...settingsRoutes({ settings, people, defaultsOf, now }),
      ...notificationRoutes({ store, sends, policyOf, wordsOf, carrier, staleAfterMs: toMs(stale), now }),
      ...inboxRoutes({ inbox }),
    ],
  };
}
