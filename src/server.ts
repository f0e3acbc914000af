import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from 'express';
import { GORUSH_VERSION, versionHeaders } from './api/answer.ts';
import { createApp } from './api/app.ts';
import { pathOf } from './api/exact-routes.ts';
import { pushRoute } from './api/push-route.ts';
import { decodePushRequest } from './api/wire/decode-push-request.ts';
import type { Totals } from './cluster/totals.ts';
import { configView } from './config/redact.ts';
import { readiness } from './health/ready.ts';
import type { Lane } from './queue/lane.ts';
import { openRelayHost, type RelayHost, type RelayHostOptions } from './relay-host.ts';
import { statApp } from './stats/stat-app.ts';
import { createStatGo } from './stats/stat-go.ts';
import { createSysStats, type SysStats } from './stats/sys-stats.ts';
import { createListener, type Listener } from './tls/create-listener.ts';

export interface ServerOptions extends RelayHostOptions {
  /** Routers of parts that are switched on, such as the sandbox. */
  readonly routers?: readonly Router[];
  /** The sum over all worker processes; absent: this process is the only one. */
  readonly totals?: () => Promise<Totals>;
}

export interface RunningServer {
  readonly host: RelayHost;
  /** Where HTTP is served; undefined with `core.enabled: false`. */
  readonly url: string | undefined;
  readonly port: number | undefined;
  /** Looks at certificate files at once, for SIGHUP. */
  reload(): void;
  /** Not ready any more, closed to new requests, drained as far as `core.shutdown_timeout` allows; the rest stays queued. */
  close(): Promise<void>;
}

const MS = 1000;
/** How long answers that are written may take to leave after everything is drained. */
const LAST_ANSWERS_MS = 1000;

function appOf(host: RelayHost, options: ServerOptions, sysStats: SysStats, draining: () => boolean) {
  const { config, log, version } = options;
  const statGo = createStatGo();
  const onError = (error: unknown): void => log.error(`a request failed: ${(error as Error)?.message}`);
  return createApp({
    uris: config.api,
    version,
    sandbox: config.sandbox.enabled,
    push: pushRoute({
      accept: (notifications, body, how) => host.relay.accept(notifications, body, how),
      decode: decodePushRequest,
      headers: versionHeaders(version),
      maxBody: config.core.max_body,
      maxNotifications: config.core.max_notification,
      // A broker may hand a push to another instance, so nobody waits for its outcome here; as in Gorush.
      syncMs: config.core.sync && config.queue.engine === 'local' ? config.core.sync_timeout * MS : undefined,
      onError,
    }),
    statGo: statGo.read,
    statApp: async () => statApp({ version: GORUSH_VERSION, ...(await (options.totals ?? ownTotals(host))()) }),
    sysStats: () => sysStats.read(),
    configView: () => configView(config),
    metrics: async () => {
      const { type, text } = await host.metrics.render();
      return { type, text: options.totals ? (await options.totals()).text : text };
    },
    ready: () => readiness({ queue: () => host.queue.health(), lanes: () => laneStates(host), draining }),
    routers: options.routers ?? [],
    onError,
  });
}

const ownTotals = (host: RelayHost) => async () => ({
  counts: await host.stats.read(),
  tasks: host.tasks.read(),
  busyWorkers: host.busyWorkers(),
});

const laneStates = ({ providers, lanes }: RelayHost) =>
  providers.lanes.map(({ name, transport }) => ({
    lane: (lanes.get(name) as Lane).status(),
    transport: transport.status(),
  }));

/** Counts and logs each answer, once it is gone. */
function observed(
  app: (req: IncomingMessage, res: ServerResponse) => void,
  sysStats: SysStats,
  { log, config: { api } }: ServerOptions,
): (req: IncomingMessage, res: ServerResponse) => void {
  // As in Gorush: scrapes and health checks would be most of the log.
  const silent = new Set([api.health_uri, api.metric_uri, '/readyz']);
  return (req, res) => {
    const begun = sysStats.begin();
    res.on('finish', () => {
      const size = Number(res.getHeader('content-length') ?? 0);
      sysStats.end(begun, res.statusCode, size);
      const path = pathOf(req.url as string) ?? '';
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

const urlOf = (scheme: string, { address, family, port }: AddressInfo): string => {
  const host = address === '::' || address === '0.0.0.0' ? 'localhost' : address;
  return `${scheme}://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** Builds the relay and listens. @throws ConfigError for a credential that cannot be used; a listener's own error. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config } = options;
  const host = await openRelayHost(options);
  const sysStats = createSysStats();
  let draining = false;
  const app = appOf(host, options, sysStats, () => draining);
  let listener: Listener | undefined;
  let address: AddressInfo | undefined;
  try {
    if (config.core.enabled) {
      const { dispatcher } = host.providers;
      listener = createListener({ config, app: observed(app, sysStats, options), log: options.log, dispatcher });
      address = await listener.listen();
    }
  } catch (error) {
    await listener?.close();
    await host.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    draining = true;
    await new Promise((resolve) => setTimeout(resolve, config.core.shutdown_delay * MS));
    const closed = listener?.close();
    await host.drain(config.core.shutdown_timeout * MS);
    const last = setTimeout(() => listener?.cut(), LAST_ANSWERS_MS);
    await closed;
    clearTimeout(last);
    await host.close();
  };
  return {
    host,
    url: listener && address && urlOf(listener.scheme, address),
    port: address?.port,
    reload: () => listener?.reload(),
    close,
  };
}
