import type { ProviderRow } from '../../carrier/provider-row.ts';
import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { sectionFor } from '../../providers/app-sections.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { TransportBuilder } from '../../providers/transports.ts';
import { LaneId } from '../../push/lane-id.ts';
import type { Environment, Notification, Provider } from '../../push/push.ts';
import type { QueueWithReports } from '../../queue/create-queue.ts';
import type { QueueEntry, RequestBody } from '../../queue/queue.ts';
import type { Lanes } from '../../relay/dispatch.ts';
import { LaneSet, type LaneSetOptions } from '../../relay/lane-set.ts';
import type { Route } from '../../relay/plan.ts';
import type { RestoreTo } from '../../relay/restore.ts';
import type { AppRegistry } from '../app-registry.ts';
import type { SendTrouble } from '../choose-app.ts';
import {
  type AppInUse,
  type AppLane,
  type AppState,
  defaultState,
  environmentOf,
  goneState,
  type SendingConfig,
} from './app-in-use.ts';
import { AppTransport, type AppTransportOptions, type BuildTransport } from './app-transport.ts';
import type { AppsInUse } from './apps-in-use.ts';
import { ConnectionCache } from './connection-cache.ts';
import { LaneRouting } from './lane-routing.ts';
import { RefusingTransport } from './refusing-transport.ts';

export interface AppLanesOptions extends Pick<LaneSetOptions, 'openQueue' | 'outcomes' | 'lasting' | 'onTrouble'> {
  readonly apps: AppsInUse;
  readonly registry: AppRegistry;
  /** Makes entries of a request that the queue kept. */
  readonly restore: RestoreTo;
  /** Apps whose connections stay open (`apps.cache`). */
  readonly cache: number;
  /** Parts of the lane of one app to one provider that stay open when nothing waits for them. Default 256. */
  readonly parts?: number;
  readonly build: TransportBuilder;
  /** Looks for apps that others have made; rejects when the store cannot say. Absent: those known are all that there are. */
  readonly find?: (() => Promise<void>) | undefined;
  /** Milliseconds for the pushes under way when a transport is replaced. */
  readonly drainMs: number;
  readonly tell: (level: 'info' | 'error', message: string) => void;
}

const MOST_PARTS = 256;

/**
 * The lanes of all apps, and the queue that they take from. A lane is opened when the first push of its app, provider and
 * environment comes, or when the queue brings one back; its connections are opened with the first push that is sent. Those of
 * the default app are there from the start, so that a credential that cannot be used is an error of the start.
 */
export class AppLanes implements Lanes {
  readonly #options: AppLanesOptions;
  readonly #apps: AppsInUse;
  readonly #lanes: LaneSet;
  readonly #cache: ConnectionCache;
  readonly #routing: LaneRouting;

