import { generateKeyPair, generateKeyPairSync } from 'node:crypto';
import { promisify } from 'node:util';
import type { Environment } from '../push/push.ts';
import { ApnsAuthorization } from './apns-authorization.ts';
import { openApnsServer } from './apns-server.ts';
import { makeAuthority } from './certificates.ts';
import { allChecks, type Checks } from './checks.ts';
import { type ArrivedPush, Deliveries } from './deliveries.ts';
import { openFcmServer } from './fcm-server.ts';
import { openHmsAuthServer } from './hms-auth-server.ts';
import { openHmsServer } from './hms-server.ts';
import { AccessTokens, openOAuthServer } from './oauth-server.ts';
import type { SecureServer } from './secure-server.ts';
import { type Answer, Steering } from './steering.ts';

export interface SandboxOptions {
  /** Checks to switch off; all are on. */
  readonly checks?: Partial<Checks>;
  /** Concurrent streams of an HTTP/2 connection; default 1000 for APNs, 100 for FCM. */
  readonly maxStreams?: number;
  /** How many deliveries are remembered; default 1000. */
  readonly remember?: number;
  readonly now?: () => number;
}

/** A service account as Google's console exports it. */
export interface ServiceAccount {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly token_uri: string;
}

/** Credentials that the simulated providers take, made at start. */
export interface SandboxCredentials {
  /** `p8` is the text of an AuthKey file (PKCS8 PEM). */
  readonly apns: { readonly p8: string; readonly keyId: string; readonly teamId: string };
  readonly fcm: ServiceAccount;
  readonly hms: { readonly appId: string; readonly appSecret: string };
}

/** Simulated providers on loopback. All origins are `https://127.0.0.1:port`. */
export interface Sandbox {
  /** PEM of the authority that signed the servers' certificates. */
  readonly ca: string;
  readonly apns: Readonly<Record<Environment, string>>;
  readonly fcm: string;
  /** The token endpoint of Google's OAuth; also in `credentials.fcm.token_uri`. */
  readonly tokenUri: string;
  readonly hms: { readonly push: string; readonly auth: string };
  readonly credentials: SandboxCredentials;
  /** The last pushes that arrived, oldest first. */
  deliveries(): ArrivedPush[];
  /** How many pushes have arrived since the start. */
  delivered(): number;
  /** The next pushes to this token or topic get these answers in turn; the last one stays. */
  script(target: string, ...answers: Answer[]): void;
  /** How many access tokens were given out. */
  signIns(): { readonly google: number; readonly huawei: number };
  /** Makes all access tokens void, so that the next pushes meet 401. */
  revokeAccessTokens(): void;
  /** Ends at once, whatever is under way. */
  close(): Promise<void>;
}

const KEY_ID = 'SANDBOXKEY';
const TEAM_ID = 'SANDBOXTEA';
const PROJECT_ID = 'martlet-sandbox';
const CLIENT_EMAIL = `push@${PROJECT_ID}.iam.gserviceaccount.com`;
// With characters that a form must escape: a relay that does not is found out here.
const HMS = { appId: '100000001', appSecret: 'sandbox+secret/&=' };

function appleKey(now: () => number) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    credentials: { p8, keyId: KEY_ID, teamId: TEAM_ID },
    authorization: new ApnsAuthorization(publicKey, KEY_ID, TEAM_ID, now),
  };
}

async function googleKey() {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const account = {
    type: 'service_account',
    project_id: PROJECT_ID,
    private_key_id: 'sandbox',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: CLIENT_EMAIL,
    client_id: '1',
  } as const;
  return { publicKey, account };
}

/**
 * Starts simulated APNs (both environments), FCM, Google OAuth and HMS servers on free ports of loopback. They check what the
 * real ones check and answer in their words; tokens steer them (docs/sandbox.md). Keys and certificates live as long as it.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { maxStreams, remember, now = Date.now } = options;
  const authority = makeAuthority();
  const apple = appleKey(now);
  const google = await googleKey();
  const deliveries = new Deliveries(remember);
  const steering = new Steering();
  const tokens = { google: new AccessTokens(now), huawei: new AccessTokens(now) };
  const leaf = authority.leaf(['localhost', '127.0.0.1']);
  const checks: Checks = { ...allChecks, ...options.checks };
  const shared = { leaf, checks, steering, deliveries, now };
  const streams = maxStreams ?? 1000;
  const apns = { ...shared, authorization: apple.authorization, maxStreams: streams };

  const [production, development, oauth, fcm, hmsAuth, hms] = await Promise.all([
    openApnsServer({ ...apns, environment: 'production' }),
    openApnsServer({ ...apns, environment: 'development' }),
    openOAuthServer({ leaf, checks, tokens: tokens.google, key: google.publicKey, clientEmail: CLIENT_EMAIL, now }),
    openFcmServer({ ...shared, projectId: PROJECT_ID, tokens: tokens.google, maxStreams: maxStreams ?? 100 }),
    openHmsAuthServer({ leaf, checks, tokens: tokens.huawei, ...HMS }),
    openHmsServer({ ...shared, appId: HMS.appId, tokens: tokens.huawei }),
  ]);
  const servers: SecureServer[] = [production, development, oauth, fcm, hmsAuth, hms];
  const tokenUri = `${oauth.origin}/token`;
  return {
    ca: authority.ca,
    apns: { production: production.origin, development: development.origin },
    fcm: fcm.origin,
    tokenUri,
    hms: { push: hms.origin, auth: hmsAuth.origin },
    credentials: { apns: apple.credentials, fcm: { ...google.account, token_uri: tokenUri }, hms: HMS },
    deliveries: () => deliveries.list(),
    delivered: () => deliveries.total,
    script: (target, ...answers) => steering.script(target, ...answers),
    signIns: () => ({ google: tokens.google.issued, huawei: tokens.huawei.issued }),
    revokeAccessTokens() {
      tokens.google.revoke();
      tokens.huawei.revoke();
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
