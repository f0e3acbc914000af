import type { SimulatedProvider } from '../carrier/provider-row.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import { openSmsServer } from './sandbox-server.ts';

const ACCOUNT = 'AC00000000000000000000000000000000';
/** With characters that a form and a header must escape. */
const TOKEN = 'sandbox+token/&=:';

/** The Messages API, with an account and a sender of its own. */
export async function simulateSms(simulation: Simulation): Promise<SimulatedProvider> {
  const server = await openSmsServer({ ...simulation, account: ACCOUNT, token: TOKEN });
  return {
    settings: {
      account_sid: ACCOUNT,
      auth_token: TOKEN,
      api_key: '',
      api_secret: '',
      from: '+15005550006',
      messaging_service_sid: '',
      endpoint: server.origin,
    },
    close: () => server.close(),
  };
}
