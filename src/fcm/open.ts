import type { OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import { loadFcmCredential, TOKEN_URI } from './credentials.ts';
import type { FcmSection } from './section.ts';
import { createFcmTokenSource } from './token.ts';
import { createFcmTransport } from './transport.ts';

/** FCM for the process. */
export const openFcm = ({ outbound, env }: ProviderServices): OpenProvider<FcmSection> => ({
  transport({ section, own, trusted }) {
    // The variables of the machine are the default app's.
    const credential = loadFcmCredential(section, own ? {} : env);
    // Google's own address is no way into our network, and a forced proxy may be the only way to it.
    const isGoogle = credential.type !== 'metadata_server' && credential.tokenUri === TOKEN_URI;
    const dispatcher = isGoogle || trusted || !own ? outbound.dispatcher : outbound.guarded;
    return createFcmTransport({
      credential,
      origin: section.endpoint,
      createPool: outbound.httpsPoolsOf(section),
      tokenSource: createFcmTokenSource({ credential, dispatcher, timeoutMs: section.request_timeout * 1000 }),
    });
  },
});
