import { existsSync } from 'node:fs';
import type { Config } from '../../config/schema.ts';
import { toError } from '../../kit/errors.ts';
import { toMs } from '../../kit/seconds.ts';
import type { AppRegistry } from '../app-registry.ts';
import type { AppStore } from './app-store.ts';
import { HOW_TO_SET, loadMasterKeys, type MasterKeys } from './master-keys.ts';
import type { AppSync } from './sync-apps.ts';

export interface StoredAppsOptions {
  readonly config: Pick<Config, 'apps'>;
  /** The value of MARTLET_MASTER_KEY. */
  readonly masterKey: string | undefined;
  /** Gets the apps of the store. */
  readonly registry: AppRegistry;
  /** Certificates that are trusted in addition to the usual ones, PEM. */
  readonly ca?: readonly string[];
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** The apps made at run time, as far as they can be had. */
export interface StoredApps {
  /** Undefined without a store. */
  readonly store: AppStore | undefined;
  readonly sync: AppSync | undefined;
  readonly keys: MasterKeys | undefined;
  /** Why nothing can be kept: `off` when it is not configured, else something is wrong. */
  readonly trouble: { readonly kind: 'off' | 'unavailable'; readonly text: string } | undefined;
  /** For /readyz; undefined when it is off. */
  health(): { readonly status: 'pass' | 'warn'; readonly output?: string } | undefined;
  close(): Promise<void>;
}

const SHORTEST_TTL_MS = 100;
/** A longer one would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Keys {
  readonly keys?: MasterKeys;
  readonly wrong?: string;
}

function keysOf({ config: { apps }, masterKey, tell }: StoredAppsOptions): Keys {
  try {
    const keys = loadMasterKeys(masterKey, apps.master_key_path);
    return keys ? { keys } : {};
  } catch (error) {
    const wrong = toError(error).message;
    tell('error', `${wrong}; the secrets of apps made by /v1/apps cannot be opened`);
    return { wrong };
  }
}

/** The store of `apps.redis`, or else the file `apps.path`. @throws ConfigError for a malformed `apps.redis`; SQLite's own errors */
export async function openAppStore({ apps }: Pick<Config, 'apps'>, ca: readonly string[] = []): Promise<AppStore> {
  const ttlMs = Math.min(Math.max(toMs(apps.ttl), SHORTEST_TTL_MS), LONGEST_TIMER_MS);
  if (apps.redis === '') {
    const { openSqliteAppStore } = await import('./sqlite-app-store.ts');
    return openSqliteAppStore(apps.path, ttlMs);
  }
  const { openRedisAppStore } = await import('./redis-app-store.ts');
  return openRedisAppStore(apps.redis, ttlMs, ca);
}

/** A file from before is read even without a key: its apps are known then, and the log names what they need. */
const isWanted = ({ apps }: Pick<Config, 'apps'>, { keys, wrong }: Keys): boolean =>
  apps.redis !== '' || (apps.path !== '' && (keys !== undefined || wrong !== undefined || existsSync(apps.path)));

/**
 * Reads the apps of `apps.redis`, or else of the file `apps.path`, into the registry, and keeps them up to date. A store or a
 * master key that cannot be used is logged and shown by /readyz, and is not an error: the apps of config.yml work without.
 * @throws ConfigError for a malformed `apps.redis`
 */
export async function openStoredApps(options: StoredAppsOptions): Promise<StoredApps> {
  const { config, registry, tell } = options;
  const found = keysOf(options);
  const common = { keys: found.keys };
  if (!isWanted(config, found)) {
    const text = found.keys ? 'apps.path is empty' : `apps cannot be kept without a master key: ${HOW_TO_SET}`;
    const nothing = { store: undefined, sync: undefined, trouble: { kind: 'off', text } } as const;
    return { ...common, ...nothing, health: () => undefined, async close() {} };
  }
  let store: AppStore;
  try {
    store = await openAppStore(config, options.ca);
  } catch (error) {
    if (config.apps.redis !== '') throw error;
    const text = `apps.path: the apps in ${config.apps.path} cannot be read: ${toError(error).message}`;
    tell('error', text);
    registry.unsure = text;
    const nothing = { store: undefined, sync: undefined, trouble: { kind: 'unavailable', text } } as const;
    return { ...common, ...nothing, health: () => ({ status: 'warn', output: text }), async close() {} };
  }
  const [{ RevisionMark }, { AppSync }] = await Promise.all([import('./revision-mark.ts'), import('./sync-apps.ts')]);
  const mark =
    config.apps.redis === '' && found.keys ? new RevisionMark(`${config.apps.path}-mark`, found.keys) : undefined;
  const sync = new AppSync({ store, registry, keys: found.keys, mark, tell });
  await sync.start();
  const noKey = `apps cannot be changed without a master key: ${HOW_TO_SET}`;
  return {
    ...common,
    store,
    sync,
    trouble: found.keys ? undefined : { kind: found.wrong ? 'unavailable' : 'off', text: found.wrong ?? noKey },
    health: () => (found.wrong ? { status: 'warn', output: found.wrong } : sync.health()),
    close: () => sync.close(),
  };
}
