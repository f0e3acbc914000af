import type { ProviderRow } from '../../carrier/provider-row.ts';
import { toError } from '../../kit/errors.ts';
import { type AppSections, sectionFor } from '../../providers/app-sections.ts';
import type { TransportBuilder } from '../../providers/transports.ts';
import { APP_NAME, DEFAULT_APP } from '../../push/app-name.ts';
import { AS_CONFIGURED, LaneId } from '../../push/lane-id.ts';
import type { Environment, Failed, Notification, Provider, PushTransport } from '../../push/push.ts';
import type { Lane } from '../../relay/lane.ts';
import type { Route } from '../../relay/relay.ts';
import type { App } from '../app.ts';
import type { AppRegistry } from '../app-registry.ts';
import { type Choice, chooseApp } from '../choose-app.ts';
import { noSuchApp, notConfigured, platformOff, unknownPlatform } from '../refusals.ts';
import {
  type AppInUse,
  type AppLane,
  defaultInUse,
  environmentOf,
  isOpen,
  nothingInUse,
  openedInUse,
  release,
  type SendingConfig,
} from './app-in-use.ts';
import { AppTransport, type AppTransportOptions, type BuildTransport } from './app-transport.ts';
import { RefusingTransport } from './refusing-transport.ts';

export interface LanePlan {
  readonly id: LaneId;
  readonly transport: PushTransport;
  /** Pushes per second; 0 is no limit. */
  readonly rateLimit: number;
}

export interface AppLanesOptions {
  readonly config: SendingConfig;
  /** `apps.inherit`. */
  readonly inherit: boolean;
  /** Everything goes to the sandbox, which knows no credential but the default's. */
  readonly sandbox: boolean;
  readonly registry: AppRegistry;
  /** Apps made at run time may name private addresses. Default false. */
  readonly trustStored?: boolean;
  /** Apps whose connections stay open. */
  readonly cache: number;
  readonly build: TransportBuilder;
  /** Looks for apps that others have made; rejects when nobody can say. Absent: those known are all that there are. */
  readonly find?: (() => Promise<void>) | undefined;
  readonly openLane: (plan: LanePlan) => Lane;
  /** Notifications of a lane that the queue holds. */
  readonly queued: (lane: LaneId) => number;
  /** Milliseconds for the pushes under way when a transport is replaced. */
  readonly drainMs: number;
  readonly tell: (level: 'info' | 'error', message: string) => void;
}

/**
 * The lanes of all apps. One is made when the first push of its app, provider and environment comes, and its connections are
 * opened with the first push that is sent. Of the apps used longest ago, the connections are closed when more than
 * `apps.cache` hold some, and what they had in memory is freed. The default app is always there.
 */
export class AppLanes {
  readonly #options: AppLanesOptions;
  #config: SendingConfig;
  /** In the order of use, the longest unused first. */
  readonly #used = new Map<string, AppInUse>();
  /** More apps hold connections than may, since those longest unused were busy. */
  #overfull = false;
  #planned = false;
  #halted = false;

