import type { OpenProvider, ProviderServices, TransportPlan } from '../carrier/provider-row.ts';
import type { PushTransport } from '../push/push.ts';
import { loadVapidCredential } from './credentials.ts';
import { EncryptionPool } from './encryption/encryption-pool.ts';
import type { WebSection } from './section.ts';
import { rulesOf } from './settings.ts';
import { createVapidTokenSource } from './token.ts';
import { createWebPushTransport } from './transport.ts';

/** Web Push for the process: all apps share the threads that encrypt. */
export function openWebPush({ outbound, log }: ProviderServices): OpenProvider<WebSection> {
  const encryption = new EncryptionPool();

  const transport = ({ app, section, trusted }: TransportPlan<WebSection>): PushTransport => {
    const credential = loadVapidCredential(section);
    // An app of /v1/apps may name hosts, and must not reach our network by them.
    const private_networks = trusted ? section.private_networks : [];
    return createWebPushTransport({
      credential,
      tokens: createVapidTokenSource({ subject: credential.subject }),
      rules: rulesOf(section),
      defaults: { app, ttl: Math.floor(section.ttl), navigate: section.navigate },
      encryption,
      createPool: outbound.poolsOfStrangers({ ...section, private_networks }),
      onPairRefused: ({ id }, origin, { reason, error }) =>
        log(
          'error',
          `app ${app}: ${origin} refuses what the VAPID pair ${id} signs (${reason}: ${error}); its pushes to there wait and are tried one by one`,
        ),
    });
  };
  return { transport, close: () => encryption.close() };
}
