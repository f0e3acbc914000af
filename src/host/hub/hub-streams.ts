import type { HubRoute } from '../../api/hub/hub-route.ts';
import { eventsRoutes } from '../../api/hub/streams/events-routes.ts';
import { LongPolls } from '../../api/hub/streams/long-polls.ts';
import { OpenStreams } from '../../api/hub/streams/open-streams.ts';
import { PollPresence } from '../../api/hub/streams/poll-presence.ts';
import { presenceRoutes } from '../../api/hub/streams/presence-routes.ts';
import { type AdmitToken, socketRoute } from '../../api/hub/streams/socket-route.ts';
import { streamRoutes } from '../../api/hub/streams/stream-routes.ts';
import type { StreamsWatch } from '../../api/hub/streams/streams-watch.ts';
import { ticketRoutes } from '../../api/hub/streams/ticket-routes.ts';
import { eventSinks } from '../../feedback/event-sinks.ts';
import type { FeedbackHook } from '../../feedback/hook.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import type { PersonPart } from '../../hub/people/person.ts';
import type { PresenceOf } from '../../hub/sends/accepting/send-order.ts';
import { BrokenStreams } from '../../hub/sends/live/broken-streams.ts';
import { EventMarks } from '../../hub/sends/live/event-marks.ts';
import { InboxNews } from '../../hub/sends/live/inbox-news.ts';
import { StreamChannel } from '../../hub/sends/live/stream-channel.ts';
import type { Realtime } from '../../hub/sends/placing.ts';
import type { Inbox } from '../../hub/sends/views/inbox-book.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { EventPublisher } from '../../hub/streams/event-publisher.ts';
import { personKey, personOfKey } from '../../hub/streams/person-key.ts';
import { setToAll, TO_ALL_DUE, toAllWork } from '../../hub/streams/publish-to-all.ts';
import { SqlStreamStore } from '../../hub/streams/sql-stream-store.ts';
import type { StreamTickets } from '../../hub/streams/stream-tickets.ts';
import { streamsPart } from '../../hub/streams/streams-part.ts';
import type { DueWork } from '../../hub/timers/due-rows.ts';
import { background } from '../../kit/background.ts';
import { toMs } from '../../kit/seconds.ts';
import type { FullConfig } from '../../providers/registry.ts';
import type { Presence } from '../../streams/presence/presence.ts';
import { Streams } from '../../streams/streams.ts';
import { instanceName } from './instance-name.ts';
import { openStreamParts, type StreamParts, type StreamPartsOptions } from './stream-parts.ts';

export interface HubStreamsOptions extends Pick<StreamPartsOptions, 'wakes' | 'presenceChannel' | 'dispatcher'> {
  /** Its hooks have the queues of sinks. */
  readonly relay: { readonly hook: Pick<FeedbackHook, 'tell'> };
  readonly config: FullConfig;
  readonly store: HubStore;
  readonly tickets: StreamTickets;
  /** How many apps there are. */
  readonly apps: () => number;
  /** What is counted of streams. */
  readonly counts: StreamsWatch;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly now: () => number;
}

/** The live streams of people, as sends and people see them. */
export interface HubLive {
  realtimeOf(policyOf: (app: string) => HubPolicy): Realtime;
  readonly presenceOf: PresenceOf;
  /** What goes with a person who is erased. */
  readonly part: PersonPart;
  /** Timers of streams. */
  readonly works: Readonly<Record<string, DueWork>>;
}

/** What the routes of streams need of the rest of the hub. */
export interface StreamFaceParts {
  /** A timer was set. */
  readonly nudge: (at: number) => void;
  readonly inbox: Inbox;
  readonly admit: AdmitToken;
}

export interface HubStreams extends HubLive {
  routes(parts: StreamFaceParts): readonly HubRoute[];
  /** Who takes the calls of other instances; undefined: none are expected. */
  readonly peers: StreamParts['peers'];
  /** The process is about to end: streams are sent away. Resolves when they are gone. */
  retire(): Promise<void>;
}

const CLEANUP_MS = 600_000;
/** So many hear of what has come though it is not known whether they are there. */
const FEW = 100;

/** Often enough for an HTTP/2 connection not to be taken for idle. */
const heartbeatMs = ({ core, hub: { streams } }: Pick<FullConfig, 'core' | 'hub'>): number =>
  toMs(core.idle_timeout > 0 ? Math.min(streams.heartbeat, core.idle_timeout / 2) : streams.heartbeat);

