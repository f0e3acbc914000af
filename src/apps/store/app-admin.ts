import type { ProviderRow } from '../../carrier/provider-row.ts';
import { MartletError, toError } from '../../kit/errors.ts';
import { mergePatch } from '../../kit/json/merge-patch.ts';
import { type RefusalKind, RefusedError } from '../../kit/refusal.ts';
import type { AppSettings, ProviderTable } from '../../providers/registry.ts';
import { partOf } from '../../providers/sections.ts';
import type { AppRegistry } from '../app-registry.ts';
import { nameMistake } from '../file-apps.ts';
import { chosenAsBefore, chosenByProviders, openRecord, sealRecord } from './app-record.ts';
import { type AppStore, VersionConflictError } from './app-store.ts';
import { type CheckRules, checkSettings, normalSettings, wholePatch } from './check-settings.ts';
import { HOW_TO_SET, type MasterKeys } from './master-keys.ts';
import type { StoredApps } from './open-stored-apps.ts';
import type { Probe } from './probe-credential.ts';
import { formMistakes, type SettingMistake } from './settings-form.ts';
import type { AppSync, StoredApp } from './sync-apps.ts';

/** An app was not changed: nothing was. */
export class AppChangeError extends RefusedError {
  readonly code = 'ERR_APP_CHANGE';
  readonly kind: RefusalKind;
  override readonly details: readonly SettingMistake[] | undefined;
  constructor(kind: RefusalKind, message: string, details?: readonly SettingMistake[]) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}

/** Whether the version that is there is one that the caller wants to change; undefined: there is no such app. */
export type Precondition = (version: number | undefined) => boolean;

export interface Changed {
  readonly app: StoredApp;
  readonly created: boolean;
}

export interface AppAdminOptions {
  readonly apps: Pick<StoredApps, 'store' | 'sync' | 'keys' | 'trouble'>;
  readonly registry: AppRegistry;
  readonly rules: CheckRules;
  readonly probe: Probe;
  /** The caller may not change every app; default false. */
  readonly forSome?: boolean;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** What a change needs. */
interface Usable {
  readonly store: AppStore;
  readonly sync: AppSync;
  readonly keys: MasterKeys;
}

/** Bytes of an app's settings, and of a body that brings them. */
export const LARGEST_SETTINGS = 262_144;
const TRIES = 5;
const always: Precondition = () => true;

/** Changes the apps of a store. Every change is checked as a whole, and is one step: of two concurrent ones, one is done again. */
export class AppAdmin {
  readonly #options: AppAdminOptions;

  constructor(options: AppAdminOptions) {
    this.#options = options;
  }

  /**
   * For keys limited to some apps. Their changes do not redirect pushes that name no app: with the
   * topic of another tenant, and a hook, such a caller would receive that tenant's tokens and messages.
   */
  forSome(): AppAdmin {
    return new AppAdmin({ ...this.#options, forSome: true });
  }

  /** @param body settings as JSON. @throws AppChangeError */
  async create(name: string, body: unknown): Promise<Changed> {
    const settings = this.#settingsOf(body);
    return this.#change(name, always, this.#addresses, (app) => {
      if (app) throw new AppChangeError('conflict', `app ${name} is there already`);
      return settings;
    });
  }

  /** Replaces all settings; makes the app if it is not there. @throws AppChangeError */
  async replace(name: string, body: unknown, precondition: Precondition): Promise<Changed> {
    const settings = this.#settingsOf(body);
    return this.#change(name, precondition, this.#addresses, () => settings);
  }

  /** @param patch RFC 7396. @throws AppChangeError */
  async patch(name: string, patch: unknown, precondition: Precondition): Promise<Changed> {
    throwIf(formMistakes(patch, 'patch', this.#providers));
    const touched = Object.keys(patch as object);
    return this.#change(name, precondition, touched, (app) =>
      this.#settingsOf(mergePatch(this.#open(found(app, name)), wholePatch(patch, this.#providers)), touched),
    );
  }

  /** Replaces the settings of one provider, after the provider was asked if `probe` says so. @throws AppChangeError */
  async putProvider(
    name: string,
    row: ProviderRow,
    body: unknown,
    precondition: Precondition,
    probe: boolean,
  ): Promise<Changed> {
    const { platform } = row;
    const part = this.#settingsOf({ [platform]: body });
    const { facts } = checkSettings(part, this.#options.rules, this.#providers);
    if (!facts[platform]) invalid([{ path: platform, reason: 'must hold a credential' }]);
    if (probe) await this.#probe(name, part, row);
    return this.#change(name, precondition, [platform], (app) =>
      this.#settingsOf({ ...this.#open(found(app, name)), [platform]: partOf(part, platform) }, [platform]),
    );
  }

  /** @throws AppChangeError */
  async deleteProvider(name: string, { platform }: ProviderRow, precondition: Precondition): Promise<Changed> {
    return this.#change(name, precondition, [platform], (app) => {
      const { [platform]: gone, ...rest } = this.#open(found(app, name)) as Readonly<Record<string, unknown>>;
      if (!gone) throw new AppChangeError('not_found', `app ${name} has no settings for ${platform}`);
      return rest;
    });
  }

