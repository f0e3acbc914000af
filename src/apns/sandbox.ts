import { generateKeyPairSync } from 'node:crypto';
import type { SimulatedProvider } from '../carrier/provider-row.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import { ApnsAuthorization } from './sandbox/sandbox-authorization.ts';
import { openApnsServer } from './sandbox/sandbox-server.ts';

const KEY_ID = 'SANDBOXKEY';
const TEAM_ID = 'SANDBOXTEA';
const TOPIC = 'com.example.app';

/** Both hosts of APNs, with a token key of their own. */
export async function simulateApns(simulation: Simulation): Promise<SimulatedProvider> {
  const { maxStreams = 1000, now } = simulation;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authorization = new ApnsAuthorization(publicKey, KEY_ID, TEAM_ID, now);
  const hosts = await Promise.all(
    (['production', 'development'] as const).map((environment) =>
      openApnsServer({ ...simulation, authorization, maxStreams, environment }),
    ),
  );
  const [production, development] = hosts;
  return {
    settings: {
      key_path: '',
      key_base64: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64'),
      key_type: 'p8',
      key_id: KEY_ID,
      team_id: TEAM_ID,
      endpoint: production?.origin,
      sandbox_endpoint: development?.origin,
    },
    usual: { topic: TOPIC },
    close: async () => void (await Promise.all(hosts.map((host) => host.close()))),
  };
}
