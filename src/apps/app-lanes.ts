import type { TransportBuilder } from '../build-transport.ts';
import type { Config } from '../config/schema.ts';
import { toError } from '../errors.ts';
import type { Environment, Failed, Notification, PlatformName, Provider, PushTransport } from '../push.ts';
import { platformOf, platforms } from '../push.ts';
import type { Lane } from '../queue/lane.ts';
import type { Route } from '../relay.ts';
import { type App, DEFAULT_APP } from './app.ts';
import type { AppRegistry } from './app-registry.ts';
import { type AppSections, appSections, isConfigured, withoutCredentials } from './app-sections.ts';
import { AppTransport, type AppTransportOptions, type BuildTransport } from './app-transport.ts';
import { chooseApp } from './choose-app.ts';
import { RefusingTransport } from './refusing-transport.ts';

/** A lane and what it is for. */
export interface AppLane {
  readonly app: string;
  readonly provider: Provider;
  readonly environment: Environment;
  readonly lane: Lane;
  readonly transport: AppTransport;
}

export interface LanePlan {
  /** `app/provider/environment` */
  readonly name: string;
  readonly transport: PushTransport;
  /** Pushes per second; 0 is no limit. */
  readonly rateLimit: number;
}

/** The parts of the configuration that say how pushes are sent. */
export type SendingConfig = Pick<Config, PlatformName>;

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
  readonly openLane: (plan: LanePlan) => Lane;
  /** Notifications of a lane that the queue holds. */
  readonly queued: (lane: string) => number;
  /** Milliseconds for the pushes under way when a transport is replaced. */
  readonly drainMs: number;
  readonly tell: (level: 'info' | 'error', message: string) => void;
}

/** An app in use: its settings, opened, and its lanes. */
interface Used {
  sections: AppSections;
  /** Why the settings cannot be opened; their pushes wait for somebody to mend that. */
  broken: Error | undefined;
  trusted: boolean;
  readonly lanes: Map<string, AppLane>;
}

const PLATFORMS = ['ios', 'android', 'huawei'] as const satisfies PlatformName[];

const environmentsOf = (provider: Provider): readonly Environment[] =>
  provider === 'apns' ? ['production', 'development'] : ['production'];

/**
 * The lanes of all apps. One is made when the first push of its app, provider and environment comes, and its connections are
 * opened with the first push that is sent. Of the apps used longest ago, the connections are closed when more than
 * `apps.cache` hold some, and what they had in memory is freed. The default app is always there.
 */
export class AppLanes {
  readonly #options: AppLanesOptions;
  #config: SendingConfig;
  /** In the order of use, the longest unused first. */
  readonly #used = new Map<string, Used>();
  /** More apps hold connections than may, since those longest unused were busy. */
  #overfull = false;

