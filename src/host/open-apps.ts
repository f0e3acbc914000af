import { AppRegistry } from '../apps/app-registry.ts';
import { fileApps } from '../apps/file-apps.ts';
import { AppsInUse } from '../apps/lanes/apps-in-use.ts';
import { openStoredApps, type StoredApps, type StoredAppsOptions } from '../apps/store/open-stored-apps.ts';
import type { FullConfig, ProviderTable } from '../providers/registry.ts';

export interface OpenApps {
  /** The apps of config.yml, and those of the store. */
  readonly registry: AppRegistry;
  readonly stored: StoredApps;
  /** Those whose settings are open. */
  readonly inUse: AppsInUse;
}

/** The apps that there are. @throws ConfigError for an `apps.redis` that cannot be used */
export async function openApps(
  options: Omit<StoredAppsOptions, 'registry'> & { readonly config: FullConfig; readonly providers: ProviderTable },
  closers: AsyncDisposableStack,
): Promise<OpenApps> {
  const registry = new AppRegistry(fileApps(options.config, options.providers), options.providers);
  const stored = await openStoredApps({ ...options, registry });
  closers.defer(() => stored.close());
  const { inherit, allow_private_hooks: trustStored } = options.config.apps;
  const sandbox = options.config.sandbox.enabled;
  const inUse = new AppsInUse({ config: options.config, registry, sandbox, inherit, trustStored });
  return { registry, stored, inUse };
}
