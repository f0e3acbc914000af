import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { SimulatedProvider } from '../carrier/provider-row.ts';
import { AccessTokens } from '../sandbox/access-tokens.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import { openFcmServer } from './sandbox-server.ts';
import { openOAuthServer } from './sandbox-sign-in.ts';

const PROJECT_ID = 'martlet-sandbox';
const CLIENT_EMAIL = `push@${PROJECT_ID}.iam.gserviceaccount.com`;

/** FCM and Google's sign-in, with a service account of their own. */
export async function simulateFcm(simulation: Simulation): Promise<SimulatedProvider> {
  const { maxStreams = 100, now } = simulation;
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const tokens = new AccessTokens(now);
  const servers = await Promise.all([
    openOAuthServer({ ...simulation, tokens, key: publicKey, clientEmail: CLIENT_EMAIL }),
    openFcmServer({ ...simulation, tokens, projectId: PROJECT_ID, maxStreams }),
  ]);
  const [signIn, fcm] = servers;
  // As Google's console exports it.
  const account = {
    type: 'service_account',
    project_id: PROJECT_ID,
    private_key_id: 'sandbox',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: CLIENT_EMAIL,
    client_id: '1',
    token_uri: `${signIn.origin}/token`,
  };
  return {
    settings: { key_path: '', credential: JSON.stringify(account), endpoint: fcm.origin },
    signIns: () => tokens.issued,
    revokeTokens: () => tokens.revoke(),
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}
