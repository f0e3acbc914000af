import type { OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import { toMs } from '../kit/seconds.ts';
import { ReceiptPoller } from './receipts.ts';
import type { ExpoSection } from './section.ts';
import { ExpoTransport } from './transport.ts';

/** Expo for the process: transports, and one who asks about their receipts. */
export function openExpo({ outbound, late, sectionOf, log }: ProviderServices<ExpoSection>): OpenProvider<ExpoSection> {
  const { dispatcher } = outbound;
  const poller = new ReceiptPoller({ late, dispatcher, sectionOf, warn: (message) => log('warn', message) });
  return {
    transport: ({ section }) =>
      new ExpoTransport({
        dispatcher,
        endpoint: section.endpoint,
        accessToken: section.access_token,
        requestTimeoutMs: toMs(section.request_timeout),
        receipts: { firstMs: toMs(section.receipts.first), untilMs: toMs(section.receipts.until) },
      }),
    close: () => poller.close(),
  };
}
