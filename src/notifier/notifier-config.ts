import { ConfigError } from '../kit/errors.ts';
import { isObject } from '../kit/is-object.ts';
import { unknownFields } from '../kit/json/unknown-fields.ts';
import { builtIn, type FullConfig } from '../providers/registry.ts';
import type { PushStorage } from './push-storage.ts';

/** Some of the keys of a section, and of the sections in it. */
type Some<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [Key in keyof T]?: Some<T[Key]> } : T;

/** Other Gorushes or Martlets that send to the devices. */
export interface GorushSettings {
  /** One or several, which take turns: `http://gorush:8088`. */
  readonly url: string | readonly string[];
  /** Sent as `Authorization: Bearer` and as `X-API-Key`. */
  readonly api_key?: string;
  /** Most device tokens a second. */
  readonly rate_limit?: number;
  /** Most device tokens in a request; default 500. */
  readonly batch_size?: number;
  /** Seconds between two questions for the health of each; default 5. */
  readonly health_interval?: number;
}

/** Who sends, and with which credentials: sections and keys are those of config.yml (docs/configuration.md). */
export interface NotifierConfig {
  /** `local` (default): this process, with the credentials below. `gorush`: others. `none`: nothing is sent to devices. */
  readonly mode?: 'local' | 'gorush' | 'none';
  readonly gorush?: GorushSettings;
  readonly ios?: Some<FullConfig['ios']>;
  readonly android?: Some<FullConfig['android']>;
  readonly huawei?: Some<FullConfig['huawei']>;
  readonly web?: Some<FullConfig['web']>;
  readonly expo?: Some<FullConfig['expo']>;
  readonly ntfy?: Some<FullConfig['ntfy']>;
  readonly email?: Some<FullConfig['email']>;
  readonly sms?: Some<FullConfig['sms']>;
  readonly slack?: Some<FullConfig['slack']>;
  /** Priorities, defaults, limits, times; not where it keeps what it knows, which is the storage's. */
  readonly hub?: Some<Omit<FullConfig['hub'], 'enabled' | 'path' | 'postgres' | 'push'>>;
  /** Everything goes to simulated providers inside this process, without credentials: for tests, and for trying out. */
  readonly sandbox?: boolean;
  /** `http_proxy` and `ca_path`, for all that goes out. */
  readonly core?: Some<Pick<FullConfig['core'], 'http_proxy' | 'ca_path'>>;
  /** Seconds after which a push that could not be delivered is given up; default a day. */
  readonly max_age?: number;
  /** Things that an operator should know. Default: nothing is written anywhere. */
  readonly log?: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** Mail, SMS and Slack are sent by this process in every mode. */
const CHANNELS = new Set(['email', 'sms', 'slack']);

const platforms: readonly string[] = builtIn.platforms;

const KEYS = ['mode', 'gorush', ...platforms, 'hub', 'sandbox', 'core', 'max_age', 'log'];

/** What JavaScript lets by, and TypeScript does not. @throws ConfigError naming the setting and what to do */
function checkGiven(config: unknown, storage: unknown): void {
  if (!isObject(config))
    throw new ConfigError(
      'config',
      'is missing: createPushNotifier(config, storage) takes settings, such as {sandbox: true}',
    );
  if (!isObject(storage) || typeof storage.path !== 'string' || typeof storage.queuePath !== 'string')
    throw new ConfigError(
      'storage',
      'is missing: give sqliteStorage("data/push.db"), postgresStorage(url, {masterKey}) or memoryStorage()',
    );
  if (storage.postgres && !storage.masterKey)
    throw new ConfigError(
      'postgresStorage',
      'needs a masterKey, 32 bytes in base64 or hex that seal tokens and addresses: postgresStorage(url, {masterKey})',
    );
  const [unknown] = unknownFields(config, KEYS);
  if (unknown) throw new ConfigError(unknown.path, unknown.reason);
}

const given = (config: NotifierConfig): string[] =>
  platforms.filter((platform) => (config as Readonly<Record<string, unknown>>)[platform] !== undefined);

/** What belongs together and is not. @throws ConfigError naming the setting and what to do */
function checkMode(config: NotifierConfig): void {
  const { mode = 'local', gorush, sandbox } = config;
  const own = given(config).filter((platform) => !CHANNELS.has(platform));
  if (mode === 'gorush' && !gorush?.url?.length)
    throw new ConfigError(
      'gorush.url',
      'is missing: mode "gorush" needs the address of the Gorush, such as "http://gorush:8088"',
    );
  if (mode !== 'gorush' && gorush)
    throw new ConfigError('gorush', `has no effect with mode "${mode}": set mode to "gorush", or leave it out`);
  if (mode !== 'local' && own.length > 0)
    throw new ConfigError(own[0] as string, `has no effect with mode "${mode}": set mode to "local", or leave it out`);
  if (mode === 'local' && !sandbox && given(config).length === 0)
    throw new ConfigError(
      'mode',
      '"local" needs credentials: give at least one of ios, android, huawei, web, expo, ntfy, email, sms and slack, or set sandbox to true, or mode to "none"',
    );
}

/** A section that is there is on, whatever its default. */
const sectionsOf = (config: NotifierConfig): Record<string, object> =>
  Object.fromEntries(
    platforms.map((platform) => {
      const section = (config as Readonly<Record<string, object | undefined>>)[platform];
      return [platform, section ? { enabled: true, ...section } : { enabled: config.sandbox === true }];
    }),
  );

/** The same as config.yml would have it. @throws ConfigError naming the setting and what to do */
export function configValues(config: NotifierConfig, storage: PushStorage): Record<string, unknown> {
  checkGiven(config, storage);
  checkMode(config);
  const { mode = 'local', gorush, hub, core, sandbox = false, max_age } = config;
  const { url = [], ...settings } = gorush ?? {};
  const push = { mode, urls: [url].flat(), ...settings, ...(max_age === undefined ? {} : { max_age }) };
  return {
    ...sectionsOf(config),
    ...(core ? { core } : {}),
    sandbox: { enabled: sandbox },
    queue: { engine: 'local', local: { path: storage.queuePath } },
    history: { enabled: false },
    apps: { path: '' },
    hub: { ...hub, enabled: true, path: storage.path, postgres: storage.postgres, push },
  };
}

/** The names of settings as they are here, in a text that has those of config.yml. */
export const ownNames = (text: string): string =>
  text
    .replaceAll('hub.push.urls', 'gorush.url')
    .replaceAll('hub.push.mode', 'mode')
    .replaceAll('hub.push.max_age', 'max_age')
    .replaceAll('hub.push.', 'gorush.')
    .replaceAll('MARTLET_MASTER_KEY (or a file in apps.master_key_path)', 'the masterKey of the storage')
    .replaceAll('MARTLET_MASTER_KEY', 'the masterKey of the storage')
    .replaceAll('hub.postgres', 'postgresStorage')
    .replaceAll('hub.path', 'sqliteStorage')
    .replaceAll('sandbox.enabled', 'sandbox');
