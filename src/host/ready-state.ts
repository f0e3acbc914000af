import type { AppRegistry } from '../apps/app-registry.ts';
import type { AppLane } from '../apps/lanes/app-in-use.ts';
import type { StoredApps } from '../apps/store/open-stored-apps.ts';
import { type ProviderRow, partLabel } from '../carrier/provider-row.ts';
import { type Check, type Readiness, readiness } from '../health/ready.ts';
import type { Queue } from '../queue/queue.ts';

/** What is looked at of a relay. */
export interface ReadyRelay {
  readonly queue: Pick<Queue, 'health'>;
  readonly lanes: Iterable<Pick<AppLane, 'provider' | 'lane' | 'transport'>>;
  readonly storedApps: Pick<StoredApps, 'health'>;
  readonly apps: Pick<AppRegistry, 'providers'>;
}

/** A part of the process that has checks of its own. */
export interface ReadyPart {
  checks(): readonly Check[];
}

/** What /readyz and gRPC's health tell. */
export const readyState = (
  { queue, lanes, storedApps, apps: { providers } }: ReadyRelay,
  draining: boolean,
  hub?: ReadyPart,
): Readiness => {
  const apps = storedApps.health();
  const others: Check[] = apps ? [{ name: 'apps', ...apps }] : [];
  return readiness({
    queue: () => queue.health(),
    lanes: () =>
      [...lanes].map(({ provider, lane, transport }) => ({
        lane: lane.status(),
        transport: transport.status(),
        part: partLabel(providers.named(provider) as ProviderRow, lane.id.partition),
      })),
    others: () => others,
    needed: () => hub?.checks() ?? [],
    draining: () => draining,
  });
};
