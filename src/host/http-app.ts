import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Router } from 'express';
import { createApp } from '../api/app.ts';
import { callbackRoutes } from '../api/callback-routes.ts';
import { CONSOLE_EVENTS } from '../api/console/console-routes.ts';
import { openConsole } from '../api/console/open-console.ts';
import { pushRoute } from '../api/gorush/push-route.ts';
import { statAppRoute } from '../api/gorush/stat-app-route.ts';
import { historyRoutes } from '../api/history-routes.ts';
import { apiSettings } from '../api/openapi/api-settings.ts';
import { openApiDocument } from '../api/openapi/document.ts';
import { openApiRoutes } from '../api/openapi/openapi-routes.ts';
import { surfaces } from '../api/surfaces.ts';
import { audited, pushesByApp } from '../auth/audit.ts';
import { guarded } from '../auth/http-guard.ts';
import { principalOfRequest } from '../auth/request-principal.ts';
import { configView } from '../config/redact.ts';
import { toError } from '../kit/errors.ts';
import { sizeOf, versionHeaders } from '../kit/http/answer.ts';
import { pathOf, type Routes } from '../kit/http/exact-routes.ts';
import { sheltered } from '../kit/http/sheltered.ts';
import { rationed } from '../kit/rationed.ts';
import { toMs } from '../kit/seconds.ts';
import { expose } from '../observe/metrics/exposition.ts';
import { createStatGo } from '../observe/stats/stat-go.ts';
import { createSysStats, type SysStats } from '../observe/stats/sys-stats.ts';
import { jsonLimitsOf } from '../push/wire/json-limits.ts';
import { highestCounts, type Totals } from './cluster/totals.ts';
import type { RelayOptions } from './open-relay.ts';
import { readyState } from './ready-state.ts';
import type { Relay } from './relay.ts';
import { selfService } from './self-service.ts';

export interface HttpAppOptions extends RelayOptions {
  /** Routers of parts that are switched on, such as the sandbox. */
  readonly routers?: readonly Router[];
  /** The sum over all worker processes; absent: this process is the only one. */
  readonly totals?: () => Promise<Totals>;
  /** Serves the console; default true. Not for a function, whose answers end. */
  readonly console?: boolean;
}

export interface HttpApp {
  readonly listener: (req: IncomingMessage, res: ServerResponse) => void;
  /** For `core.admin_address`; undefined without one: then the other serves everything. */
  readonly administration: HttpApp['listener'] | undefined;
  /** Ends the answers that have no end of their own; call it when the shutdown begins. */
  retire(): void;
  close(): void;
}

function appOf(
  relay: Relay,
  options: HttpAppOptions,
  statGo: () => object,
  sysStats: SysStats,
  console: Routes,
  draining: () => boolean,
) {
  const { config, log, version } = options;
  const jsonLimits = jsonLimitsOf(config.core);
  const onError = (error: unknown): void => log.error(`a request failed: ${(error as Error)?.message}`);
  const totals = options.totals && rationed(options.totals);
  const families = totals ? async () => (await totals()).metrics : rationed(() => relay.metrics.snapshot());
  return createApp({
    uris: config.api,
    version,
    sandbox: config.sandbox.enabled,
    push: pushRoute({
      accept: relay.accept,
      decode: (body) => relay.apps.providers.decoder.decode(body, jsonLimits),
      headers: versionHeaders(version),
      maxBody: config.core.max_body,
      maxNotifications: config.core.max_notification,
      // A broker may hand a push to another instance, so no request waits for its outcome here; as in Gorush.
      syncMs: config.core.sync && config.queue.engine === 'local' ? toMs(config.core.sync_timeout) : undefined,
      audit: log.audit && ((notifications) => pushesByApp(notifications, relay.apps.providers)),
      tracing: relay.tracing,
      onError,
    }),
    statGo,
    statApp: statAppRoute({
      read: countersOf(relay, totals),
      appsOf: (req) => principalOfRequest(req)?.apps,
      isApp: (name) => relay.apps.get(name) !== undefined,
    }),
    sysStats: () => sysStats.read(),
    configView: () => configView(config, relay.apps.providers.configSchema),
    metrics: async (accept) => expose(await families(), accept),
    ready: () => readyState(relay, draining()),
    pages: new Map([
      ...openApiRoutes(() => openApiDocument(apiSettings(config, console.size > 0, relay.apps.providers), version)),
      ...console,
    ]),
    routers: [...historyOf(relay), callbacksOf(relay), selfService(relay, options), ...(options.routers ?? [])],
    onError,
  });
}

