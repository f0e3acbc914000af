import { type ProviderRow, partLabel } from '../carrier/provider-row.ts';
import { type Check, readiness } from '../health/ready.ts';
import type { Relay } from './relay.ts';

/** What /readyz and gRPC's health tell. */
export const readyState = (
  { queue, lanes, storedApps, apps: { providers } }: Pick<Relay, 'queue' | 'lanes' | 'storedApps' | 'apps'>,
  draining: boolean,
): ReturnType<typeof readiness> => {
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
    draining: () => draining,
  });
};