  /** @throws AppChangeError */
  async delete(name: string, precondition: Precondition): Promise<void> {
    await this.#eachTry(name, precondition, async (app, { store, sync }) => {
      await store.delete(name, found(app, name).version);
      await sync.refresh().catch(() => {});
    });
  }

  async #probe(name: string, part: AppSettings, row: ProviderRow): Promise<void> {
    const { sync } = this.#usable(name);
    const topic = sync.get(name)?.record.shown.default_topic;
    const verdict = await this.#options.probe(name, { ...part, ...(topic ? { default_topic: topic } : {}) }, row);
    if (verdict.kind === 'good') return;
    const details = [{ path: row.platform, reason: verdict.reason }];
    if (verdict.kind === 'refused')
      throw new AppChangeError('credential_refused', `the provider refuses it: ${verdict.error}`, details);
    throw new AppChangeError('not_probed', `the provider could not be asked: ${verdict.error}`, details);
  }

  /** @param stated keys of the settings that the change is about */
  #change(
    name: string,
    precondition: Precondition,
    stated: readonly string[],
    next: (app: StoredApp | undefined) => AppSettings,
  ): Promise<Changed> {
    const { rules, forSome, now = Date.now } = this.#options;
    return this.#eachTry(name, precondition, async (app, { store, sync, keys }) => {
      const settings = next(app);
      // As much as one request may bring: by patches alone it would grow without an end.
      if (Buffer.byteLength(JSON.stringify(settings)) > LARGEST_SETTINGS)
        invalid([{ path: '', reason: `all settings of an app have at most ${LARGEST_SETTINGS} bytes as JSON` }]);
      const { facts } = checkSettings(settings, rules, this.#providers);
      const sealed = sealRecord(name, settings, facts, keys, now(), this.#providers);
      const record = chosenAsBefore(sealed, app?.record, forSome ? [] : stated, this.#providers);
      const version = await store.put(name, JSON.stringify(record), app?.version ?? 'absent');
      // The change is made; the sync logs that it cannot be read back at the moment.
      await sync.refresh().catch(() => {});
      return { app: { name, version, record }, created: app === undefined };
    });
  }

  /** Tries again after a concurrent change, unless the caller named a version. */
  async #eachTry<T>(
    name: string,
    precondition: Precondition,
    attempt: (app: StoredApp | undefined, usable: Usable) => Promise<T>,
  ): Promise<T> {
    const usable = this.#usable(name);
    const { store, sync } = usable;
    for (let left = TRIES; ; left--) {
      await reached(store, () => sync.refresh());
      const app = sync.get(name);
      if (!precondition(app?.version))
        throw new AppChangeError('precondition', `app ${name} ${app ? `is version ${app.version}` : 'is not there'}`);
      try {
        return await reached(store, () => attempt(app, usable));
      } catch (error) {
        if (!(error instanceof VersionConflictError)) throw error;
        if (left <= 1) throw new AppChangeError('conflict', `app ${name} is being changed by others`);
      }
    }
  }

  get #providers(): ProviderTable {
    return this.#options.registry.providers;
  }

  /** What an app is chosen by other than its name: its topic, and the project of its service account. */
  get #addresses(): readonly string[] {
    return ['default_topic', ...chosenByProviders(this.#providers)];
  }

  #usable(name: string): Usable {
    const { apps, registry } = this.#options;
    const { store, sync, keys, trouble } = apps;
    const wrong = nameMistake(name);
    if (wrong) invalid([{ path: 'name', reason: wrong }]);
    if (registry.get(name)?.origin === 'file')
      throw new AppChangeError('conflict', `app ${name} is in config.yml, and changed there only`);
    if (store && sync && keys && !trouble) return { store, sync, keys };
    throw new AppChangeError(trouble?.kind ?? 'off', trouble?.text ?? HOW_TO_SET);
  }

  #open({ name, record }: StoredApp): AppSettings {
    return openRecord(name, record, this.#options.apps.keys);
  }

  /** @param touched sections that must be right; others, such as one with a certificate that has expired, are left as they were */
  #settingsOf(body: unknown, touched?: readonly string[]): AppSettings {
    throwIf(formMistakes(body, 'whole', this.#providers));
    const settings = normalSettings(body, this.#providers);
    const { mistakes } = checkSettings(settings, this.#options.rules, this.#providers);
    throwIf(touched ? mistakes.filter(({ path }) => touched.includes(path.split('.')[0] as string)) : mistakes);
    return settings;
  }
}

/** What is no error of ours is one of the store's. */
async function reached<T>(store: AppStore, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MartletError) throw error;
    const why = `the apps in ${store.place} cannot be reached`;
    throw new AppChangeError('unavailable', `${why}: ${toError(error).message}`);
  }
}

function found(app: StoredApp | undefined, name: string): StoredApp {
  if (app) return app;
  throw new AppChangeError('not_found', `there is no app ${name}`);
}

function invalid(details: readonly SettingMistake[]): never {
  const [first] = details;
  const text = first ? `${first.path === '' ? '' : `${first.path}: `}${first.reason}` : 'invalid';
  throw new AppChangeError('invalid', text, details);
}

function throwIf(mistakes: readonly SettingMistake[]): void {
  if (mistakes.length > 0) invalid(mistakes);
}
