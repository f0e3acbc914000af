import type { OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import { toMs } from '../kit/seconds.ts';
import type { NtfySection } from './section.ts';
import { ntfyAuthorization } from './settings.ts';
import { createNtfyTransport } from './transport.ts';

/** Requests under way at a time. */
const CONNECTIONS = 16;

/** ntfy for the process. */
export const openNtfy = ({ outbound, log }: ProviderServices): OpenProvider<NtfySection> => ({
  transport: ({ app, section, trusted, own }) =>
    createNtfyTransport({
      app,
      endpoint: section.endpoint,
      authorization: ntfyAuthorization(section),
      // The operator's own address may be a private one; a caller's of /v1/apps leads to public ones only.
      dispatcher: trusted || !own ? outbound.dispatcher : outbound.guarded,
      requestTimeoutMs: toMs(section.request_timeout),
      connections: CONNECTIONS,
      onOldServer: () =>
        log(
          'warn',
          `ntfy: the server of app ${app} does not know sequence ids (ntfy 2.16): updates show as new messages`,
        ),
    }),
});
