import type { AppSettings } from '../../config/schema.ts';
import type { App } from '../app.ts';
import { masterKeysOf } from './app-record.ts';
import type { StoredApp } from './sync-apps.ts';

type View = Readonly<Record<string, unknown>>;

const PLATFORMS = ['ios', 'android', 'huawei'] as const;

const rest = ({ ios, android, huawei, webhook, ...others }: AppSettings): View => others;

/** An app as callers see it: what was set and is no secret, and of each credential what says which it is. */
export function storedAppView({ name, version, record }: StoredApp): View {
  const { shown, facts, webhook, updated_at } = record;
  const platforms = PLATFORMS.flatMap((platform) => {
    const settings = shown[platform];
    return settings ? [[platform, { ...settings, ...(facts[platform] ?? { has_key: false }) }] as const] : [];
  });
  return {
    name,
    origin: 'store',
    version: String(version),
    updated_at,
    ...Object.fromEntries(platforms),
    ...rest(shown),
    ...(webhook ? { webhook: { ...shown.webhook, ...webhook } } : {}),
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
