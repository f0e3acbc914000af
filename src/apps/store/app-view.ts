import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import type { App } from '../app.ts';
import { masterKeysOf } from './app-record.ts';
import type { StoredApp } from './sync-apps.ts';

type View = Readonly<Record<string, unknown>>;

/** An app as callers see it: what was set and is no secret, and of each credential what says which it is. */
export function storedAppView({ name, version, record }: StoredApp, { platforms }: ProviderTable = builtIn): View {
  const { shown, facts, webhook, updated_at } = record;
  const { webhook: shownWebhook, ...others } = shown;
  const parts = Object.entries(others as Readonly<Record<string, object>>).map(([key, settings]) =>
    platforms.includes(key) ? [key, { ...settings, ...(facts[key] ?? { has_key: false }) }] : [key, settings],
  );
  return {
    name,
    origin: 'store',
    version: String(version),
    updated_at,
    ...Object.fromEntries(parts),
    ...(webhook ? { webhook: { ...shownWebhook, ...webhook } } : {}),
    master_keys: masterKeysOf(record),
  };
}

/** An app of config.yml. */
export const fileAppView = ({ name, version, shown }: App): View => ({
  name,
  origin: 'file',
  version,
  ...shown,
});
