import type { ProviderRow, SectionValues } from '../../carrier/provider-row.ts';
import { type AppSections, sectionFor } from '../../providers/app-sections.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import type { AppRegistry } from '../app-registry.ts';
import {
  AppInUse,
  type AppState,
  awaitedState,
  defaultState,
  goneState,
  type OpenOptions,
  openedState,
  type SendingConfig,
} from './app-in-use.ts';

export interface AppsInUseOptions extends Omit<OpenOptions, 'providers'> {
  readonly config: SendingConfig;
  readonly registry: Pick<AppRegistry, 'get' | 'unsure' | 'providers'>;
}

/**
 * The apps whose settings are open in memory, by name: an app is opened with its first push, which costs reading its secrets, and
 * forgotten when it was not used for long (connection-cache.ts). The default app is always there.
 */
export class AppsInUse {
  readonly default: AppInUse;
  readonly #options: AppsInUseOptions;
  /** In the order of use, the longest unused first. */
  readonly #used = new Map<string, AppInUse>();
  /** The sections that apps inherit from. */
  #config: SendingConfig;

  constructor(options: AppsInUseOptions) {
    this.#options = options;
    this.#config = options.config;
    this.default = this.#add(DEFAULT_APP, defaultState(options.config, options.registry.providers));
  }

  [Symbol.iterator](): IterableIterator<AppInUse> {
    return this.#used.values();
  }

  get size(): number {
    return this.#used.size;
  }

  get(name: string): AppInUse | undefined {
    return this.#used.get(name);
  }

  /** The app of this name, opened if need be; undefined when there is none. */
  use(name: string): AppInUse | undefined {
    const used = this.#used.get(name);
    if (used) return used;
    const { registry } = this.#options;
    const state = this.stateOf(name);
    if (state) return this.#add(name, state);
    return registry.unsure === undefined ? undefined : this.await(name, registry.unsure);
  }

  /** What is queued for an app that may come waits, and takes up its settings when it is there. */
  await(name: string, why: string): AppInUse {
    return this.#add(name, awaitedState(this.default.sections, why));
  }

  /** What is queued for an app that is not there any more fails. */
  bury(name: string): AppInUse {
    return this.#add(name, goneState(this.default.sections));
  }

  /** As the settings of a known app are now; undefined for others. */
  stateOf(name: string): AppState | undefined {
    const { registry, ...options } = this.#options;
    const app = registry.get(name);
    return app && openedState(app, this.#config, { ...options, providers: registry.providers });
  }

  /** Settings of an app, for what depends on them beside its lanes. */
  sectionsOf(name: string): AppSections {
    return this.use(name)?.sections ?? this.default.sections;
  }

  /** What an app sends to a provider with; undefined when it does not, or is not known here. */
  sectionOf(name: string, row: ProviderRow): SectionValues | undefined {
    const used = this.get(name) ?? (this.#options.registry.get(name) && this.use(name));
    if (used?.state.kind !== 'known') return undefined;
    const section = sectionFor(used.sections, row);
    return section.enabled ? section : undefined;
  }

  /** From now on apps inherit from these. Those in use have to be changed one by one. */
  inheritFrom(config: SendingConfig): void {
    this.#config = config;
  }

  touch(name: string): void {
    const used = this.#used.get(name);
    if (!used) return;
    this.#used.delete(name);
    this.#used.set(name, used);
  }

  forget({ name }: AppInUse): void {
    this.#used.delete(name);
  }

  #add(name: string, state: AppState): AppInUse {
    const used = new AppInUse(name, state);
    this.#used.set(name, used);
    return used;
  }
}