  /** @throws ConfigError when a credential of the default app cannot be used. */
  constructor(options: AppLanesOptions) {
    this.#options = options;
    this.#config = options.config;
    const own = this.#defaultApp();
    this.#used.set(DEFAULT_APP, own);
    for (const platform of PLATFORMS) {
      if (!own.sections[platform].enabled) continue;
      const { provider } = Object.values(platforms).find(({ name }) => name === platform) as { provider: Provider };
      for (const environment of environmentsOf(provider))
        this.#open(DEFAULT_APP, own, provider, environment).transport.open();
    }
    options.registry.onChange((name, app) => this.#changed(name, app));
  }

  get(name: string): AppLane | undefined {
    return this.#used.get(name.slice(0, name.indexOf('/')))?.lanes.get(name);
  }

  /** There may be something to take for a lane: it is made again when it was freed while its pushes were being written. */
  wake(name: string): void {
    (this.get(name) ?? this.#reopen(name)).lane.wake();
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
    const known = platforms[platform as keyof typeof platforms];
    if (!used || !known || isConfigured(used.sections, known.provider)) return undefined;
    return `PushNotConfigured: ${notConfigured(app, known.name).error}`;
  }

  /** Which lane a notification takes. `production: true` of a request goes before `development: true`, that before the config. */
  route(notification: Notification, fallback: string): Route {
    const choice = chooseApp(this.#options.registry, notification, fallback);
    if ('why' in choice) return { app: notification.app ?? fallback, refused: noSuchApp(choice.why) };
    const { app } = choice;
    const platform = platforms[notification.platform as keyof typeof platforms];
    if (!platform) return { app, refused: unknownPlatform(notification.platform) };
    const used = this.#use(app);
    if (!used) return { app, refused: noSuchApp('there is no such app') };
    const { provider, name } = platform;
    if (!used.broken && !isConfigured(used.sections, provider))
      return { app, refused: app === DEFAULT_APP ? platformOff(name) : notConfigured(app, name) };
    const { production, development } = notification;
    const isProduction =
      provider !== 'apns' || production === true || (development !== true && used.sections.ios.production);
    const environment = isProduction ? 'production' : 'development';
    const lane = laneName(app, provider, environment);
    if (!used.lanes.has(lane)) this.#open(app, used, provider, environment);
    return { app, lane, provider, environment };
  }

  /** Other default sections. What cannot be used is told and changes nothing. @returns false when anything was wrong */
  reconfigure(config: SendingConfig): boolean {
    const before = this.#config;
    this.#config = config;
    const whole = this.#replaceAll(DEFAULT_APP, this.#defaultApp());
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

  async close(): Promise<void> {
    await Promise.all([...this].map(({ transport }) => transport.close()));
  }

  #default(): Used {
    return this.#used.get(DEFAULT_APP) as Used;
  }

  #defaultApp(): Used {
    const { ios, android, huawei } = this.#config;
    const sections = { ios, android, huawei, defaultTopic: '', own: new Set<PlatformName>() };
    return { sections, broken: undefined, trusted: true, lanes: new Map() };
  }

  #use(name: string): Used | undefined {
    const used = this.#used.get(name);
    if (used) return used;
    const { registry } = this.#options;
    const app = registry.get(name);
    if (!app && !registry.unsure) return undefined;
    const opened = app ? this.#settle(app) : this.#awaited(registry.unsure as string);
    this.#used.set(name, opened);
    return opened;
  }

  /** An app that may come: what is queued for it waits, and takes up its settings when it is there. */
  #awaited(why: string): Used {
    return { ...this.#defaultApp(), sections: off(this.#default().sections), broken: new Error(why), trusted: false };
  }

  #settle(app: App): Used {
    const common = {
      trusted: app.origin === 'file' || this.#options.trustStored === true,
      lanes: new Map<string, AppLane>(),
    };
    try {
      const { sandbox, inherit } = this.#options;
      const sections = sandbox
        ? appSections(this.#config, withoutCredentials(app.shown))
        : appSections(this.#config, app.settings(), inherit);
      return { ...common, sections, broken: undefined };
    } catch (error) {
      // Never the default's credentials for an app whose own are not to be had.
      return { ...common, sections: appSections(this.#config, app.shown), broken: toError(error) };
    }
  }

  #open(app: string, used: Used, provider: Provider, environment: Environment): AppLane {
    const name = laneName(app, provider, environment);
    const transport = new AppTransport({
      build: this.#builder(app, used, provider, environment),
      defaultTopic: used.sections.defaultTopic,
      drainMs: this.#options.drainMs,
      ...(app === DEFAULT_APP ? {} : this.#watched(app)),
    });
    const rateLimit = used.sections[platformOf[provider]].rate_limit;
    const lane = this.#options.openLane({ name, transport, rateLimit });
    const opened = { app, provider, environment, lane, transport };
    used.lanes.set(name, opened);
    return opened;
  }

  #reopen(name: string): AppLane {
    const [app, provider, environment] = name.split('/') as [string, Provider, Environment];
    let used = this.#use(app);
    if (!used) {
      // It is gone; what waits for it is told so.
      used = { ...this.#defaultApp(), sections: off(this.#default().sections), trusted: false };
      this.#used.set(app, used);
    }
    return used.lanes.get(name) ?? this.#open(app, used, provider, environment);
  }

  #watched(app: string): Pick<AppTransportOptions, 'onUse' | 'onOpen' | 'onIdle'> {
    return {
      onUse: () => this.#touch(app),
      onOpen: () => this.#trim(),
      onIdle: () => {
        if (!this.#overfull) return;
        this.#overfull = false;
        setImmediate(() => this.#trim());
      },
    };
  }

  /** Looks at the sections of the app as they are when it is called. */
  #builder(app: string, used: Used, provider: Provider, environment: Environment): BuildTransport {
    return () => {
      const { sections, broken, trusted } = used;
      if (broken) throw broken;
      if (!isConfigured(sections, provider)) return new RefusingTransport(notConfigured(app, platformOf[provider]));
      return this.#options.build({ sections, provider, environment, trusted });
    };
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
  #forget(name: string, { lanes }: Used): void {
    if ([...lanes.values()].some(({ lane }) => this.#options.queued(lane.name) > 0)) return;
    this.#used.delete(name);
    for (const { lane } of lanes.values()) lane.halt();
  }

  #changed(name: string, app: App | undefined): void {
    const used = this.#used.get(name);
    if (!used || name === DEFAULT_APP) return;
    if (app) {
      this.#replaceAll(name, this.#settle(app));
      return;
    }
    this.#replaceAll(name, { ...used, sections: off(used.sections), broken: undefined });
    if (release(used)) this.#forget(name, used);
  }

  /** Other sections for the lanes of an app. All or none are replaced. */
  #replaceAll(name: string, next: Used): boolean {
    const used = this.#used.get(name) as Used;
    const before = { ...used };
    Object.assign(used, { sections: next.sections, broken: next.broken, trusted: next.trusted });
    const replaced: AppLane[] = [];
    try {
      for (const each of used.lanes.values()) {
        each.transport.replace(this.#builder(name, used, each.provider, each.environment), used.sections.defaultTopic);
        each.lane.limitRate(used.sections[platformOf[each.provider]].rate_limit);
        replaced.push(each);
      }
      return true;
    } catch (error) {
      Object.assign(used, { sections: before.sections, broken: before.broken, trusted: before.trusted });
      for (const each of replaced) {
        each.transport.replace(this.#builder(name, used, each.provider, each.environment), used.sections.defaultTopic);
        each.lane.limitRate(used.sections[platformOf[each.provider]].rate_limit);
      }
      this.#options.tell('error', `app ${name}: ${toError(error).message}; what was in use before stays in use`);
      return false;
    }
  }
}

const isOpen = ({ lanes }: Used): boolean => [...lanes.values()].some(({ transport }) => transport.isOpen);

/** Closes the connections of an app, all or none. False when pushes are under way on any. */
function release({ lanes }: Used): boolean {
  const all = [...lanes.values()];
  if (all.some(({ transport }) => transport.inFlight > 0)) return false;
  for (const { transport } of all) transport.release();
  return true;
}

const laneName = (app: string, provider: Provider, environment: Environment): string =>
  `${app}/${provider}/${environment}`;

const off = (sections: AppSections): AppSections => ({
  ...sections,
  ios: { ...sections.ios, enabled: false },
  android: { ...sections.android, enabled: false },
  huawei: { ...sections.huawei, enabled: false },
});

const disabled = (reason: string, error: string): Failed => ({ kind: 'failed', category: 'disabled', reason, error });

const platformOff = (name: string): Failed =>
  disabled('PlatformDisabled', `the platform ${name} is off; set ${name}.enabled: true and its credentials`);

const unknownPlatform = (platform: number): Failed =>
  disabled('UnknownPlatform', `there is no platform ${platform}; 1 is iOS, 2 Android, 3 Huawei`);

const noSuchApp = (why: string): Failed => disabled('UnknownApp', why);

const notConfigured = (app: string, platform: string): Failed =>
  disabled('PushNotConfigured', `the app ${app} has no credential for ${platform}`);
