import type { IncomingMessage, ServerResponse } from 'node:http';
import { createApp } from '../api/app.ts';
import { type ConsoleSources, openConsole } from '../api/console/open-console.ts';
import { directPush } from '../api/gorush/direct-push.ts';
import { type PushRouteOptions, pushRoute } from '../api/gorush/push-route.ts';
import { statAppRoute } from '../api/gorush/stat-app-route.ts';
import { apiSettings } from '../api/openapi/api-settings.ts';
import { reference } from '../api/openapi/reference.ts';
import { surfaces } from '../api/surfaces.ts';
import type { AppRegistry } from '../apps/app-registry.ts';
import { audited, pushesByApp } from '../auth/audit.ts';
import type { Auth } from '../auth/auth.ts';
import { guarded } from '../auth/http-guard.ts';
import { principalOfRequest } from '../auth/request-principal.ts';
import { configView } from '../config/redact.ts';
import { toError } from '../kit/errors.ts';
import { versionHeaders } from '../kit/http/answer.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { DirectRoute } from '../kit/http/direct/direct-route.ts';
import type { Routes } from '../kit/http/exact-routes.ts';
import { sheltered } from '../kit/http/sheltered.ts';
import { late } from '../kit/late.ts';
import { rationed } from '../kit/rationed.ts';
import { toMs } from '../kit/seconds.ts';
import { expose } from '../observe/metrics/exposition.ts';
import type { Metrics } from '../observe/metrics/metrics.ts';
import { createStatGo } from '../observe/stats/stat-go.ts';
import { createSysStats, type SysStats } from '../observe/stats/sys-stats.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import { jsonLimitsOf } from '../push/wire/json-limits.ts';
import type { Accept } from '../relay/accept.ts';
import type { Totals } from './cluster/totals.ts';
import { type CountingRelay, countersOf } from './counters.ts';
import type { HttpRoutersOptions, HttpRoutersRelay } from './http-routers.ts';
import { observedApp } from './observed-app.ts';
import type { Hub } from './open-hub.ts';
import type { RelayOptions } from './open-relay.ts';
import { type ReadyRelay, readyState } from './ready-state.ts';

export interface HttpAppOptions extends RelayOptions, Pick<HttpRoutersOptions, 'routers'> {
  /** The sum over all worker processes; absent: this process is the only one. */
  readonly totals?: () => Promise<Totals>;
  /** The room that request bodies share, with gRPC's; default: any. */
  readonly bodies?: BodyRoom | undefined;
  /** Undefined: `hub.enabled: false`. */
  readonly hubDoor?: Hub | undefined;
  /** Serves the console; default true. Not for a function, whose answers end. */
  readonly console?: boolean;
}

export interface HttpApp {
  readonly listener: (req: IncomingMessage, res: ServerResponse) => void;
  /** Requests that do without node:http; none where each is asked who it is, noted, traced or waits for its outcome. */
  readonly direct: readonly DirectRoute[];
  /** For `core.admin_address`; undefined without one: then the other serves everything. */
  readonly administration: HttpApp['listener'] | undefined;
  /** Ends the answers that have no end of their own; call it when the shutdown begins. */
  retire(): void;
  close(): void;
}

/** What the HTTP API asks of a relay. */
export interface HttpAppRelay extends ConsoleSources, CountingRelay, ReadyRelay, HttpRoutersRelay {
  readonly accept: Accept;
  readonly apps: AppRegistry;
  readonly storedApps: ReadyRelay['storedApps'] & HttpRoutersRelay['storedApps'];
  readonly auth: Auth | undefined;
  readonly history: HttpRoutersRelay['history'];
  readonly tracing: Tracing | undefined;
  readonly metrics: Pick<Metrics, 'snapshot' | 'watchReadiness'>;
}

/** What the routes share. */
interface AppParts {
  readonly statGo: () => object;
  readonly sysStats: SysStats;
  readonly console: Routes;
  readonly ready: () => ReturnType<typeof readyState>;
}

