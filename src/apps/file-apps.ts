import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { contentsOf, credentialFiles } from '../providers/credential-files.ts';
import type { AppSettings } from '../providers/registry.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';
import { partOf } from '../providers/sections.ts';
import { APP_NAME, DEFAULT_APP } from '../push/app-name.ts';
import type { App, CredentialEnd } from './app.ts';
import { withoutSecrets } from './without-secrets.ts';

/** The Firebase project of an app with a service account of its own; undefined when it has none that can be read. */
export function projectOf(settings: AppSettings, { rows }: ProviderTable = builtIn): string | undefined {
  for (const { platform, settings: rules } of rows) {
    const part = partOf(settings, platform);
    const project = part && rules.chosenAs?.(part);
    if (project !== undefined) return project;
  }
  return undefined;
}

/** Of credentials of its own; of token keys, and of what cannot be read, there is none. */
const expiriesOf = (settings: AppSettings, { rows }: ProviderTable): CredentialEnd[] =>
  rows.flatMap(({ platform, name: provider, settings: rules }) => {
    const part = partOf(settings, platform);
    const expiresAt = part && rules.expiresAt?.(part);
    return expiresAt === undefined ? [] : [{ provider, expiresAt }];
  });

/** Of the settings and of the files that they name. */
const versionOf = (settings: AppSettings, providers: ProviderTable): string =>
  createHash('sha256')
    .update(JSON.stringify(settings))
    .update(contentsOf(credentialFiles(settings, {}, providers)))
    .digest('base64url')
    .slice(0, 16);

/** An app of config.yml. */
export function fileApp(name: string, settings: AppSettings, providers: ProviderTable = builtIn): App {
  return {
    name,
    origin: 'file',
    version: versionOf(settings, providers),
    topics: settings.default_topic ? [settings.default_topic] : [],
    project: projectOf(settings, providers),
    expiries: expiriesOf(settings, providers),
    shown: withoutSecrets(settings, providers),
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
export const fileApps = (config: Pick<Config, 'apps'>, providers: ProviderTable = builtIn): App[] =>
  Object.entries(config.apps.named).map(([name, settings]) => fileApp(name.toLowerCase(), settings, providers));
