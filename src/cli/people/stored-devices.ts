import { loadMasterKeys } from '../../apps/store/master-keys.ts';
import { allDevices } from '../../hub/devices/all-devices.ts';
import { readHubStore } from '../../hub/storage/read-hub-store.ts';
import { toMs } from '../../kit/seconds.ts';
import { builtIn, type FullConfig } from '../../providers/registry.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';

export interface StoredDevicesOptions {
  readonly config: Pick<FullConfig, 'hub' | 'apps'>;
  /** The value of MARTLET_MASTER_KEY. */
  readonly masterKey: string | undefined;
  /** Undefined: the default one. */
  readonly app: string | undefined;
  readonly now?: () => number;
}

/**
 * The devices of an app with their tokens, from the store itself and not from the relay, which shows no token to anyone.
 * @throws ConfigError, MasterKeyError, StoreUnavailable for a store that cannot be read
 */
export async function* storedDevices(options: StoredDevicesOptions): AsyncGenerator<readonly object[]> {
  const { config, masterKey, app = DEFAULT_APP, now = Date.now } = options;
  const { path, postgres, devices } = config.hub;
  const master = loadMasterKeys(masterKey, config.apps.master_key_path);
  await using store = await readHubStore({ path, postgres, master });
  const reading = { seal: store.seal, now: now(), staleAfterMs: toMs(devices.stale_after) };
  yield* allDevices({ db: store.db, reading, providers: builtIn }, app, true);
}
