import type { JsonObject } from '../../push/push.ts';

/** What is pushed at once to all devices of a person, or to a topic: nothing is decided, held or kept. */
export interface DirectPush {
  readonly title?: string;
  readonly body?: string;
  /** Groups notices on the phone; on Android and with Expo the notification channel. */
  readonly channel?: string;
  readonly priority: 'normal' | 'high';
  /** 0 takes the badge away. */
  readonly badge?: number;
  readonly sound?: string;
  readonly data?: JsonObject;
  /** A later one with the same takes the place of an earlier one. */
  readonly messageId?: string;
  /** Milliseconds after which it is of no use; default: the provider's. */
  readonly ttlMs?: number;
}

/** A device's way, by the names that callers have for them. */
export interface DirectWay {
  /** `ios`, `web` */
  readonly platform: string;
  readonly kind: string;
  readonly environment: string;
}

const NAMES: Readonly<Record<string, string>> = { ios: 'apns', android: 'fcm' };

/** `apns`, `apns_voip`, `fcm`, `expo`, `ntfy`, …: the name of a provider for a device of a platform and kind. */
export const providerName = ({ platform, kind }: Pick<DirectWay, 'platform' | 'kind'>): string => {
  const name = NAMES[platform] ?? platform;
  return kind === 'alert' ? name : `${name}_${kind}`;
};

const WAYS: Readonly<Record<string, Pick<DirectWay, 'platform' | 'kind'>>> = {
  apns: { platform: 'ios', kind: 'alert' },
  apns_voip: { platform: 'ios', kind: 'voip' },
  fcm: { platform: 'android', kind: 'alert' },
  expo: { platform: 'expo', kind: 'alert' },
  ntfy: { platform: 'ntfy', kind: 'alert' },
};

/** Providers that devices can be registered for by name. */
export const PROVIDER_NAMES: readonly string[] = Object.keys(WAYS);

/** The platform and kind of a provider's name; undefined for another word. */
export const wayOfProvider = (name: string): Pick<DirectWay, 'platform' | 'kind'> | undefined =>
  Object.hasOwn(WAYS, name) ? WAYS[name] : undefined;
