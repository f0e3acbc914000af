import { type Check, readiness } from '../health/ready.ts';
import type { Relay } from './relay.ts';

/** What /readyz and gRPC's health tell. */
export const readyState = (
  { queue, lanes, storedApps }: Pick<Relay, 'queue' | 'lanes' | 'storedApps'>,
  draining: boolean,
): ReturnType<typeof readiness> => {
  const apps = storedApps.health();
  const others: Check[] = apps ? [{ name: 'apps', ...apps }] : [];
  return readiness({
    queue: () => queue.health(),
    lanes: () => [...lanes].map(({ lane, transport }) => ({ lane: lane.status(), transport: transport.status() })),
    others: () => others,
    draining: () => draining,
  });
};
