import type { MasterKeys } from '../../apps/store/master-keys.ts';
import { ConfigError } from '../../kit/errors.ts';
import { late } from '../../kit/late.ts';
import type { PushesFor } from '../../queue/file/file-format.ts';
import type { KeySources } from './hub-keys.ts';
import { keyFile, keyInMemory } from './key-file.ts';
import { openSqliteStore } from './sqlite/open-sqlite-store.ts';
import type { HubStore } from './storage.ts';
import type { StoreObserver } from './store-observer.ts';

export interface HubStoreOptions {
  /** `hub.path`; empty: memory. */
  readonly path: string;
  /** `hub.postgres`; empty: the file. */
  readonly postgres: string;
  /** The master key of the apps; absent: one is made in the file `<path>.key`. */
  readonly master: MasterKeys | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Whom what is sent is for; absent: nothing of the store is sent. */
  readonly pushesFor?: PushesFor | undefined;
  readonly observer?: StoreObserver | undefined;
  readonly now?: () => number;
}

const loadPostgres = late('PostgreSQL', () => import('./postgres/open-postgres-store.ts'));

function keySources({ path, postgres, master, tell }: HubStoreOptions): KeySources {
  if (path !== '') return { master, ...keyFile(`${path}.key`, (message) => tell('info', message)) };
  if (postgres === '') return { master, ...keyInMemory() };
  if (!master) throw new ConfigError('hub.postgres', 'needs MARTLET_MASTER_KEY where hub.path is empty');
  return { master, own: () => undefined, makeOwn: () => master };
}

/** The log says what cannot be read, in no one's words (an operator finds it by the name that the audit has for it), and what is slow. */
const telling = ({ observer, tell }: HubStoreOptions): StoreObserver => ({
  ...observer,
  unreadable(kind, name) {
    tell(
      'warn',
      `the hub cannot read what it keeps of a ${kind} (${name}): it is damaged, or was sealed with another key; all others go on`,
    );
    observer?.unreadable?.(kind, name);
  },
  stoodStill(error) {
    tell(
      'warn',
      `the hub moves the log of its store into the file on the event loop, which stands still meanwhile, until a thread can do it again: ${error.message}`,
    );
    observer?.stoodStill?.(error);
  },
});

/**
 * Opens the store of the hub and brings its tables up to date. A PostgreSQL that cannot be reached is waited for (`HubStore.ready`).
 * @throws ConfigError when the settings or the store cannot be used; MasterKeyError; SQLite's own errors
 */
export async function openHubStore(options: HubStoreOptions): Promise<HubStore> {
  const { path, postgres, pushesFor, now = Date.now } = options;
  const observer = telling(options);
  const keys = keySources(options);
  if (postgres === '') return openSqliteStore({ path, keys, pushesFor, now, observer });
  const { openPostgresStore } = await loadPostgres();
  return openPostgresStore({ url: postgres, keys, pushesFor, now, observer });
}
