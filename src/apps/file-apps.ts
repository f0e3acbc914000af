import { createHash } from 'node:crypto';
import { loadApnsCredential } from '../apns/credentials.ts';
import type { AppSettings, Config } from '../config/schema.ts';
import { loadFcmCredential } from '../fcm/credentials.ts';
import { ConfigError } from '../kit/errors.ts';
import { hasOwnCredential } from '../providers/app-sections.ts';
import { contentsOf, credentialFiles } from '../providers/credential-files.ts';
import { APP_NAME, DEFAULT_APP } from '../push/app-name.ts';
import type { App } from './app.ts';
import { withoutSecrets } from './without-secrets.ts';

/** The Firebase project of an app with a service account of its own; undefined when it has none that can be read. */
export function projectOf({ android }: AppSettings): string | undefined {
  if (!android?.credential && !android?.key_path) return undefined;
  try {
    const { key_path = '', credential = '' } = android;
    return loadFcmCredential({ key_path, credential }, {}).projectId;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Of an APNs certificate of its own; undefined for token keys, and where there is none that can be read. */
function expiryOf(settings: AppSettings): number | undefined {
  const { ios } = settings;
  if (!ios || !hasOwnCredential(settings, 'ios')) return undefined;
  const { key_path = '', key_base64 = '', key_type = 'pem', password = '', key_id = '', team_id = '' } = ios;
  try {
    const credential = loadApnsCredential({ key_path, key_base64, key_type, password, key_id, team_id });
    return credential.kind === 'certificate' ? credential.notAfter : undefined;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Of the settings and of the files that they name. */
const versionOf = (settings: AppSettings): string =>
  createHash('sha256')
    .update(JSON.stringify(settings))
    .update(contentsOf(credentialFiles(settings)))
    .digest('base64url')
    .slice(0, 16);

/** An app of config.yml. */
export function fileApp(name: string, settings: AppSettings): App {
  return {
    name,
    origin: 'file',
    version: versionOf(settings),
    topics: settings.default_topic ? [settings.default_topic] : [],
    project: hasOwnCredential(settings, 'android') ? projectOf(settings) : undefined,
    expiresAt: expiryOf(settings),
    shown: withoutSecrets(settings),
    settings: () => settings,
  };
}

/** What is wrong with a name; undefined when nothing is. */
export function nameMistake(name: string): string | undefined {
  if (name === DEFAULT_APP) return 'is the name of the sections outside apps';
  return APP_NAME.test(name)
    ? undefined
    : 'must be letters, digits, _ and -, at most 64, beginning with a letter or digit';
}

/** The apps of config.yml; their names are looked up in any case. */
export const fileApps = (config: Pick<Config, 'apps'>): App[] =>
  Object.entries(config.apps.named).map(([name, settings]) => fileApp(name.toLowerCase(), settings));
