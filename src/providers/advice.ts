import { apnsReasons, unknownApnsReason } from '../apns/reasons.ts';
import { fcmReasons, unknownFcmReason } from '../fcm/reasons.ts';
import { hmsDefaultReason, hmsReasons } from '../hms/reasons.ts';
import type { Category, Environment, Provider } from '../push/push.ts';

/** A failure, as far as what to do about it depends on it. Absent: unknown. */
export interface Trouble {
  readonly reason: string;
  readonly category?: Category | undefined;
  readonly provider?: Provider | undefined;
  readonly environment?: Environment | undefined;
  /** HTTP status of the provider's answer. */
  readonly status?: number | undefined;
}

interface Row {
  readonly category: Category;
  /** What to do about it, one sentence. */
  readonly advice: string;
}

/** Words of the relay itself, whatever the provider. */
export const relayReasons: Readonly<Record<string, Row>> = {
  Expired: {
    category: 'expired',
    advice: 'See the last error in the text; raise `queue.max_age` if late is better than never.',
  },
  Pending: { category: 'pending', advice: 'Wait for the feedback hook, or raise `core.sync_timeout`.' },
  PlatformDisabled: { category: 'disabled', advice: 'Switch the platform on and give its credentials.' },
  UnknownPlatform: { category: 'disabled', advice: '`platform` is 1 for iOS, 2 for Android, 3 for Huawei.' },
  UnknownApp: { category: 'disabled', advice: 'Create the app, or name one that there is.' },
  PushNotConfigured: { category: 'disabled', advice: 'Give the app a credential for this platform.' },
  CredentialUnusable: { category: 'not_sent', advice: 'Replace the credential of the app; until then pushes wait.' },
  ShuttingDown: { category: 'not_sent', advice: 'Nothing to do: the next process sends it.' },
};

/** What an answer without a word of its own, or without any answer, means. */
const byCategory: Partial<Record<Category, string>> = {
  not_sent: 'The provider could not be reached: check network, DNS, proxy and firewall; it is sent again by itself.',
  unanswered: 'No answer came; it is sent again by itself, and the device may get it twice.',
  disabled: 'Give the app a credential for this platform, or send to an app that has one.',
  expired: 'It waited too long: see what its lane waited for.',
};

const SANDBOX_TOKEN =
  'The token is not one of production. A sandbox token sent to production: set `development: true` in the request (or `ios.production: false`); otherwise delete the token.';
const PRODUCTION_TOKEN =
  'The token is not one of the sandbox. A production token sent to the sandbox: set `production: true` in the request (or `ios.production: true`); otherwise delete the token.';

const OTHER_KEY: Record<Environment, string> = {
  production: 'The key is for the sandbox only: set `development: true`, or use a key that is for production.',
  development: 'The key is for production only: set `production: true`, or use a key that is for the sandbox.',
};

/** Where the environment says more than the reason alone. */
const apnsByEnvironment: Readonly<Record<string, Record<Environment, string>>> = {
  BadDeviceToken: { production: SANDBOX_TOKEN, development: PRODUCTION_TOKEN },
  BadCertificateEnvironment: {
    production: 'The certificate is for the sandbox only: set `development: true`, or use a production certificate.',
    development: 'The certificate is for production only: set `production: true`, or use a sandbox certificate.',
  },
  BadEnvironmentKeyIdInToken: OTHER_KEY,
  BadEnvironmentKeyInToken: OTHER_KEY,
};

const tables: Record<Provider, Readonly<Record<string, Row>>> = { apns: apnsReasons, fcm: fcmReasons, hms: hmsReasons };

const rowOf = (table: Readonly<Record<string, Row>>, reason: string): Row | undefined =>
  Object.hasOwn(table, reason) ? table[reason] : undefined;

function unknownReason(provider: Provider, status: number): Row {
  if (provider === 'apns') return unknownApnsReason(status);
  return provider === 'fcm' ? unknownFcmReason(status) : hmsDefaultReason;
}

const apnsAdvice = (reason: string, environment: Environment): string | undefined =>
  Object.hasOwn(apnsByEnvironment, reason) ? apnsByEnvironment[reason]?.[environment] : undefined;

/** What to do about a failed push, one sentence: what docs/errors.md says of its reason, and what its environment adds. */
export function adviceFor({ reason, category, provider, environment, status }: Trouble): string | undefined {
  const own = rowOf(relayReasons, reason);
  if (own) return own.advice;
  if (provider) {
    const here = provider === 'apns' && environment ? apnsAdvice(reason, environment) : undefined;
    // FCM has one word for two mistakes.
    const aboutToken = category === 'invalid_token' ? rowOf(tables[provider], `${reason} (token)`) : undefined;
    const row = aboutToken ?? rowOf(tables[provider], reason);
    const known = here ?? row?.advice;
    if (known !== undefined) return known;
  }
  const general = category && byCategory[category];
  if (general !== undefined) return general;
  return provider && status !== undefined ? unknownReason(provider, status).advice : undefined;
}
