import type { OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import { toMs } from '../kit/seconds.ts';
import type { SlackSection } from './section.ts';
import { webhookRules } from './settings.ts';
import { createSlackTransport } from './transport.ts';

/** Requests under way at a time; a channel has one. */
const CONNECTIONS = 32;

/** Slack for the process. */
export const openSlack = ({ outbound }: ProviderServices): OpenProvider<SlackSection> => ({
  transport: ({ section, trusted, own }) =>
    createSlackTransport({
      endpoint: section.endpoint,
      token: section.token,
      rules: webhookRules(section),
      dispatcher: outbound.dispatcher,
      webhooks: outbound.dispatcherOfStrangers({
        private_networks: trusted || !own ? section.private_networks : [],
        endpoint: section.webhook_endpoint,
      }),
      requestTimeoutMs: toMs(section.request_timeout),
      connections: CONNECTIONS,
    }),
});
