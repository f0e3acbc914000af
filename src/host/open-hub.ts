import type { IncomingMessage, RequestListener } from 'node:http';
import type { Router } from 'express';
import { withCors } from '../api/hub/cors.ts';
import { type DirectHubOptions, directHubRoutes } from '../api/hub/direct/direct-routes.ts';
import { allowCaller, chooseApp } from '../api/hub/hub-caller.ts';
import { HubRefusal } from '../api/hub/hub-refusal.ts';
import type { HubRoute } from '../api/hub/hub-route.ts';
import { type HubRouterParts, hubDoor } from '../api/hub/hub-router.ts';
import { unsubscribeRoutes } from '../api/hub/links/unsubscribe-routes.ts';
import type { AdmitToken } from '../api/hub/streams/socket-route.ts';
import { wakeUpsRoute } from '../api/hub/streams/wake-ups-route.ts';
import { tokenRoutes } from '../api/hub/token-routes.ts';
import { closedAtApi } from '../auth/admin-access.ts';
import { isConfigured } from '../auth/auth.ts';
import { notFromHere } from '../auth/own-page.ts';
import type { Principal, PrincipalUser } from '../auth/principal.ts';
import { openPeopleDoor, type PeopleAccess } from '../auth/users/open-people-door.ts';
import { isStreamSocket } from '../auth/users/stream-ticket.ts';
import type { Config } from '../config/schema.ts';
import type { Check } from '../health/ready.ts';
import type { Devices } from '../hub/devices/devices.ts';
import type { Removals } from '../hub/devices/removals.ts';
import { DIRECT } from '../hub/direct/direct-batch.ts';
import { hubReasons } from '../hub/notifications/decision.ts';
import type { People } from '../hub/people/people.ts';
import { partCarrier } from '../hub/push/parted-carrier.ts';
import type { PushCarrier } from '../hub/push/push-carrier.ts';
import { idempotencyLedger } from '../hub/storage/idempotency.ts';
import { openHubStore } from '../hub/storage/open-hub-store.ts';
import type { HubStore } from '../hub/storage/storage.ts';
import { StreamTickets } from '../hub/streams/stream-tickets.ts';
import { background } from '../kit/background.ts';
import { ConfigError } from '../kit/errors.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { DirectRoute } from '../kit/http/direct/direct-route.ts';
import type { FindRoute } from '../kit/http/exact-routes.ts';
import type { Log } from '../observe/log/log.ts';
import { HubCounts } from '../observe/metrics/hub-counts.ts';
import { reasonWords } from '../observe/metrics/reason-words.ts';
import type { FullConfig } from '../providers/registry.ts';
import type { PresenceChannel } from '../streams/presence/presence-call.ts';
import type { WakeChannel } from '../streams/router/channel-router.ts';
import { openHubFaces } from './hub/hub-faces.ts';
import { countsListener, HubFigures } from './hub/hub-figures.ts';
import { openHubStreams } from './hub/hub-streams.ts';
import { noChannelHook } from './hub/no-channel-hook.ts';
import { otherApis } from './hub/other-apis.ts';
import type { HubCarrier } from './hub-carrier.ts';
import type { Relay } from './relay.ts';
import { watchHubStore } from './watch-hub-store.ts';