function appOf(relay: HttpAppRelay, options: HttpAppOptions, { statGo, sysStats, console, ready }: AppParts) {
  const { config, log, version } = options;
  const { providers } = relay.apps;
  const onError = (error: unknown): void => log.error(`a request failed: ${(error as Error)?.message}`);
  const totals = options.totals && rationed(options.totals);
  const pages = reference({
    settings: () => apiSettings(config, console.size > 0, providers),
    version,
    console: console.size > 0,
    sandbox: config.sandbox.enabled,
  });
  const families = totals ? async () => (await totals()).metrics : rationed(() => relay.metrics.snapshot());
  return createApp({
    uris: config.api,
    version,
    sandbox: config.sandbox.enabled,
    push: pushRoute(pushOptions(relay, options, onError)),
    statGo,
    statApp: statAppRoute({
      read: countersOf(relay, totals),
      appsOf: (req) => principalOfRequest(req)?.apps,
      isApp: (name) => relay.apps.get(name) !== undefined,
    }),
    sysStats: () => sysStats.read(),
    configView: () => configView(config, providers.configSchema),
    metrics: async (accept) => expose(await families(), accept),
    ready,
    pages: new Map([...pages.routes, ...console]),
    async routers() {
      const { httpRouters } = await routersModule();
      return httpRouters(relay, options, pages);
    },
    straight: options.hubDoor?.straight,
    onError,
  });
}

function pushOptions(
  { accept, apps: { providers }, tracing }: HttpAppRelay,
  { config: { core, queue }, log, version, bodies }: HttpAppOptions,
  onError: (error: unknown) => void,
): PushRouteOptions {
  const jsonLimits = jsonLimitsOf(core);
  return {
    accept,
    decode: (body) => providers.decoder.decode(body, jsonLimits),
    headers: versionHeaders(version),
    maxBody: core.max_body,
    bodies,
    maxNotifications: core.max_notification,
    // A broker may hand a push to another instance, so no request waits for its outcome here; as in Gorush.
    syncMs: core.sync && queue.engine === 'local' ? toMs(core.sync_timeout) : undefined,
    audit: log.audit && ((notifications) => pushesByApp(notifications, providers)),
    tracing,
    onError,
  };
}

/** As `observedApp` does it. */
function directOf(relay: HttpAppRelay, options: HttpAppOptions, sysStats: SysStats): readonly DirectRoute[] {
  const { config, log, hubDoor } = options;
  const onError = (error: unknown): void => log.error(`a request failed: ${(error as Error)?.message}`);
  const push = pushOptions(relay, options, onError);
  const { auth } = relay;
  if (push.audit || push.tracing || push.syncMs !== undefined) return [];
  const path = config.api.push_uri;
  const observe = (at: string) => {
    const begun = sysStats.begin();
    return (status: number, size: number): void => {
      sysStats.end(begun, status, size);
      log.request({ method: 'POST', path: at, status, ms: performance.now() - begun, size });
    };
  };
  const hub = hubDoor?.direct({ auth, headers: push.headers, onError, observe }) ?? [];
  const others = hub.filter((route) => route.path !== path);
  return auth ? others : [directPush({ ...push, path, observe: () => observe(path) }), ...others];
}

/** Asks who it is where the configuration says who may call, and writes down who did what. */
function protectedApp(app: HttpApp['listener'], { auth }: HttpAppRelay, options: HttpAppOptions): HttpApp['listener'] {
  const { config, log, version } = options;
  const onError = (error: unknown): void => log.error(`a caller could not be identified: ${(error as Error)?.message}`);
  const headers = versionHeaders(version);
  const guard = auth ? guarded(app, { auth, uris: config.api, headers, onError }) : app;
  const door = options.hubDoor?.forPages(guard) ?? guard;
  return log.audit ? audited(door, config.api.push_uri, log.audit) : door;
}

/** With Express. */
const routersModule = late('the routes of Express', () => import('./http-routers.ts'));

/** The HTTP API on a relay. @param draining true from the begin of the shutdown: then it is not ready. */
export function createHttpApp(relay: HttpAppRelay, options: HttpAppOptions, draining: () => boolean): HttpApp {
  const { config, log, version } = options;
  const { api, core } = config;
  const ready = () => readyState(relay, draining(), options.hubDoor);
  relay.metrics.watchReadiness(() => ready().status === 200);
  const [statGo, sysStats] = [createStatGo(), createSysStats()];
  const isServed = options.console !== false;
  const { routes, feed } = openConsole(relay, { ...options, ready, isServed });
  const console: Routes = isServed ? routes : new Map();
  const app = appOf(relay, options, { statGo: statGo.read, sysStats, console, ready });
  const inner = observedApp(protectedApp(app, relay, options), { api, sysStats, log });
  const whole = sheltered(inner, (error) => log.error(`a request failed: ${toError(error).message}`));
  const split = core.admin_address === '' ? undefined : surfaces(whole, api, versionHeaders(version));
  return {
    listener: split?.callers ?? whole,
    direct: directOf(relay, options, sysStats),
    administration: split?.administration,
    retire: () => feed.close(),
    close: statGo.close,
  };
}
