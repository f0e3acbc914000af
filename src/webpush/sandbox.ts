import type { SimulatedProvider } from '../carrier/provider-row.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import { generateVapidPair } from './credentials.ts';
import { openPushService } from './sandbox/push-service.ts';

/** A push service that all endpoints lead to, with a VAPID pair that is in use and one that was. */
export async function simulateWebPush(simulation: Simulation): Promise<SimulatedProvider> {
  const current = generateVapidPair();
  const old = generateVapidPair();
  const server = await openPushService({ ...simulation, keys: [current.public_key, old.public_key] });
  return {
    settings: {
      subject: 'https://martlet.dev/sandbox',
      vapid: [
        { id: 'sandbox', state: 'current', ...current },
        { id: 'sandbox-old', state: 'old', ...old },
      ],
      endpoint: server.origin,
    },
    close: () => server.close(),
  };
}