export interface OpenHubOptions {
  /** Opened with `hub` of the same carrier. */
  readonly relay: Relay;
  readonly carrier: HubCarrier;
  readonly config: FullConfig;
  readonly log: Log;
  /** To the other workers of this machine; absent: there are none. */
  readonly wakes?: WakeChannel | undefined;
  readonly presenceChannel?: PresenceChannel | undefined;
  /** The room that request bodies share. */
  readonly bodies: BodyRoom | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** The hub in front of a relay. */
export interface Hub {
  readonly store: HubStore;
  readonly people: People;
  readonly devices: Devices;
  /** For whatever the hub sends but direct pushes. */
  readonly carrier: PushCarrier;
  readonly routers: readonly Router[];
  /** The hub's own routes without Express. */
  readonly straight: FindRoute;
  /** Those of them that need no node:http; none where the hub is closed. */
  readonly direct: (options: DirectHubOptions) => readonly DirectRoute[];
  /** What the routers serve. */
  readonly routes: readonly HubRoute[];
  /** Lets pages of `hub.cors_origins` call: stands before whatever asks for keys. */
  forPages(app: RequestListener): RequestListener;
  /** Requests for another protocol that the routers serve. */
  readonly upgrades: (req: IncomingMessage) => boolean;
  /** Streams of people that are open. */
  openStreams(): number;
  /** For /readyz. */
  checks(): readonly Check[];
  /** Begins with what is due. */
  start(): void;
  /** The process is about to end: what becomes due is left to the next one. */
  retire(): Promise<void>;
}

const SWEEP_MS = 600_000;
const MEANWHILE = 'Routes of the hub answer 503, and what it holds stays where it is; pushes of /api/push go on';

/**
 * Opens the hub: its store, and the routes that callers of the relay's HTTP server use. A PostgreSQL that does not answer is waited
 * for in the background, and its routes are 503 meanwhile.
 * @param closers closes all of it in the reverse order, also when opening fails
 * @throws ConfigError for settings or a store that cannot be used
 */
export async function openHub(options: OpenHubOptions, closers: AsyncDisposableStack): Promise<Hub> {
  // Node 24 has none; the rest of the relay needs none.
  if (typeof Temporal === 'undefined')
    throw new ConfigError('hub.enabled', `needs Node 26 or later, and this is ${process.version}`);
  const { relay, config, log, bodies, now = Date.now } = options;
  // Before anything is waited for: the queue has not begun to send.
  const { providers } = relay.apps;
  const carriers = partCarrier(options.carrier.open({ relay, log, providers }, closers));
  const { path, postgres, cors_origins: origins } = config.hub;
  const tell = (level: 'info' | 'warn' | 'error', message: string): void => log[level](message);
  const counts = new HubCounts(new Set([...reasonWords(providers), ...hubReasons]));
  const events = countsListener(counts);
  let look = (): void => {};
  const observer = { ...events, turned: () => look() };
  const pushesFor = config.sandbox.enabled ? 'sandbox' : 'providers';
  const store = await openHubStore({ path, postgres, master: relay.storedApps.keys, pushesFor, tell, observer, now });
  closers.defer(() => store.close());
  const watched = watchHubStore({ store, meanwhile: MEANWHILE, warn: (message) => tell('warn', message) });
  look = () => watched.look();
  closers.defer(() => watched.close());
  const ledger = idempotencyLedger(store, now);
  const sweeping = setInterval(() => background(ledger.sweep(), () => {}), SWEEP_MS).unref();
  closers.defer(() => clearInterval(sweeping));
  const tickets = new StreamTickets(store, now);
  const door = openPeopleDoor({ store, tickets, auth: relay.auth, now });
  const outside = { ...waysOut(options), apps: () => relay.apps.size, counts: counts.streams };
  const live = await openHubStreams({ config, store, tickets, relay, ...outside, tell, now }, closers);
  const parts: HubRouterParts = {
    ...{ store, ledger, bodies, audit: log.audit },
    identify: (req) => door.identify(req),
    closed: closedTo(config),
    isApp: (name) => isApp(relay, name),
    stillThere: (user) => stillThere(store, user),
  };
  const noChannel = noChannelHook(relay.hook);
  const { replies } = options.carrier;
  const faces = openHubFaces(
    { relay, config, store, carrier: carriers.rest, replies, events, noChannel, live, log, now },
    closers,
  );
  const { people, sends, devices, removals } = faces;
  const isUp = (): boolean => watched.check().status !== 'fail';
  relay.metrics.watchHub(new HubFigures({ store, counts, sends, removals, isUp, relay, config, now }).read);
  const others = { config, store, devices, relay, parts, events, noChannel, nudge: sends.nudge, tell, now };
  const admit = admitToken(door, parts);
  const tokens = tokenRoutes({ tokens: door.tokens, isPerson: (app, id) => isPerson(store, app, id) });
  const routes = [...tokens, ...faces.routes, ...live.routes({ nudge: sends.nudge, inbox: faces.inbox, admit })];
  const apis = otherApis({ ...others, carrier: carriers.part(DIRECT), sync: relay.storedApps.sync });
  const own = hubDoor(routes, parts);
  return {
    ...{ store, people, devices, carrier: carriers.rest, straight: own.find, direct: directOf(config, routes) },
    routers: [
      own.router,
      ...apis.routers,
      unsubscribeRoutes({ store, people, bodies }),
      wakeUpsRoute({ peers: live.peers, bodies }),
    ],
    routes: [...routes, ...apis.routes],
    forPages: (app) => withCors(app, { origins, uris: config.api }),
    upgrades: isStreamSocket,
    openStreams: () => counts.streams.active,
    checks: () => [watched.check(), ...removalChecks(removals, now())],
    start: () => background(store.ready.then(() => faces.start())),
    async retire() {
      await Promise.all([live.retire(), sends.retire()]);
    },
  };
}

const directOf =
  (config: Config, routes: readonly HubRoute[]): Hub['direct'] =>
  (options) =>
    closedAtApi(config, 'the hub is') === undefined ? directHubRoutes(routes, options) : [];

/** By which streams here learn of what is elsewhere. */
const waysOut = ({ relay, wakes, presenceChannel }: OpenHubOptions) => ({
  ...{ dispatcher: relay.outbound.dispatcher, wakes, presenceChannel },
});

/** What a request is asked for where its sender shows a token later than in its headers. */
const admitToken =
  (door: PeopleAccess, { isApp, stillThere }: HubRouterParts): AdmitToken =>
  async (token, { req, params, query }) => {
    const principal = await door.identifyToken(token, req.socket.remoteAddress);
    allowCaller(principal, { scope: 'users', own: 'path', user: params.user });
    const app = await chooseApp(principal, query.text('app'), isApp);
    if (principal.user) await stillThere(principal.user);
    return { app, principal };
  };

/** Apps that a check names. */
const MOST_NAMED = 10;

/** A warning while dead devices are not removed: pushes go out all the same. */
function removalChecks(removals: Pick<Removals, 'paused' | 'pauses'>, now: number): Check[] {
  const apps = removals.paused();
  if (apps.length === 0) return [];
  const named = apps.slice(0, MOST_NAMED).join(', ') + (apps.length > MOST_NAMED ? ', …' : '');
  const until = Math.max(...apps.map((app) => removals.pauses.get(app) ?? now));
  const output = `too many devices were called dead at once: none is removed until ${new Date(until).toISOString()} (${named})`;
  return [{ name: 'hub/removals', status: 'warn', output }];
}

/** Why the sender of a request may use nothing of the hub: as for /v1/apps, but that a person's token says who that is. */
function closedTo(config: Config): HubRouterParts['closed'] {
  const always = closedAtApi(config, 'the hub is');
  const asksForKeys = isConfigured(config.auth);
  return (req: IncomingMessage, principal: Principal | undefined) =>
    always ?? (asksForKeys || principal?.user ? undefined : notFromHere(req));
}

async function isApp({ apps, storedApps }: OpenHubOptions['relay'], name: string): Promise<boolean> {
  if (apps.get(name)) return true;
  // Another instance may have made it a moment ago.
  await storedApps.sync?.refresh().catch(() => {});
  return apps.get(name) !== undefined;
}

async function isPerson({ db }: HubStore, app: string, id: string): Promise<boolean> {
  const row = await db.selectFrom('users').select('id').where('app', '=', app).where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

/** @throws HubRefusal (rejects) for the token of a person who was erased after it was issued */
async function stillThere({ db, seal }: HubStore, { app, id, issuedAt }: PrincipalUser): Promise<void> {
  const hash = seal.hash('erased', app, id);
  const row = await db
    .selectFrom('erased')
    .select('at')
    .where('app', '=', app)
    .where('hash', '=', hash)
    .executeTakeFirst();
  if (row && row.at >= issuedAt) throw new HubRefusal('unauthenticated', 'The token is not valid.');
}
