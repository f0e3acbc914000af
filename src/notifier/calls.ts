import { createHash } from 'node:crypto';
import type { HubCore } from '../host/hub/hub-core.ts';
import type { DevicePlatforms } from '../hub/devices/device-target.ts';
import type { RegisteredDevice } from '../hub/devices/devices.ts';
import { type NotificationDoc, parseNotification } from '../hub/notifications/notification-doc.ts';
import { faulty, type Person } from '../hub/people/person.ts';
import { findNotification } from '../hub/sends/rows/notification-rows.ts';
import { wordsFor } from '../hub/sends/views/explained.ts';
import { peopleView, type WordsOf, wholeView } from '../hub/sends/views/notification-view.ts';
import type { HubStore } from '../hub/storage/storage.ts';
import type { FaultyField } from '../kit/refusal.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import { devicesWithToken } from './find-device.ts';
import { incidentNotification } from './incident-notification.ts';
import type {
  NotificationReport,
  NotifierDevice,
  NotifierPerson,
  NotifierSettings,
  PushNotifier,
  RegisteredNotifierDevice,
} from './push-notifier.ts';

/** Whom the audit names for what the program does. */
const BY = 'notifier';
const MOST_DEVICES = 1000;
const MOST_PEOPLE = 1000;

const app = DEFAULT_APP;

export interface CallsParts {
  readonly core: HubCore;
  readonly store: HubStore;
  readonly platforms: DevicePlatforms;
}

export type Calls = Omit<PushNotifier, 'health' | 'close'>;

/** What a notifier is asked to do, on an open core. */
export function createCalls(parts: CallsParts): Calls {
  const { core, store, platforms } = parts;
  const { devices, settings } = core;
  const wordsOf = wordsFor(platforms.providers);
  const send: Calls['send'] = async (notification) => {
    const json: unknown = JSON.parse(JSON.stringify(notification));
    const doc = parseNotification(json, { timezone: core.policyOf(app).timezone });
    if (Array.isArray(doc)) throw faulty(doc as readonly FaultyField[]);
    const bodyHash = createHash('sha256').update(JSON.stringify(json)).digest('base64url');
    const { answer } = await core.sends.accept({ app, doc: doc as NotificationDoc, bodyHash });
    return answer;
  };
  return {
    async registerDevice({ id, ...body }) {
      const change = { app, by: BY };
      const { view, ...facts } = await (id === undefined ? devices.post(change, body) : devices.put(change, id, body));
      return { ...view, ...told(facts) } as unknown as RegisteredNotifierDevice;
    },
    async unregisterDevice(idOrToken) {
      if (await devices.delete({ app, by: BY }, idOrToken)) return true;
      const ids = await devicesWithToken(store, platforms, app, idOrToken);
      const gone = await Promise.all(ids.map((id) => devices.delete({ app, by: BY }, id)));
      return gone.includes(true);
    },
    devices: async (user) =>
      (await devices.list(app, user, { limit: MOST_DEVICES })) as unknown as readonly NotifierDevice[],
    settings: async (user) => (await settings.get(app, user)).doc as unknown as NotifierSettings,
    async updateSettings(user, patch) {
      const { doc } = await settings.patch({ app, user, by: BY }, JSON.parse(JSON.stringify(patch)));
      return doc as unknown as NotifierSettings;
    },
    send,
    sendIncidentNotification: (incident, users, type, data = {}) =>
      send(incidentNotification(incident, users, type, data)),
    notification: (id) => report(store, wordsOf, id),
    person: async (user) => {
      const person = await core.people.get(app, user);
      return person && personOf(core, person);
    },
    async updatePerson(user, patch) {
      const change = { app, id: user, by: BY };
      const body: unknown = JSON.parse(JSON.stringify(patch));
      const isThere = (await core.people.get(app, user)) !== undefined;
      const { person } = await (isThere ? core.people.patch(change, body) : core.people.put(change, body));
      return personOf(core, person);
    },
    erasePerson: (user) => core.people.erase({ app, id: user, by: BY }),
  };
}

async function personOf({ people }: HubCore, person: Person): Promise<NotifierPerson> {
  const [view] = await people.views(app, [person]);
  return view as unknown as NotifierPerson;
}

/** Absent where it is false or empty. */
function told({ created, moved, rotated, removed }: Omit<RegisteredDevice, 'device' | 'view'>): object {
  return {
    ...(created ? { created } : {}),
    ...(moved ? { moved } : {}),
    ...(rotated ? { rotated } : {}),
    ...(removed.length > 0 ? { removed } : {}),
  };
}

async function report(store: HubStore, wordsOf: WordsOf, id: string): Promise<NotificationReport | undefined> {
  const row = await findNotification(store.db, app, id);
  if (!row) return undefined;
  const people = await peopleView(store, row, { limit: MOST_PEOPLE, after: '' }, wordsOf);
  return { ...(await wholeView(store, row)), people: people.slice(0, MOST_PEOPLE) } as unknown as NotificationReport;
}
