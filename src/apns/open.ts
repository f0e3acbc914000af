import { createHash, type KeyObject } from 'node:crypto';
import type { AgreeOnKey, OpenProvider, ProviderServices } from '../carrier/provider-row.ts';
import type { TokenSource } from '../carrier/token-source.ts';
import { type ApnsTokenCredential, loadApnsCredential } from './credentials.ts';
import type { ApnsSection } from './section.ts';
import { createApnsTokenSource } from './token.ts';
import { createApnsTransport } from './transport.ts';

/** Provider tokens by key. Apple counts renewals of a key, so all connections that use one share its tokens. */
class TokenSources {
  readonly #sources = new Map<string, TokenSource>();
  readonly #agree: AgreeOnKey | undefined;

  constructor(agree: AgreeOnKey | undefined) {
    this.#agree = agree;
  }

  of(credential: ApnsTokenCredential): TokenSource {
    const name = `${credential.teamId}/${credential.keyId}/${fingerprint(credential.key)}`;
    let source = this.#sources.get(name);
    if (!source) {
      const agree = this.#agree;
      source = createApnsTokenSource({
        ...credential,
        ...(agree ? { agree: (offer, refused) => agree(name, offer, refused) } : {}),
      });
      this.#sources.set(name, source);
    }
    return source;
  }
}

const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'pkcs8', format: 'der' }))
    .digest('base64url');

/** APNs for the process. */
export function openApns({ outbound, agree }: ProviderServices): OpenProvider<ApnsSection> {
  const tokens = new TokenSources(agree);
  return {
    transport({ section, environment }) {
      const credential = loadApnsCredential(section);
      return createApnsTransport({
        credential,
        origin: environment === 'production' ? section.endpoint : section.sandbox_endpoint,
        createPool: outbound.poolsOf(section),
        generateApnsId: section.generate_apns_id,
        refuseOversized: section.refuse_oversized,
        ...(credential.kind === 'token' ? { tokenSource: tokens.of(credential) } : {}),
      });
    },
  };
}
