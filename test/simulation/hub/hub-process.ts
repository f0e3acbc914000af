import { devicePart } from '../../../src/hub/devices/device-part.ts';
import { Devices } from '../../../src/hub/devices/devices.ts';
import { Removals } from '../../../src/hub/devices/removals.ts';
import type { PresenceState } from '../../../src/hub/notifications/decide-input.ts';
import { ensurePeople, People } from '../../../src/hub/people/people.ts';
import type { PushCarrier } from '../../../src/hub/push/push-carrier.ts';
import { cancelByKey, cancelNotification } from '../../../src/hub/sends/cancelling.ts';
import { eraseSends } from '../../../src/hub/sends/erase-sends.ts';
import { renderer } from '../../../src/hub/sends/renderer.ts';
import { endSnooze, replan } from '../../../src/hub/sends/replan.ts';
import { Sends } from '../../../src/hub/sends/sends.ts';
import { Inbox } from '../../../src/hub/sends/views/inbox-book.ts';
import { SettingsBook, settingsPart } from '../../../src/hub/settings/settings-book.ts';
import type { HubDb, HubStore } from '../../../src/hub/storage/storage.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { policy } from '../../hub/notifications/decide-cases.ts';
import type { Life } from './lives.ts';

export interface HubProcessParts {
  readonly life: Life;
  readonly store: HubStore;
  readonly carrier: PushCarrier;
  /** Wall clock of its host. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly newId: () => string;
  readonly presence: ReadonlyMap<string, PresenceState>;
  /** People that are decided about in one transaction. */
  readonly page: number;
  readonly tell: (level: string, message: string) => void;
}

/** The hub of one life, put together as src/host does it. */
export interface HubProcess {
  readonly life: Life;
  readonly people: People;
  readonly devices: Devices;
  readonly settings: SettingsBook;
  readonly sends: Sends;
  readonly inbox: Inbox;
  readonly cancel: { one(id: string): Promise<unknown>; byKey(key: string): Promise<unknown> };
}

export function openHubProcess(parts: HubProcessParts): HubProcess {
  const { life, store, carrier, now, monotonic, newId, presence, page, tell } = parts;
  const policyOf = () => policy;
  let nudge = (_at: number): void => {};
  const changed = async (tx: HubDb, app: string, users: readonly string[]): Promise<void> => {
    await replan(tx, app, users, now());
  };
  const committed = (): void => nudge(now());
  const removals = new Removals({ store, now, tell });
  const devices = new Devices({
    ...{ store, now, removals, changed, committed, providers: builtIn, staleAfterMs: 270 * 86_400_000 },
    sectionOf: () => undefined,
    makePeople: (tx, app, ids, at) => ensurePeople(tx, store, app, ids, at),
  });
  const sendsPart = {
    name: 'notifications',
    erase: async (tx: Parameters<typeof eraseSends>[0], app: string, user: string) => ({
      ...(await eraseSends(tx, { seal: store.seal, now: now() }, app, user)),
    }),
  };
  const people = new People({ store, now, changed, committed, parts: [devicePart(devices), settingsPart, sendsPart] });
  const sends = new Sends({
    ...{ store, carrier, policyOf, now, monotonic, newId, page, tell, staleAfterMs: 270 * 86_400_000 },
    instance: life.instance,
    rendererOf: renderer({ policyOf, now }),
    presenceOf: async () => presence,
    applyVerdicts: (verdicts) => removals.apply(verdicts),
    noteAddresses: async () => {},
  });
  const settings = new SettingsBook({
    ...{ store, now, changed, committed },
    makePeople: (tx, app, ids, at) => ensurePeople(tx, store, app, ids, at),
    wanted: async () => {},
    woken: (tx, app, user) => endSnooze(tx, app, user, now()),
  });
  nudge = sends.nudge;
  const cancel = {
    one: (id: string) => cancelNotification({ store, now }, 'default', id),
    byKey: (key: string) => cancelByKey({ store, now }, 'default', key),
  };
  return {
    life,
    people,
    devices,
    settings,
    sends,
    cancel,
    inbox: new Inbox({ store, marking: sends.marking, policyOf, now }),
  };
}