  /** @throws ConfigError when a credential of the default app cannot be used. */
  constructor(options: AppLanesOptions) {
    this.#options = options;
    this.#config = options.config;
    const { providers } = options.registry;
    const own = defaultInUse(this.#config, providers);
    this.#used.set(DEFAULT_APP, own);
    for (const row of providers.rows) {
      if (!sectionFor(own.sections, row).enabled) continue;
      for (const environment of row.environments)
        this.#open(
          new LaneId({ app: DEFAULT_APP, provider: row.name, environment }),
          own,
          environment,
        ).transport.open();
    }
    options.registry.onChange((name, app) => this.#changed(name, app));
  }

  get({ app, key }: LaneId): AppLane | undefined {
    return this.#used.get(app)?.lanes.get(key);
  }

  /** There may be something to take for a lane: it is made again when it was freed while its pushes were being written. */
  wake(id: LaneId): void {
    (this.get(id) ?? this.#reopen(id)).lane.wake();
  }

  *[Symbol.iterator](): IterableIterator<AppLane> {
    for (const { lanes } of this.#used.values()) yield* lanes.values();
  }

  /** Settings of an app in use, for what depends on them besides the lanes. */
  sectionsOf(app: string): AppSections {
    return this.#use(app)?.sections ?? this.#default().sections;
  }

  /** Why an app cannot send to a platform, beginning with a reason in CamelCase; undefined when it can. */
  providerTrouble(app: string, platform: number): string | undefined {
    const { registry } = this.#options;
    if (registry.unsure && !registry.get(app)) return `AppsUnknown: ${registry.unsure}`;
    const used = this.#use(app);
    if (used?.broken)
      return `CredentialUnusable: the settings of the app ${app} cannot be opened: ${used.broken.message}`;
    const row = registry.providers.numbered(platform);
    if (!used || !row || sectionFor(used.sections, row).enabled) return undefined;
    return `PushNotConfigured: ${notConfigured(app, row.platform).error}`;
  }

  /** Which lane a notification takes. */
  route(notification: Notification, fallback: string): Route {
    const { providers } = this.#options.registry;
    const choice = this.#choose(notification, fallback);
    if ('why' in choice) return { app: notification.app ?? fallback, refused: noSuchApp(choice.why) };
    const { app } = choice;
    const row = providers.numbered(notification.platform);
    if (!row) return { app, refused: unknownPlatform(notification.platform, providers) };
    const used = this.#use(app) ?? this.#await(app, 'it is not known here yet');
    const { name: provider, environments } = row;
    const section = sectionFor(used.sections, row);
    if (!used.broken && !section.enabled) return { app, refused: this.#refusal(app, row) };
    const asked = row.requests.environmentOf?.(notification, used.awaited ? undefined : section);
    const isUndecided = asked === undefined && environments.length > 1;
    const environment = asked ?? row.requests.environmentOf?.(notification, section) ?? environments[0];
    const id = new LaneId({ app, provider, environment: isUndecided ? AS_CONFIGURED : environment });
    const { lane } = used.lanes.get(id.key) ?? this.#open(id, used, environment);
    return { app, lane: lane.id, provider, environment };
  }

  /** A request for an app that is not known is not taken. What was taken before, or elsewhere, may be for one that comes. */
  #choose(notification: Notification, fallback: string): Choice {
    const choice = chooseApp(this.#options.registry, notification, fallback);
    const name = notification.app?.toLowerCase() ?? '';
    const mayCome = 'why' in choice && choice.field === 'app' && this.#options.find && APP_NAME.test(name);
    return mayCome ? { app: name } : choice;
  }

  /** Other default sections. What cannot be used is told and changes nothing. @returns false when anything was wrong */
  reconfigure(config: SendingConfig): boolean {
    const before = this.#config;
    this.#config = config;
    const whole = this.#replaceAll(DEFAULT_APP, defaultInUse(this.#config, this.#options.registry.providers));
    if (!whole) {
      this.#config = before;
      return false;
    }
    for (const name of [...this.#used.keys()]) {
      const app = this.#options.registry.get(name);
      if (app) this.#changed(name, app);
    }
    return true;
  }

  /** Nothing more is taken from the queue, not by lanes either that are made from now on. */
  halt(): void {
    this.#halted = true;
    for (const { lane } of this) lane.halt();
  }

  async close(): Promise<void> {
    await Promise.all([...this].map(({ transport }) => transport.close()));
  }

  #default(): AppInUse {
    return this.#used.get(DEFAULT_APP) as AppInUse;
  }

  #use(name: string): AppInUse | undefined {
    const used = this.#used.get(name);
    if (used) return used;
    const { registry } = this.#options;
    const app = registry.get(name);
    if (!app) return registry.unsure === undefined ? undefined : this.#await(name, registry.unsure);
    const opened = openedInUse(app, this.#config, this.#options);
    this.#used.set(name, opened);
    return opened;
  }

  /** An app that may come: what is queued for it waits, and takes up its settings when it is there. */
  #await(name: string, why: string): AppInUse {
    const broken = new Error(why);
    const awaited = { ...nothingInUse(this.#default()), broken, awaited: true };
    this.#used.set(name, awaited);
    return awaited;
  }

  /** Once somebody can say that there is no such app, what waits for it is told so. */
  async #find(name: string): Promise<void> {
    const { find, registry } = this.#options;
    if (!find) return;
    await find();
    if (this.#used.get(name)?.awaited && !registry.get(name)) this.#changed(name, undefined);
  }

  #open(id: LaneId, used: AppInUse, environment: Environment): AppLane {
    const { app, provider } = id;
    const transport = new AppTransport({
      build: this.#builder(id, used),
      defaultTopic: used.sections.defaultTopic,
      drainMs: this.#options.drainMs,
      ...(app === DEFAULT_APP ? {} : this.#watched(app)),
    });
    const rateLimit = sectionFor(used.sections, this.#row(provider)).rate_limit;
    const lane = this.#options.openLane({ id, transport, rateLimit });
    if (this.#halted) lane.halt();
    const opened = { app, provider, environment, lane, transport };
    used.lanes.set(id.key, opened);
    return opened;
  }

  #reopen(id: LaneId): AppLane {
    const { app } = id;
    let used = this.#use(app);
    if (!used) {
      // It is gone; what waits for it is told so.
      used = nothingInUse(this.#default());
      this.#used.set(app, used);
    }
    return used.lanes.get(id.key) ?? this.#open(id, used, environmentOf(id, used, this.#options.registry));
  }

  #watched(app: string): Pick<AppTransportOptions, 'onUse' | 'onOpen' | 'onIdle'> {
    return {
      onUse: () => this.#touch(app),
      onOpen: () => this.#planTrim(),
      onIdle: () => {
        if (this.#overfull) this.#planTrim();
      },
    };
  }

  /** Once for all apps that open connections in one turn of the event loop: it looks at each app in use. */
  #planTrim(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#trim();
    });
  }

  /** Looks at the sections of the app as they are when it is called. */
  #builder(id: LaneId, used: AppInUse): BuildTransport {
    const { app, provider } = id;
    return () => {
      const { sections, broken, awaited, trusted } = used;
      if (awaited) this.#find(app).catch(() => {});
      if (broken) throw broken;
      const row = this.#row(provider);
      if (!sectionFor(sections, row).enabled) return new RefusingTransport(this.#refusal(app, row));
      return this.#options.build({
        app,
        sections,
        row,
        environment: environmentOf(id, used, this.#options.registry),
        trusted,
      });
    };
  }

  #refusal(app: string, { platform }: ProviderRow): Failed {
    if (app === DEFAULT_APP) return platformOff(platform);
    return this.#options.registry.get(app) ? notConfigured(app, platform) : noSuchApp();
  }

  #row(provider: Provider): ProviderRow {
    return this.#options.registry.providers.named(provider) as ProviderRow;
  }

  #touch(app: string): void {
    const used = this.#used.get(app);
    if (!used) return;
    this.#used.delete(app);
    this.#used.set(app, used);
  }

