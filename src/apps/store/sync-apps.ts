import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { App, CredentialEnd } from '../app.ts';
import type { AppRegistry } from '../app-registry.ts';
import { type AppRecord, masterKeysOf, openRecord, readRecord } from './app-record.ts';
import type { AppStore, Known, Loaded, StoredText } from './app-store.ts';
import type { MasterKeys } from './master-keys.ts';
import type { RevisionMark } from './revision-mark.ts';

/** An app of the store, still sealed. */
export interface StoredApp {
  readonly name: string;
  readonly version: number;
  readonly record: AppRecord;
}

export interface AppSyncOptions {
  readonly store: AppStore;
  readonly registry: AppRegistry;
  readonly keys: MasterKeys | undefined;
  /** What was seen of the store by processes of the past; absent: nothing is known of it. */
  readonly mark?: RevisionMark | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Milliseconds until a store that could not be read is asked again; default 1,000. */
  readonly retryMs?: number;
}

const RETRY_MS = 1000;

/** Of the certificates among its credentials. */
const expiriesOf = ({ facts }: AppRecord, { ofPlatform }: ProviderTable): CredentialEnd[] =>
  Object.entries(facts).flatMap(([platform, { not_after }]) => {
    const provider = ofPlatform(platform)?.name;
    return provider === undefined || not_after === undefined ? [] : [{ provider, expiresAt: Date.parse(not_after) }];
  });

const appOf = ({ name, record }: StoredApp, keys: MasterKeys | undefined, providers: ProviderTable): App => ({
  name,
  origin: 'store',
  version: record.edition,
  topics: record.topics,
  project: record.project,
  expiries: expiriesOf(record, providers),
  shown: record.shown,
  settings: () => openRecord(name, record, keys),
});

/**
 * Keeps the registry like the store. While the store cannot be read, what is known stays in use: an app that is perhaps out of
 * date is better than none. The same when the store suddenly knows less than it did: a Redis that has lost its data, an old copy of
 * the file that was put back.
 */
export class AppSync {
  readonly #options: AppSyncOptions;
  readonly #apps = new Map<string, StoredApp>();
  #known: Known | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** That the mark cannot be written was said. */
  #isMarkTold = false;
  /** Which apps cannot be opened, until something changes. */
  #unopened: { readonly output: string | undefined } | undefined;

  constructor(options: AppSyncOptions) {
    this.#options = options;
  }

  /** Reads the store, and from then on whenever it changes. A store that cannot be read is logged, and asked again. */
  async start(): Promise<void> {
    const { store } = this.#options;
    await this.refresh().catch(() => {
      this.#options.registry.unsure = `the apps of ${store.place} cannot be read`;
    });
    store.watch(() => background(this.refresh(), () => {}));
  }

  get(name: string): StoredApp | undefined {
    return this.#apps.get(name);
  }

  /** As the registry holds it, where no app of config.yml has its name. */
  app(name: string): App | undefined {
    const stored = this.#apps.get(name);
    return stored && appOf(stored, this.#options.keys, this.#options.registry.providers);
  }

  all(): StoredApp[] {
    return [...this.#apps.values()];
  }

  /** Whatever was in the store when this was called is known afterwards. Rejects when the store cannot be read. */
  refresh(): Promise<void> {
    if (!this.#running) return this.#run();
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#run();
      });
    return this.#next;
  }

  /** For /readyz. */
  health(): { status: 'pass' | 'warn'; output?: string } {
    this.#unopened ??= this.#unopenedOutput();
    const output = this.#failure ?? this.#unopened.output;
    return output ? { status: 'warn', output } : { status: 'pass' };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.allSettled([this.#running, this.#next]);
    await this.#options.store.close();
  }

  #run(): Promise<void> {
    this.#running = this.#load().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #load(): Promise<void> {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const { store, tell } = this.#options;
    try {
      const loaded = await store.load(this.#known);
      this.#refuseOlder(loaded.revision);
      this.#take(loaded);
      this.#known = { revision: loaded.revision, versions: loaded.versions };
      this.#options.registry.unsure = undefined;
      this.#noteRevision(loaded.revision);
      if (this.#failure) tell('info', `the apps of ${store.place} can be read again`);
      this.#failure = undefined;
    } catch (error) {
      const failure = `the apps of ${store.place} cannot be read: ${toError(error).message}; those known stay in use`;
      if (failure !== this.#failure) tell('error', failure);
      this.#failure = failure;
      this.#retry();
      throw error;
    }
  }

  /** @throws for a copy that is older than what this process, or one of the past, has seen */
  #refuseOlder(revision: number): void {
    const { mark } = this.#options;
    if (this.#known) {
      if (revision < this.#known.revision) throw new Error('it has lost what it held');
      return;
    }
    const seen = mark?.read();
    if (mark && seen !== undefined && revision < seen)
      throw new Error(
        `it is an older copy, of revision ${revision}, and ${seen} was seen here; to use it nevertheless, delete ${mark.path}`,
      );
  }

  #noteRevision(revision: number): void {
    try {
      this.#options.mark?.note(revision);
    } catch (error) {
      const why = toError(error).message;
      if (!this.#isMarkTold)
        this.#options.tell('warn', `an older copy of the apps would not be noticed at the next start: ${why}`);
      this.#isMarkTold = true;
    }
  }

  #retry(): void {
    if (this.#closed) return;
    const again = (): void => background(this.refresh(), () => {});
    this.#timer = setTimeout(again, this.#options.retryMs ?? RETRY_MS).unref();
  }

  #take({ versions, changed }: Loaded): void {
    this.#unopened = undefined;
    for (const name of this.#apps.keys()) if (!versions.has(name)) this.#forget(name);
    for (const each of changed) this.#learn(each);
  }

  #forget(name: string): void {
    const { registry } = this.#options;
    this.#apps.delete(name);
    if (registry.get(name)?.origin === 'store') registry.delete(name);
  }

  #learn({ name, version, text }: StoredText): void {
    const { registry, keys, tell, store } = this.#options;
    let record: AppRecord;
    let app: App;
    try {
      record = readRecord(text);
      app = appOf({ name, version, record }, keys, registry.providers);
    } catch {
      tell('error', `app ${name} in ${store.place} cannot be read; what was known of it stays in use`);
      return;
    }
    const before = this.#apps.get(name);
    this.#apps.set(name, { name, version, record });
    if (registry.get(name)?.origin === 'file') {
      if (!before) tell('warn', `app ${name}: that of config.yml is in use, not the one of ${store.place}`);
    } else if (before?.record.edition !== record.edition) registry.set(app);
  }

  #unopenedOutput(): { output: string | undefined } {
    const { keys } = this.#options;
    const given = new Set(keys?.map(({ id }) => id));
    const closed = this.all().filter(({ record }) => masterKeysOf(record).some((id) => !given.has(id)));
    const [first] = closed;
    if (!first) return { output: undefined };
    try {
      openRecord(first.name, first.record, keys);
      return { output: undefined };
    } catch (error) {
      const others = closed.length > 1 ? ` (and ${closed.length - 1} more apps)` : '';
      return { output: `${toError(error).message}${others}` };
    }
  }
}
