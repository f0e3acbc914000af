import { readFileSync } from 'node:fs';
import { loadConfig } from '../host/config/load.ts';
import { openHubCore } from '../host/hub/hub-core.ts';
import { createHubCarrier } from '../host/hub-carrier.ts';
import { openRelay } from '../host/open-relay.ts';
import type { Relay } from '../host/relay.ts';
import { openSandbox } from '../host/sandbox/sandbox-mode.ts';
import { watchHubStore } from '../host/watch-hub-store.ts';
import type { PushCarrier } from '../hub/push/push-carrier.ts';
import { type HubStoreOptions, openHubStore } from '../hub/storage/open-hub-store.ts';
import type { HubStore } from '../hub/storage/storage.ts';
import { ConfigError, MartletError } from '../kit/errors.ts';
import { within } from '../kit/within.ts';
import { trustSystemAuthorities } from '../outbound/system-authorities.ts';
import { builtIn, type FullConfig } from '../providers/registry.ts';
import { type Calls, createCalls } from './calls.ts';
import { connectOnce } from './connect-once.ts';
import { NotificationType } from './incident-data.ts';
import { configValues, type NotifierConfig, ownNames } from './notifier-config.ts';
import type { NotifierHealth, PushNotifier } from './push-notifier.ts';
import { memoryStorage, type PushStorage, postgresStorage, sqliteStorage } from './push-storage.ts';
import { toldLog } from './told-log.ts';

export type { IncidentData } from './incident-data.ts';
export type { GorushSettings, NotifierConfig } from './notifier-config.ts';
export type {
  DeviceRegistration,
  NotificationReport,
  NotificationToSend,
  NotifierDecision,
  NotifierDevice,
  NotifierError,
  NotifierHealth,
  NotifierPerson,
  NotifierSettings,
  PersonFields,
  PushNotifier,
  RegisteredNotifierDevice,
  SentNotification,
} from './push-notifier.ts';
export type { PostgresOptions, PushStorage, StorageOptions } from './push-storage.ts';

export { memoryStorage, NotificationType, postgresStorage, sqliteStorage };

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export interface ConnectTimes {
  /** How long a PostgreSQL is waited for; default 10,000. */
  readonly connectMs?: number;
}

const STORE_MS = 10_000;
const MEANWHILE = 'Calls are refused with ERR_HUB_STORE, and what is held stays where it is';

/** @throws ConfigError with the names of the settings as they are given here */
function load(config: NotifierConfig, storage: PushStorage): FullConfig {
  try {
    const loaded = loadConfig({
      values: configValues(config, storage),
      env: {},
      cwd: process.cwd(),
      tryCredentials: true,
    });
    if (loaded.unknown.length > 0) throw new ConfigError('', loaded.unknown.join('; '));
    return loaded.config;
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError('', ownNames(error.message), { cause: error }) : error;
  }
}

/** @throws ConfigError (rejects) when the database does not answer in time */
async function storeReady(store: HubStore, ms: number): Promise<void> {
  await within(ms, store.ready).catch(() => {
    const why = store.health().output ?? 'it does not answer';
    throw new ConfigError('postgresStorage', `${why}. Check the address, and that the database takes connections`);
  });
}

/** Milliseconds in which what is under way may end. */
const DRAIN_MS = 30_000;

function healthOf(store: HubStore, carrier: PushCarrier): NotifierHealth {
  const checks = [
    { name: 'storage', ...store.health() },
    { name: 'push', ...carrier.health() },
  ].map(({ name, status, output }) => ({ name, status, ...(output === undefined ? {} : { output }) }));
  return { ok: checks.every(({ status }) => status !== 'fail'), checks };
}

/** Passes calls on until it is closed. */
function whileOpen(calls: Calls, isClosed: () => boolean): Calls {
  const guarded = Object.entries(calls).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      if (isClosed()) throw new NotifierClosedError('the notifier is closed');
      return (call as (...args: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(guarded) as Calls;
}

/** A call after `close`. */
export class NotifierClosedError extends MartletError {
  readonly code = 'ERR_CLOSED';
}

/**
 * Opens the hub in this process, without a server. Resolves once everything is open and was tried once: the storage, the credentials
 * of the providers, or the other Gorushes and their key.
 * @throws ConfigError (rejects): its message names the setting and says what to do
 */
export async function createPushNotifier(
  config: NotifierConfig,
  storage: PushStorage,
  { connectMs = STORE_MS }: ConnectTimes = {},
): Promise<PushNotifier> {
  const loaded = load(config, storage);
  const tell = config.log ?? (() => {});
  const log = toldLog(tell);
  trustSystemAuthorities();
  await using opening = new AsyncDisposableStack();
  const sandbox = await openSandbox(loaded, log);
  opening.defer(() => sandbox?.close());
  const full = sandbox?.config ?? loaded;
  const way = createHubCarrier(full.hub.push);
  const masterKey = storage.masterKey || undefined;
  const relay = await openRelay({ config: full, version, log, masterKey, hub: way.hub, ...sandbox?.parts }, opening);
  const { transports, outbound } = relay;
  await connectOnce({ config: full, transports, dispatcher: outbound.dispatcher, tell });
  const carrier = way.open({ relay, log }, opening);
  let look = (): void => {};
  const store = await openStore(full, relay, { tell, observer: { turned: () => look() } });
  opening.defer(() => store.close());
  await storeReady(store, connectMs);
  const watched = watchHubStore({ store, meanwhile: MEANWHILE, warn: (message) => tell('warn', message) });
  look = () => watched.look();
  opening.defer(() => watched.close());
  const core = openHubCore({ relay, config: full, store, carrier, replies: way.replies, log, now: Date.now }, opening);
  core.start();
  const platforms = { providers: builtIn, sectionOf: sectionOf(relay) };
  const closers = opening.move();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await core.sends.retire();
    await relay.drain(DRAIN_MS);
    await closers.disposeAsync();
  };
  return {
    ...whileOpen(createCalls({ core, store, platforms }), () => closed !== undefined),
    health: async () => healthOf(store, carrier),
    close: () => (closed ??= close()),
  };
}

/** The section of a platform, as devices are checked by it. */
const sectionOf = (relay: Relay) => (app: string, platform: string) => {
  const row = builtIn.ofPlatform(platform);
  return row && relay.sectionOf(app, row);
};

/** @throws ConfigError (rejects) */
async function openStore(
  config: FullConfig,
  relay: Relay,
  more: Pick<HubStoreOptions, 'tell' | 'observer'>,
): Promise<HubStore> {
  const { path, postgres } = config.hub;
  const pushesFor = config.sandbox.enabled ? 'sandbox' : 'providers';
  try {
    return await openHubStore({ path, postgres, master: relay.storedApps.keys, pushesFor, ...more });
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError('', ownNames(error.message), { cause: error }) : error;
  }
}