  /** @throws ConfigError when a credential of the default app cannot be used, before the queue is opened. */
  constructor(options: AppLanesOptions) {
    const { apps, registry, cache, openQueue, outcomes, lasting, restore, onTrouble } = options;
    this.#options = options;
    this.#apps = apps;
    this.#cache = new ConnectionCache({ apps, size: cache, free: (app) => this.#free(app) });
    this.#routing = new LaneRouting({ apps, registry, open: (...plan) => this.#open(...plan) });
    const ready = lanesOfDefault(apps.default, registry.providers).map((id) => {
      const transport = this.#transport(id, apps.default);
      transport.open();
      return { id, transport };
    });
    this.#lanes = new LaneSet({
      openQueue,
      outcomes,
      lasting,
      onTrouble,
      restore: (request) => restore(request, this),
      reopen: (id) => this.#reopen(id),
    });
    for (const { id, transport } of ready)
      this.#add(id, apps.default, this.#environmentOf(id, apps.default), transport);
    registry.onChange((name) => this.#changed(name));
  }

  get queue(): QueueWithReports {
    return this.#lanes.queue;
  }

  *[Symbol.iterator](): IterableIterator<AppLane> {
    for (const { lanes } of this.#apps) yield* lanes;
  }

  route(app: string, notification: Notification): Route {
    return this.#routing.route(app, notification);
  }

  append(entries: readonly QueueEntry[], body: RequestBody): void | Promise<void> {
    return this.#lanes.append(entries, body);
  }

  /** What is withdrawn from the lanes of all apps. */
  get withdrawing(): Pick<LaneSet, 'withdraw' | 'endWithdrawn' | 'doubt' | 'sending'> {
    return this.#lanes;
  }

  /** Why an app cannot send to a platform, beginning with a reason in CamelCase; undefined when it can. */
  providerTrouble(app: string, platform: number): SendTrouble | undefined {
    return this.#routing.providerTrouble(app, platform);
  }

  /** Batches that are being sent. */
  busy(): number {
    return this.#lanes.busy();
  }

  /** Pushes that are being sent. */
  underWay(): number {
    let pushes = 0;
    for (const { lane } of this) pushes += lane.inFlight;
    return pushes;
  }

  /** Other default sections. What cannot be used is logged and changes nothing. @returns false when anything was wrong */
  reconfigure(config: SendingConfig): boolean {
    if (!this.#become(this.#apps.default, defaultState(config, this.#options.registry.providers))) return false;
    this.#apps.inheritFrom(config);
    for (const { name } of [...this.#apps]) if (this.#options.registry.get(name)) this.#changed(name);
    return true;
  }

  /** Nothing more is taken from the queue. */
  halt(): void {
    this.#lanes.halt();
  }

  /** Closes the connections; pushes under way have their outcome. */
  async close(): Promise<void> {
    await Promise.all([...this].map(({ transport }) => transport.close()));
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    await this.#lanes.idle();
  }

  #open(id: LaneId, used: AppInUse, environment: Environment): AppLane {
    if (id.partition !== undefined) this.#freeParts(used, id.provider);
    return this.#add(id, used, environment, this.#transport(id, used));
  }

  #add(id: LaneId, used: AppInUse, environment: Environment, transport: AppTransport): AppLane {
    const { app, provider } = id;
    const lane = this.#lanes.open({ id, transport, rateLimit: this.#rateLimit(provider, used) });
    const opened = { app, provider, environment, lane, transport };
    used.lanes.push(opened);
    return opened;
  }

  /** A lane for which pushes wait: it was freed while they were being written, or they are of a former process. */
  #reopen(id: LaneId): AppLane['lane'] {
    const used = this.#apps.use(id.app) ?? this.#apps.bury(id.app);
    return this.#open(id, used, this.#environmentOf(id, used)).lane;
  }

  #transport(id: LaneId, used: AppInUse): AppTransport {
    return new AppTransport({
      build: this.#builder(id, used),
      defaultTopic: used.sections.defaultTopic,
      drainMs: this.#options.drainMs,
      ...(used === this.#apps.default ? {} : this.#watched(used.name)),
    });
  }

  #watched(app: string): Pick<AppTransportOptions, 'onUse' | 'onOpen' | 'onIdle'> {
    const cache = this.#cache;
    return { onUse: () => cache.used(app), onOpen: () => cache.opened(), onIdle: () => cache.idle() };
  }

  /** Looks at the state of the app as it is when it is called. */
  #builder(id: LaneId, used: AppInUse): BuildTransport {
    const { app, partition } = id;
    const row = this.#row(id.provider);
    return () => {
      const { state } = used;
      const { sections } = state;
      if (state.kind === 'awaited') this.#find(app).catch(() => {});
      if ('why' in state) throw state.why;
      if (state.kind === 'gone' || !sectionFor(sections, row).enabled)
        return new RefusingTransport(this.#routing.refusal(app, row));
      const environment = environmentOf(id, row, sections);
      const { trusted, origin } = state;
      return this.#options.build({ app, sections, row, environment, partition, trusted, origin });
    };
  }

  #row(provider: Provider): ProviderRow {
    return this.#options.registry.providers.named(provider) as ProviderRow;
  }

  #environmentOf(id: LaneId, used: AppInUse): Environment {
    return environmentOf(id, this.#row(id.provider), used.sections);
  }

  #rateLimit(provider: Provider, used: AppInUse): number {
    return sectionFor(used.sections, this.#row(provider)).rate_limit;
  }

  /** Once the store says that there is no such app, what waits for it fails. */
  async #find(name: string): Promise<void> {
    const { find, registry } = this.#options;
    if (!find) return;
    await find();
    if (this.#apps.get(name)?.state.kind === 'awaited' && !registry.get(name)) this.#changed(name);
  }

  /** The settings of an app are others, or it is gone. */
  #changed(name: string): void {
    const used = this.#apps.get(name);
    if (!used || used === this.#apps.default) return;
    const next = this.#apps.stateOf(name);
    this.#become(used, next ?? goneState(used.sections));
    if (!next && used.release()) this.#free(used);
  }

  /** True when all lanes of the app send as `next` says; else all of them send as before. */
  #become(used: AppInUse, next: AppState): boolean {
    try {
      used.become(next, (lane) => this.#replace(lane, used));
      return true;
    } catch (error) {
      this.#options.tell('error', `app ${used.name}: ${toError(error).message}; what was in use before stays in use`);
      return false;
    }
  }

  #replace({ lane, transport, provider }: AppLane, used: AppInUse): void {
    transport.replace(this.#builder(lane.id, used), used.sections.defaultTopic);
    lane.limitRate(this.#rateLimit(provider, used));
    lane.renew();
  }

  /** Of the parts of a lane, the ones opened longest ago of which nothing waits and nothing is under way. */
  #freeParts(used: AppInUse, provider: Provider): void {
    const parts = used.lanes.filter(({ lane: { id } }) => id.provider === provider && id.partition !== undefined);
    let over = parts.length + 1 - (this.#options.parts ?? MOST_PARTS);
    for (const part of parts) {
      const { lane, transport } = part;
      if (over <= 0) return;
      if (transport.inFlight > 0 || this.queue.depth(lane.id).notifications > 0) continue;
      over--;
      used.lanes.splice(used.lanes.indexOf(part), 1);
      this.#lanes.free(lane);
      background(transport.close());
    }
  }

  /** Frees what is kept of an app whose lanes are empty. */
  #free(used: AppInUse): void {
    if (used.lanes.some(({ lane }) => this.queue.depth(lane.id).notifications > 0)) return;
    this.#apps.forget(used);
    for (const { lane } of used.lanes) this.#lanes.free(lane);
  }
}

/** The lanes of the platforms that are on. */
const lanesOfDefault = ({ name: app, sections }: AppInUse, { rows }: ProviderTable): LaneId[] =>
  rows
    .filter((row) => sectionFor(sections, row).enabled)
    .flatMap(({ name: provider, environments }) =>
      environments.map((environment) => new LaneId({ app, provider, environment })),
    );
