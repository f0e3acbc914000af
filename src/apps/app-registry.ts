import { builtIn, type ProviderTable } from '../providers/registry.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { App } from './app.ts';

/** Called after an app has come, changed (`app` is the new one) or gone (undefined). */
export type AppChanged = (name: string, app: App | undefined) => void;

/**
 * The apps that the process knows, by name, APNs topic and Firebase project. Apps of the configuration file come at the start;
 * those made at run time come and go by `set` and `delete`.
 */
export class AppRegistry {
  readonly #apps = new Map<string, App>();
  readonly #topics = new Map<string, Set<string>>();
  readonly #projects = new Map<string, Set<string>>();
  readonly #listeners: AppChanged[] = [];
  /** Why an app may exist that is not here; undefined when those here are all there are. */
  unsure: string | undefined;

  /** The providers that apps can have. */
  readonly providers: ProviderTable;

  constructor(apps: Iterable<App> = [], providers: ProviderTable = builtIn) {
    this.providers = providers;
    for (const app of apps) this.set(app);
  }

  get size(): number {
    return this.#apps.size;
  }

  /** @param name in any case */
  get(name: string): App | undefined {
    return this.#apps.get(name) ?? this.#apps.get(name.toLowerCase());
  }

  [Symbol.iterator](): IterableIterator<App> {
    return this.#apps.values();
  }

  /** The one app that has this topic; undefined when none has, or several. */
  byTopic(topic: string): App | undefined {
    return this.#only(this.#topics.get(topic));
  }

  /** The one app that has this project; undefined when none has, or several. */
  byProject(project: string): App | undefined {
    return this.#only(this.#projects.get(project));
  }

  /** Puts an app in the place of the one of its name. */
  set(app: App): void {
    this.#forget(app.name);
    this.#apps.set(app.name, app);
    for (const topic of app.topics) note(this.#topics, topic, app.name);
    if (app.project !== undefined) note(this.#projects, app.project, app.name);
    this.#tell(app.name, app);
  }

  delete(name: string): void {
    if (!this.#apps.has(name)) return;
    this.#forget(name);
    this.#tell(name, undefined);
  }

  onChange(listener: AppChanged): void {
    this.#listeners.push(listener);
  }

  #only(names: ReadonlySet<string> | undefined): App | undefined {
    if (names?.size !== 1) return undefined;
    const [name] = names;
    return name === DEFAULT_APP ? undefined : this.#apps.get(name as string);
  }

  #forget(name: string): void {
    const app = this.#apps.get(name);
    if (!app) return;
    this.#apps.delete(name);
    for (const topic of app.topics) drop(this.#topics, topic, name);
    if (app.project !== undefined) drop(this.#projects, app.project, name);
  }

  #tell(name: string, app: App | undefined): void {
    for (const listener of this.#listeners) listener(name, app);
  }
}

function note(index: Map<string, Set<string>>, key: string, name: string): void {
  const names = index.get(key);
  if (names) names.add(name);
  else index.set(key, new Set([name]));
}

function drop(index: Map<string, Set<string>>, key: string, name: string): void {
  const names = index.get(key);
  names?.delete(name);
  if (names?.size === 0) index.delete(key);
}
