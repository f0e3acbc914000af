import type { Broker } from '../../../src/queue/broker/broker.ts';
import { encodeMessage } from '../../../src/queue/broker/broker-message.ts';

/** Publishes messages of one token each, which no instance has had: `r0`, `r1`, … Closes the adapter. */
export async function publishTokens(adapter: Broker, tokens: readonly string[]): Promise<void> {
  await new Promise<void>((up) => {
    adapter.start({ message: () => {}, holds: () => false, isSure: () => true, up, down: () => {}, tell: () => {} });
  });
  const messages = tokens.map((token, at) => {
    const request = { id: `r${at}`, app: 'default', acceptedAt: Date.now() };
    return encodeMessage(request, { platform: 1, tokens: [token] });
  });
  await adapter.publish(messages);
  await adapter.close();
}
