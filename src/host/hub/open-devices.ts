import type { AppRegistry } from '../../apps/app-registry.ts';
import { Devices } from '../../hub/devices/devices.ts';
import { Removals } from '../../hub/devices/removals.ts';
import { ensurePeople } from '../../hub/people/people.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { Relay } from '../relay.ts';

export interface OpenDevicesOptions {
  readonly store: HubStore;
  readonly relay: { readonly apps: AppRegistry; readonly sectionOf: Relay['sectionOf'] };
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const STALE_AFTER_MS = 270 * DAY_MS;

/** The devices of all apps. */
export function openDevices({ store, relay, tell, now }: OpenDevicesOptions): Devices {
  const { providers } = relay.apps;
  return new Devices({
    ...{ store, providers, now, staleAfterMs: STALE_AFTER_MS },
    sectionOf(app, platform) {
      const row = providers.ofPlatform(platform);
      return row && relay.sectionOf(app, row);
    },
    makePeople: (tx, app, ids, at) => ensurePeople(tx, store, app, ids, at),
    removals: new Removals({ store, now, tell }),
  });
}