  /** Closes the connections of the apps used longest ago; those with pushes under way are passed over until they are idle. */
  #trim(): void {
    const { cache } = this.#options;
    const apps = [...this.#used].filter(([name]) => name !== DEFAULT_APP);
    let over = apps.filter(([, used]) => isOpen(used)).length - cache;
    for (const [name, used] of apps) {
      if (isOpen(used)) {
        if (over <= 0 || !release(used)) continue;
        over--;
      } else if (apps.length <= cache) continue;
      this.#forget(name, used);
    }
    this.#overfull = over > 0;
  }

  /** Frees what is kept of an app whose lanes are empty. */
  #forget(name: string, { lanes }: AppInUse): void {
    if ([...lanes.values()].some(({ lane }) => this.#options.queued(lane.id) > 0)) return;
    this.#used.delete(name);
    for (const { lane } of lanes.values()) lane.halt();
  }

  #changed(name: string, app: App | undefined): void {
    const used = this.#used.get(name);
    if (!used || name === DEFAULT_APP) return;
    if (app) {
      this.#replaceAll(name, openedInUse(app, this.#config, this.#options));
      return;
    }
    this.#replaceAll(name, nothingInUse(used));
    if (release(used)) this.#forget(name, used);
  }

  /** Other sections for the lanes of an app. All or none are replaced. */
  #replaceAll(name: string, next: AppInUse): boolean {
    const used = this.#used.get(name) as AppInUse;
    const before = { ...used };
    const take = ({ sections, broken, awaited, trusted }: AppInUse): void =>
      void Object.assign(used, { sections, broken, awaited, trusted });
    const replaced: AppLane[] = [];
    take(next);
    try {
      for (const each of used.lanes.values()) {
        this.#replace(each, used);
        replaced.push(each);
      }
      return true;
    } catch (error) {
      take(before);
      for (const each of replaced) this.#replace(each, used);
      this.#options.tell('error', `app ${name}: ${toError(error).message}; what was in use before stays in use`);
      return false;
    }
  }

  #replace({ lane, transport, provider }: AppLane, used: AppInUse): void {
    transport.replace(this.#builder(lane.id, used), used.sections.defaultTopic);
    lane.limitRate(sectionFor(used.sections, this.#row(provider)).rate_limit);
    lane.renew();
  }
}
