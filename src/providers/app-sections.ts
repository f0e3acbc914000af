import type { AppSettings, Config } from '../config/schema.ts';
import type { PlatformName, Provider } from '../push/push.ts';

/** What an app sends with: the sections of the configuration with its own settings laid over them. */
export interface AppSections {
  readonly ios: Config['ios'];
  readonly android: Config['android'];
  readonly huawei: Config['huawei'];
  /** The apns-topic of notifications without one; empty: none. */
  readonly defaultTopic: string;
  /** Platforms whose credential is the app's own. */
  readonly own: ReadonlySet<PlatformName>;
}

/**
 * Settings that say who we are belong together: an app that gives one of the `whole` ones gets none of these from the default,
 * or it might sign with one team's key as another.
 */
const CREDENTIALS = {
  ios: {
    whole: ['key_path', 'key_base64'],
    all: ['key_path', 'key_base64', 'key_type', 'password', 'key_id', 'team_id'],
  },
  android: { whole: ['key_path', 'credential'], all: ['key_path', 'credential'] },
  huawei: { whole: ['appid', 'appsecret'], all: ['appid', 'appsecret'] },
} as const satisfies Record<PlatformName, { whole: readonly string[]; all: readonly string[] }>;

const EMPTY: Readonly<Record<string, string>> = { key_type: 'pem' };

type Part = Readonly<Record<string, unknown>>;

/** True when the app gives a credential of its own for the platform. */
export function hasOwnCredential(settings: AppSettings, platform: PlatformName): boolean {
  const part: Part = settings[platform] ?? {};
  return CREDENTIALS[platform].whole.some((key) => (part[key] ?? '') !== '');
}

function lay<Name extends PlatformName>(config: Pick<Config, Name>, settings: AppSettings, name: Name): Config[Name] {
  const own: Part = settings[name] ?? {};
  const isOwn = hasOwnCredential(settings, name);
  const base: Part = config[name];
  const bare = isOwn ? Object.fromEntries(CREDENTIALS[name].all.map((key) => [key, EMPTY[key] ?? ''])) : {};
  const rate = settings.rate_limit === undefined ? {} : { rate_limit: settings.rate_limit };
  return { ...base, ...bare, ...rate, enabled: isOwn || base.enabled, ...own } as unknown as Config[Name];
}

/**
 * Field by field, an app's settings override the defaults. A platform is on when the app has a credential for it or the default
 * sections have, unless it says `enabled: false`; `enabled: true` alone makes no credential.
 * @param inherit false: an app sends with credentials of its own only
 */
export function appSections(config: Pick<Config, PlatformName>, settings: AppSettings, inherit = true): AppSections {
  const own = new Set((['ios', 'android', 'huawei'] as const).filter((name) => hasOwnCredential(settings, name)));
  const part = <Name extends PlatformName>(name: Name): Config[Name] => {
    const laid = lay(config, settings, name);
    return own.has(name) || (inherit && config[name].enabled) ? laid : { ...laid, enabled: false };
  };
  return {
    ios: part('ios'),
    android: part('android'),
    huawei: part('huawei'),
    defaultTopic: settings.default_topic ?? '',
    own,
  };
}

/** Settings of an app without what says who it is: where everything goes to simulated providers, which know one credential. */
export function withoutCredentials(settings: AppSettings): AppSettings {
  const parts = (['ios', 'android', 'huawei'] as const).map((name) => {
    const secret: readonly string[] = CREDENTIALS[name].all;
    return [name, Object.fromEntries(Object.entries(settings[name] ?? {}).filter(([key]) => !secret.includes(key)))];
  });
  return { ...settings, ...(Object.fromEntries(parts) as Pick<AppSettings, PlatformName>) };
}

/** True when the app can send to the platform of this provider. */
export const isConfigured = (sections: AppSections, provider: Provider): boolean =>
  ({ apns: sections.ios, fcm: sections.android, hms: sections.huawei })[provider].enabled;
