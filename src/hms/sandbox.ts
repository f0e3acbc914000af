import type { SimulatedProvider } from '../carrier/provider-row.ts';
import { AccessTokens } from '../sandbox/access-tokens.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import { openHmsServer } from './sandbox-server.ts';
import { openHmsAuthServer } from './sandbox-sign-in.ts';

const APP_ID = '100000001';
/** With characters that a form must escape: a relay that does not is found out here. */
const APP_SECRET = 'sandbox+secret/&=';

/** HMS and Huawei's sign-in, with an app of their own. */
export async function simulateHms(simulation: Simulation): Promise<SimulatedProvider> {
  const tokens = new AccessTokens(simulation.now);
  const servers = await Promise.all([
    openHmsAuthServer({ ...simulation, tokens, appId: APP_ID, appSecret: APP_SECRET }),
    openHmsServer({ ...simulation, tokens, appId: APP_ID }),
  ]);
  const [signIn, hms] = servers;
  return {
    settings: { appid: APP_ID, appsecret: APP_SECRET, endpoint: hms.origin, auth_endpoint: signIn.origin },
    signIns: () => tokens.issued,
    revokeTokens: () => tokens.revoke(),
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}
