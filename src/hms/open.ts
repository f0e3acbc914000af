import type { OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import type { HmsSection } from './section.ts';
import { createHmsTransport } from './transport.ts';

/** HMS for the process. */
export const openHms = ({ outbound }: ProviderServices): OpenProvider<HmsSection> => ({
  transport: ({ section }) =>
    createHmsTransport({
      appId: section.appid,
      appSecret: section.appsecret,
      origin: section.endpoint,
      authOrigin: section.auth_endpoint,
      requestTimeoutMs: section.request_timeout * 1000,
      dispatcher: outbound.dispatcher,
    }),
});
