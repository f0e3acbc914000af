import { devicePart } from '../../hub/devices/device-part.ts';
import { Devices } from '../../hub/devices/devices.ts';
import { Removals } from '../../hub/devices/removals.ts';
import { ensurePeople, People } from '../../hub/people/people.ts';
import type { ExportedPart, PersonPart } from '../../hub/people/person.ts';
import { Topics } from '../../hub/people/topics.ts';
import { topicsExport } from '../../hub/people/topics-export.ts';
import type { Withdrawing } from '../../hub/people/withdrawing.ts';
import type { HubDb, HubStore } from '../../hub/storage/storage.ts';
import { background } from '../../kit/background.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { Relay } from '../relay.ts';

export interface DirectoryParts {
  readonly store: HubStore;
  readonly providers: ProviderTable;
  readonly sectionOf: Relay['sectionOf'];
  /** What other parts keep of a person. */
  readonly parts: readonly PersonPart[];
  /** What an export of a person has beside those. */
  readonly exported: readonly ExportedPart[];
  /** `hub.devices.stale_after` and `keep_dead`, in milliseconds. */
  readonly staleAfterMs: number;
  readonly keepDeadMs: number;
  /** What is held for people is planned again, in the transaction that changes them or their devices; and after its commit. */
  readonly changed: (tx: HubDb, app: string, users: readonly string[]) => Promise<void>;
  readonly committed: () => void;
  readonly withdrawing: Withdrawing;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  readonly now: () => number;
}

/** Who there is, and what is theirs. */
export interface HubDirectory {
  readonly people: People;
  readonly devices: Devices;
  readonly topics: Topics;
  readonly removals: Removals;
}

const SWEEP_MS = 3_600_000;
const REFRESH_MS = 10_000;

/** @param closers ends the sweeping of dead devices */
export function openDirectory(parts: DirectoryParts, closers: AsyncDisposableStack): HubDirectory {
  const { store, providers, sectionOf, staleAfterMs, keepDeadMs, changed, committed, withdrawing, tell, now } = parts;
  const removals = new Removals({ store, now, tell });
  const devices = new Devices({
    ...{ store, now, removals, providers, staleAfterMs, changed, committed, withdrawing },
    sectionOf: (app, platform) => {
      const row = providers.ofPlatform(platform);
      return row && sectionOf(app, row);
    },
    makePeople: (tx, app, ids, at) => ensurePeople(tx, store, app, ids, at),
  });
  const people = new People({
    store,
    now,
    changed,
    committed,
    withdrawing,
    parts: [devicePart(devices), ...parts.parts],
    exported: [topicsExport, ...parts.exported],
  });
  // A store that is away says so by itself; both are tried again.
  const sweeping = setInterval(() => background(removals.sweep(keepDeadMs), () => {}), SWEEP_MS).unref();
  const refreshing = setInterval(() => background(removals.refresh(), () => {}), REFRESH_MS).unref();
  closers.defer(() => {
    clearInterval(sweeping);
    clearInterval(refreshing);
  });
  return { people, devices, topics: new Topics(store, now), removals };
}
