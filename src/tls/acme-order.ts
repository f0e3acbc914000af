import type { Dispatcher } from 'undici';
import { undici } from '../kit/http/undici.ts';
import { late } from '../kit/late.ts';
import type { AcmeFolder } from './acme-folder.ts';
import type { KeyPair } from './key-pair.ts';

export type ChallengeType = 'tls-alpn-01' | 'http-01';

export interface AcmeOrderOptions {
  /** URL of the authority's directory. */
  readonly directory: string;
  readonly folder: AcmeFolder;
  /** Knows the proxy and the CA. */
  readonly dispatcher: Dispatcher;
  /** Milliseconds between looks at an order under way: first and longest; default 1,000 and 10,000. */
  readonly pollMs?: readonly [number, number];
}

const TIMEOUT_MS = 30_000;
const LOOKS = 20;

type Acme = typeof import('acme-client');

/** With the first order: most servers never need it. */
const acmeLibrary = late('acme-client', () => import('acme-client'));

async function loadAcme(dispatcher: Dispatcher): Promise<Acme> {
  const [acme, { request }] = await Promise.all([acmeLibrary(), undici()]);
  // The library's own HTTP client knows nothing of the relay's proxy and authorities. One for the process, as its settings are.
  acme.axios.defaults.adapter = async (config) => {
    const { statusCode, headers, body } = await request(config.url as string, {
      dispatcher,
      method: (config.method ?? 'get').toUpperCase() as Dispatcher.HttpMethod,
      headers: config.headers.toJSON() as Record<string, string>,
      body: config.data ?? null,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    return { data: await body.text(), status: statusCode, statusText: '', headers: headers as never, config };
  };
  return acme;
}

/** The account of this key, registered when there is none. Asked for, not updated: that is what some authorities refuse. */
async function signIn(client: InstanceType<Acme['Client']>): Promise<void> {
  const existing = () => client.createAccount({ onlyReturnExisting: true });
  await existing()
    .catch(() => client.createAccount({ termsOfServiceAgreed: true }))
    // Another process may have registered it meanwhile.
    .catch((error) => existing().catch(() => Promise.reject(error)));
}

/**
 * Orders a certificate for a host (RFC 8555). The challenge's answer is in the folder while the authority looks; `onChallenge`
 * is called when it is.
 * @throws the authority's words, or why it could not be asked.
 */
export async function orderCertificate(
  host: string,
  type: ChallengeType,
  { directory, folder, dispatcher, pollMs = [1000, 10_000] }: AcmeOrderOptions,
  onChallenge: () => void,
): Promise<KeyPair> {
  const acme = await loadAcme(dispatcher);
  const client = new acme.Client({
    directoryUrl: directory,
    accountKey: folder.accountKey(),
    backoffAttempts: LOOKS,
    backoffMin: pollMs[0],
    backoffMax: pollMs[1],
  });
  await signIn(client);
  const [key, csr] = await acme.crypto.createCsr({ altNames: [host] }, await acme.crypto.createPrivateEcdsaKey());
  const cert = await client.auto({
    csr,
    termsOfServiceAgreed: true,
    // From inside, the host's own name may lead nowhere: the authority's look is the one that counts.
    skipChallengeVerification: true,
    challengePriority: [type],
    async challengeCreateFn(authorization, challenge, answer) {
      if (challenge.type !== type) throw new Error(`the authority does not offer ${type}`);
      if (type === 'http-01') folder.keepChallengeText(challenge.token, answer);
      else {
        const [challengeKey, challengeCert] = await acme.crypto.createAlpnCertificate(authorization, answer);
        folder.keepChallengePair(host, { key: challengeKey.toString(), cert: challengeCert.toString() });
      }
      onChallenge();
    },
    async challengeRemoveFn(_authorization, challenge) {
      folder.dropChallenge(host, challenge.token);
    },
  });
  return { cert, key: key.toString() };
}
