import type { OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import { type FcmCredential, loadFcmCredential } from './credentials.ts';
import type { FcmSection } from './section.ts';
import { callsGoogleOnly, refuseForeign } from './sign-in/addresses.ts';
import { createFcmTokenSource } from './token.ts';
import { createFcmTransport } from './transport.ts';

/** FCM for the process. */
export const openFcm = ({ outbound, env }: ProviderServices): OpenProvider<FcmSection> => ({
  transport({ section, origin, own, trusted }) {
    // The variables of the machine are the default app's.
    const credential: FcmCredential = loadFcmCredential(section, own ? {} : env);
    if (own && origin === 'store') refuseForeign(credential);
    // Google's own address is no way into our network, and a forced proxy may be the only way to it.
    const dispatcher = callsGoogleOnly(credential) || trusted || !own ? outbound.dispatcher : outbound.guarded;
    return createFcmTransport({
      credential,
      origin: section.endpoint,
      createPool: outbound.httpsPoolsOf(section),
      tokenSource: createFcmTokenSource({ credential, dispatcher, env, timeoutMs: section.request_timeout * 1000 }),
    });
  },
});
