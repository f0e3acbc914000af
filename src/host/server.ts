/**
 * A relay and its doors, from start to end.
 *
 * - starting: parts are opened one after the other. When one cannot be opened, those before it are closed in the reverse order,
 *   and the start fails with its error.
 * - serving: until `close`.
 * - draining: /readyz says 503 while requests are still taken, for `core.shutdown_delay`, so that a balancer looks elsewhere. Then
 *   the doors close, the queue empties as far as `core.shutdown_timeout` allows, and sync requests that still wait are answered
 *   with what there is. → closed. What is left stays in the queue for the next process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadinessLines } from '../health/readiness-lines.ts';
import { BODY_SHARE, BodyRoom } from '../kit/http/body-room.ts';
import { toMs } from '../kit/seconds.ts';
import { loadMeter } from '../observe/tracing/load-meter.ts';
import type { PresenceChannel } from '../streams/presence/presence-call.ts';
import type { WakeChannel } from '../streams/router/channel-router.ts';
import { createHttpApp, type HttpAppOptions } from './http-app.ts';
import { type Doors, openDoors } from './open-doors.ts';
import type { Hub } from './open-hub.ts';
import { openRelay } from './open-relay.ts';
import { readyState } from './ready-state.ts';
import type { Relay } from './relay.ts';
import { sayWhatStays, sayWhatWasFound } from './watch/queue-lines.ts';

export interface RunningServer extends Pick<Doors, 'url' | 'port' | 'grpcPort' | 'adminUrl'> {
  readonly relay: Relay;
  /** Undefined: `hub.enabled: false`. */
  readonly hub: Hub | undefined;
  /** Looks at certificate files at once, for SIGHUP. */
  reload(): void;
  /** Drains and closes. The same promise whenever it is called. */
  close(): Promise<void>;
}

/** How long answers that are written may take to leave after everything is drained. */
const LAST_ANSWERS_MS = 1000;

/** Loaded only where it is on, and before the relay, which brings back at once what the queue has of the hub's. */
async function loadHub({ hub }: HttpAppOptions['config']) {
  if (!hub.enabled) return undefined;
  const [{ openHub }, { createHubCarrier }] = await Promise.all([import('./open-hub.ts'), import('./hub-carrier.ts')]);
  return { openHub, carrier: createHubCarrier(hub.push) };
}

export interface ServerOptions extends HttpAppOptions {
  /** To the other workers of this machine; absent: there are none. */
  readonly wakes?: WakeChannel;
  /** To their primary, which knows who is connected to any of them. */
  readonly presenceChannel?: PresenceChannel;
}

/** Builds the relay and listens. @throws ConfigError for a credential that cannot be used; a listener's own error. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log, wakes, presenceChannel } = options;
  await using starting = new AsyncDisposableStack();
  let draining = false;
  const loaded = await loadHub(config);
  const relay = await openRelay(loaded ? { ...options, hub: loaded.carrier.hub } : options, starting);
  // In the turn in which the queue was opened: it has not begun to send.
  const { queue, hook, lanes } = relay;
  const isDurable = config.queue.engine !== 'local' || queue.reports !== undefined;
  const kept = { queue, hook, isDurable, underWay: () => lanes.underWay() };
  sayWhatWasFound(kept, log);
  const { max_body, max_bodies } = config.core;
  const bodies = new BodyRoom({ maxBytes: Math.max(max_bodies, max_body / BODY_SHARE) });
  starting.defer(() => bodies.close());
  const hub = await loaded?.openHub(
    { relay, carrier: loaded.carrier, config, log, bodies, wakes, presenceChannel },
    starting,
  );
  const meter = hub && (await loadMeter(config, options, { streams: hub.openStreams }));
  starting.defer(() => meter?.close());
  const app = createHttpApp(relay, { ...options, bodies, hubDoor: hub }, () => draining);
  starting.defer(() => app.close());
  const ready = (): boolean => readyState(relay, draining, hub).status === 200;
  const doors = await openDoors({ config, log, app, relay, bodies, ready, upgrades: hub?.upgrades }, starting);
  const readiness = new ReadinessLines({
    ready: () => readyState(relay, false, hub),
    warn: (message, fields) => log.warn(message, fields),
  });
  starting.defer(() => readiness.close());
  hub?.start();
  const closers = starting.move();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    draining = true;
    app.retire();
    doors.retire();
    await hub?.retire();
    await sleep(toMs(config.core.shutdown_delay));
    const lastRequests = doors.close();
    await relay.drain(toMs(config.core.shutdown_timeout));
    // Before the outcomes are closed: what loses its connection after that is in no count but the file.
    sayWhatStays(kept, log);
    relay.stopWaiting();
    const cut = setTimeout(() => doors.cut(), LAST_ANSWERS_MS);
    await lastRequests;
    clearTimeout(cut);
    await closers.disposeAsync();
  };
  const { url, port, grpcPort, adminUrl } = doors;
  return {
    ...{ relay, hub, url, port, grpcPort, adminUrl },
    reload: () => doors.reload(),
    close: () => (closed ??= close()),
  };
}
