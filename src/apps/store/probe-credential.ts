import type { AppSettings } from '../../config/schema.ts';
import { type AppSections, appSections, withoutCredentials } from '../../providers/app-sections.ts';
import type { TransportBuilder } from '../../providers/build-transport.ts';
import type { Delivery, Notification, Outcome, PlatformName, PushTransport } from '../../push/push.ts';
import type { SendingConfig } from '../lanes/app-in-use.ts';

/** What a provider says about a credential; `unknown` when it could not be asked. */
export type Verdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'refused' | 'unknown'; readonly reason: string; readonly error: string };

export interface ProbeOptions {
  /** The sections that the settings lie over. */
  readonly config: SendingConfig;
  readonly build: TransportBuilder;
  /** The settings come from somebody who may not reach our network. */
  readonly trusted: boolean;
  /** The providers are simulated ones, which know no credentials but their own. Default false. */
  readonly sandbox?: boolean;
}

/** Asks the provider of a platform about the credential in the settings. */
export type Probe = (settings: AppSettings, platform: PlatformName) => Promise<Verdict>;

/** APNs looks at the credential first, then at the topic, then at the token: no device has one of nothing but zeros. */
const NOBODY = '0'.repeat(64);
const PROBE_TOPIC = 'martlet-probe';

type Ask = Pick<Delivery, 'kind' | 'targets' | 'environment'> & { readonly notification: Notification };

function askApns({ ios, defaultTopic }: AppSections): Ask {
  const topic = defaultTopic === '' ? {} : { topic: defaultTopic };
  const notification: Notification = { platform: 1, tokens: [], push_type: 'background', priority: 'normal', ...topic };
  return { notification, kind: 'token', targets: [NOBODY], environment: ios.production ? 'production' : 'development' };
}

/** `dry_run` sends nothing to nobody: FCM checks it, and forgets it. */
const askFcm = (): Ask => ({
  notification: { platform: 2, tokens: [], topic: PROBE_TOPIC, dry_run: true, data: { probe: '1' } },
  kind: 'topic',
  targets: [PROBE_TOPIC],
  environment: 'production',
});

/** HMS signs the app in before it looks at the token. */
const askHms = (): Ask => ({
  notification: { platform: 3, tokens: [], message: 'probe', huawei_data: '{}' },
  kind: 'token',
  targets: [NOBODY],
  environment: 'production',
});

const asks = { ios: askApns, android: askFcm, huawei: askHms } as const;
const providerOf = { ios: 'apns', android: 'fcm', huawei: 'hms' } as const;

const sent = (transport: PushTransport, ask: Ask): Promise<Outcome> =>
  new Promise((resolve) => transport.send({ ...ask, attempt: 0 }, (_, outcome) => resolve(outcome)));

function verdictOf(outcome: Outcome, platform: PlatformName, { notification }: Ask): Verdict {
  if (outcome.kind === 'accepted' || outcome.category === 'invalid_token') return { kind: 'good' };
  const { category, reason, error } = outcome;
  // Who may not even come in is not asked for a topic.
  if (platform === 'ios' && reason === 'MissingTopic' && !notification.topic) return { kind: 'good' };
  const isSaid = category === 'credential' || category === 'stale_credential' || category === 'invalid_request';
  // HMS has let us in when it complains about the push.
  if (platform === 'huawei' && category === 'invalid_request') return { kind: 'good' };
  return { kind: isSaid ? 'refused' : 'unknown', reason, error };
}

/**
 * Asks a provider whether it takes a credential, by a push that reaches nobody: APNs with an impossible device token, FCM with
 * `validate_only`, HMS by signing in. The connection is closed afterwards. Never rejects for what a provider says.
 */
export function createProbe({ config, build, trusted, sandbox = false }: ProbeOptions): Probe {
  return async (settings, platform) => {
    const sections = appSections(config, sandbox ? withoutCredentials(settings) : settings);
    const ask = asks[platform](sections);
    const transport = build({ sections, provider: providerOf[platform], environment: ask.environment, trusted });
    try {
      return verdictOf(await sent(transport, ask), platform, ask);
    } finally {
      await transport.close();
    }
  };
}