/** Opens the streams of people on the store of the hub. @param closers closes them before it */
export async function openHubStreams(options: HubStreamsOptions, closers: AsyncDisposableStack): Promise<HubStreams> {
  const { config, store: hub, wakes, presenceChannel, dispatcher, tell, now } = options;
  const instance = instanceName(config.hub);
  const parts = await openStreamParts({ config, hub, wakes, presenceChannel, dispatcher, now, tell }, closers);
  const { store, presence, peers } = parts;
  const presenceOf: PresenceOf = async (app, asked) => {
    if (presence.isEmpty) return new Map();
    const users = typeof asked === 'function' ? await asked() : asked;
    const views = await presence.look(users.map((user) => personKey(app, user)));
    return new Map(users.map((user) => [user, views.get(personKey(app, user))?.state ?? 'offline']));
  };
  const core = openCore(options, parts, closers);
  const { streams, news } = core;
  let nudge = (_at: number): void => {};
  const broken = new BrokenStreams({ store: hub, presenceOf, nudge: (at) => nudge(at), now, tell });
  closers.defer(() => broken.close());
  const doors = openDoorsOf({ ...options, ...core, presence, instance, broken }, closers);
  return {
    peers,
    realtimeOf: (policyOf) => new StreamChannel({ store, streams, policyOf, news, tell }),
    presenceOf,
    part: streamsPart(hub, {
      async erased(app, user) {
        const key = personKey(app, user);
        if (!(store instanceof SqlStreamStore)) await store.forget(key);
        streams.end(key);
      },
    }),
    works: { [TO_ALL_DUE]: toAllWork({ store: hub, publisher: core.publisher, now }) },
    routes(face) {
      nudge = face.nudge;
      return streamFaces({ ...options, ...core, ...doors, presence, store, hub }, face);
    },
    async retire() {
      doors.polls.drain();
      await doors.open.drain();
    },
  };
}

/** What publishes and reads. */
function openCore(
  { config, store: hub, relay, tell, now }: HubStreamsOptions,
  { store, presence, knowsAll, router }: StreamParts,
  closers: AsyncDisposableStack,
) {
  const { streams: settings, sinks } = config.hub;
  const { offline, page } = settings;
  const streams = new Streams({
    ...{ store, presence, router, offline, page, pollMs: toMs(settings.poll_interval), tell },
    saved: Object.keys(sinks).length > 0 ? eventSinks(sinks, relay.hook, personOfKey) : undefined,
  });
  closers.defer(() => streams.close());
  const publisher = new EventPublisher({ hub, store, streams, presence, offline });
  const there = async (keys: readonly string[]): Promise<readonly string[]> => {
    if (knowsAll) return presence.onlineUsers(keys);
    return keys.length <= FEW ? keys : keys.filter((key) => streams.has(key));
  };
  const news = new InboxNews({ store: hub, publisher, there, now, tell });
  closers.defer(() => news.close());
  // A store that is away says so by itself, and is asked again.
  const cleaning = (): void => background(store.cleanup(now() - toMs(settings.retention)), () => {});
  const cleanup = setInterval(cleaning, CLEANUP_MS).unref();
  closers.defer(() => clearInterval(cleanup));
  return { streams, publisher, news };
}

interface DoorsParts extends HubStreamsOptions, ReturnType<typeof openCore> {
  readonly presence: Presence;
  /** Name of this instance in presence. */
  readonly instance: string;
  readonly broken: BrokenStreams;
}

/** Who reads. */
function openDoorsOf(
  { config, streams, presence, instance, broken, apps, counts, tell, now }: DoorsParts,
  closers: AsyncDisposableStack,
) {
  const { streams: settings } = config.hub;
  const open = new OpenStreams({
    ...{ streams, presence, instance, tell, now, watch: counts },
    ...{ apps, max: settings.max, perApp: settings.per_app, perUser: settings.per_user },
    heartbeatMs: heartbeatMs(config),
    left: ({ app, user }) => broken.left(app, user),
  });
  const polls = new LongPolls(streams, counts);
  const pollPresence = new PollPresence({ presence, instance, tell, now: () => performance.now() });
  closers.defer(() => pollPresence.close());
  closers.defer(() => open.close());
  return { open, polls, pollPresence };
}

type FaceParts = Omit<HubStreamsOptions, 'store'> &
  ReturnType<typeof openCore> &
  ReturnType<typeof openDoorsOf> &
  Pick<StreamParts, 'presence' | 'store'> & { readonly hub: HubStore };

function streamFaces(
  { config, hub, store, open, polls, pollPresence, publisher, presence, tickets, tell, now }: FaceParts,
  { nudge, inbox, admit }: StreamFaceParts,
): readonly HubRoute[] {
  const { streams: settings, cors_origins: origins } = config.hub;
  const { buffer } = settings;
  const toAll = { store: hub, publisher, now };
  return [
    ...streamRoutes({ open, polls, pollPresence, buffer }),
    ...eventsRoutes({
      ...{ publisher, now },
      write: (work) => hub.write(work),
      toAll: { set: (tx, order) => setToAll(tx, order, toAll), begin: () => nudge(now()) },
    }),
    ...ticketRoutes({ tickets }),
    socketRoute({
      ...{ open, admit, tell, buffer, origins },
      mark: (owner, { ids, mark }) => new EventMarks({ inbox, store }).mark(owner, ids, mark),
    }),
    ...presenceRoutes({ presence, leaseMs: toMs(settings.lease) }),
  ];
}