/** With keys that are for some apps only, each sees the pushes of its own. */
const historyOf = ({ history }: Relay): Router[] =>
  history ? [historyRoutes({ history, appsOf: (req) => principalOfRequest(req)?.apps })] : [];

/** What providers report by themselves. */
const callbacksOf = ({ apps, lanes, transports }: Relay): Router =>
  callbackRoutes({
    providers: apps.providers,
    sectionOf: (app, row) => lanes.sectionOf(app, row),
    callback: (row, request) => transports.callback(row, request),
  });

/** Of this process, or of all; a store that they share is read by this one for all of them. */
const countersOf = (relay: Relay, totals: HttpAppOptions['totals']) => async () => {
  if (!totals)
    return { ...(await relay.stats.readByApp()), tasks: relay.tasks.read(), busyWorkers: relay.busyWorkers() };
  const { apps, ...all } = await totals();
  if (!relay.stats.shared) return { ...all, apps: new Map(apps) };
  const stored = await relay.stats.readByApp();
  return { ...all, counts: highestCounts(all.counts, stored.counts), apps: stored.apps };
};

/** Counts and logs each answer, once it is gone. */
function observed(
  app: (req: IncomingMessage, res: ServerResponse) => void,
  sysStats: SysStats,
  { log, config: { api } }: HttpAppOptions,
): (req: IncomingMessage, res: ServerResponse) => void {
  // As in Gorush: scrapes and health checks would be most of the log.
  const silent = new Set([api.health_uri, api.metric_uri, '/readyz']);
  return (req, res) => {
    const begun = sysStats.begin();
    res.on('finish', () => {
      const size = sizeOf(res);
      const path = pathOf(req.url as string) ?? '';
      // Not an answer like the others: it takes as long as a browser watches.
      if (path === CONSOLE_EVENTS && res.statusCode === 200) return;
      sysStats.end(begun, res.statusCode, size);
      if (!silent.has(path)) {
        log.request({
          method: req.method as string,
          path,
          status: res.statusCode,
          ms: performance.now() - begun,
          size,
        });
      }
    });
    app(req, res);
  };
}

/** Asks who it is where the configuration says who may call, and writes down who did what. */
function protectedApp(app: HttpApp['listener'], { auth }: Relay, options: HttpAppOptions): HttpApp['listener'] {
  const { config, log, version } = options;
  const onError = (error: unknown): void => log.error(`a caller could not be identified: ${(error as Error)?.message}`);
  const headers = versionHeaders(version);
  const guard = auth ? guarded(app, { auth, uris: config.api, headers, onError }) : app;
  return log.audit ? audited(guard, config.api.push_uri, log.audit) : guard;
}

/** The HTTP API on a relay. @param draining true from the begin of the shutdown: then it is not ready. */
export function createHttpApp(relay: Relay, options: HttpAppOptions, draining: () => boolean): HttpApp {
  const statGo = createStatGo();
  const sysStats = createSysStats();
  relay.metrics.watchReadiness(() => readyState(relay, draining()).status === 200);
  const { routes, feed } = openConsole(relay, options);
  const app = appOf(relay, options, statGo.read, sysStats, options.console === false ? new Map() : routes, draining);
  const inner = observed(protectedApp(app, relay, options), sysStats, options);
  const whole = sheltered(inner, (error) => options.log.error(`a request failed: ${toError(error).message}`));
  const { api, core } = options.config;
  const split = core.admin_address === '' ? undefined : surfaces(whole, api, versionHeaders(options.version));
  return {
    listener: split?.callers ?? whole,
    administration: split?.administration,
    retire: () => feed.close(),
    close: statGo.close,
  };
}
