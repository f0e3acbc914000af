/**
 * `martlet/notify`: live notifications of people inside a back end. What is pushed is saved, then reaches the streams that the person has
 * open here and, by a router, at other instances; a stream that comes back has what it missed.
 */
import type { Meter, UpDownCounter } from '@opentelemetry/api';
import { MartletError } from '../kit/errors.ts';
import type { OfflineRule } from '../streams/presence/wanted-users.ts';
import type { StreamRouter } from '../streams/router/stream-router.ts';
import { StoreClosedError } from '../streams/stream-store.ts';
import { Streams } from '../streams/streams.ts';
import { connectRedis } from './connect-redis.ts';
import { type EventRouter, locatedRouter } from './located-router.ts';
import {
  draftOf,
  EventError,
  eventOf,
  type NotifyDraft,
  type NotifyEvent,
  RESET,
  streamEventOf,
} from './notify-event.ts';
import { memoryStore, NotifyStore, postgresStore, sqliteStore } from './notify-store.ts';
import { BufferedStream, type NotifyStream, StreamClosedError } from './notify-stream.ts';
import { memoryTracker, Tracker } from './tracker.ts';
import { verifySignature } from './verify-signature.ts';
import { SinkError, WebhookSinks, webhookSinks } from './webhook-sinks.ts';

export type { StreamRouter } from '../streams/router/stream-router.ts';
export type { ConnectRedisOptions, NotifyRedis, RedisTrackerOptions } from './connect-redis.ts';
export type { EventRouter } from './located-router.ts';
export type { NotifyDraft, NotifyEvent } from './notify-event.ts';
export type { EventFor, NotifyStoreOptions, SqlNotifyStoreOptions } from './notify-store.ts';
export type { NextOptions, NotifyStream } from './notify-stream.ts';
export type { RoutingInfo, TrackerRegistration } from './tracker.ts';
export type { SinkStats, WebhookSink, WebhookSinksOptions } from './webhook-sinks.ts';

export {
  connectRedis,
  EventError,
  memoryStore,
  memoryTracker,
  NotifyStore,
  postgresStore,
  RESET,
  SinkError,
  StoreClosedError,
  StreamClosedError,
  sqliteStore,
  Tracker,
  verifySignature,
  WebhookSinks,
  webhookSinks,
};

/** Milliseconds. */
export const DEFAULT_POLL_INTERVAL = 2000;
export const DEFAULT_BUFFER_SIZE = 64;
/** For `subscribe`: all that is kept. */
export const EARLIEST = 'earliest';

export interface NotifierOptions {
  /** Default: `memoryStore()`, which is closed with the notifier. */
  readonly store?: NotifyStore | null | undefined;
  readonly presence?: Tracker | null | undefined;
  /** How other instances learn at once: one of a Redis, or one's own, which also needs `presence`. Without: by asking the store. */
  readonly router?: StreamRouter | EventRouter | null | undefined;
  /** Signed webhooks that get every event of their types, whether its person is there or not: `await webhookSinks({…})`. */
  readonly sinks?: WebhookSinks | null | undefined;
  /** What becomes of events for people who are not there (with `presence`). Default `keep`: they are kept for when they come. */
  readonly offline?: OfflineRule | undefined;
  /** The name of this instance in `presence`; with a router of one's own nothing is routed to it. */
  readonly instanceId?: string | null | undefined;
  /** Events that a stream has ready for its reader; default 64. */
  readonly bufferSize?: number | null | undefined;
  /** Milliseconds between two questions to the store, one for all streams; default 2,000. */
  readonly pollInterval?: number | null | undefined;
  /** What an operator should know; default: nothing is said. */
  readonly log?: ((level: 'warn' | 'error', message: string) => void) | null | undefined;
  /** Of OpenTelemetry: `mailbox.notify.streams.active`. */
  readonly meter?: Meter | null | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** What became of one event for several people. */
export interface PushedMulti {
  /** People whose event is not kept. */
  readonly failed: number;
  /** Why, by person. */
  readonly errors: ReadonlyMap<string, Error>;
  /** By person. */
  readonly events: ReadonlyMap<string, NotifyEvent>;
  /** People who are not there, where `offline` drops what is for them. */
  readonly dropped: readonly string[];
}

export interface Notifier {
  /** Resolves with the event once it is kept; undefined: it was dropped (`offline`). Rejects with why it is not kept: no one has it then. */
  push(userId: string, event: NotifyDraft): Promise<NotifyEvent | undefined>;
  /** The same event for each of these people, once. Rejects when it is kept for none of them. */
  pushMulti(userIds: readonly string[], event: NotifyDraft): Promise<PushedMulti>;
  /** For the receiving end of a router: wakes the streams of the person here. */
  deliver(userId: string, event: NotifyEvent): void;
  /**
   * Opens a stream; its place is fixed when this resolves. Presence is the caller's to register.
   * @param lastEventId the last that the reader has; `EARLIEST`: all that is kept; empty: what is pushed from now on
   */
  subscribe(userId: string, lastEventId?: string): Promise<NotifyStream>;
  /** Streams that are open. */
  readonly active: number;
  /** Ends every stream. Store, presence, router and sinks are their owner's to close. */
  close(): Promise<void>;
}

export class NotifierEndedError extends MartletError {
  readonly code = 'ERR_NOTIFIER_CLOSED';
  constructor() {
    super('notify: notifier closed');
  }
}

const positive = (value: number | null | undefined, byDefault: number): number =>
  value && value > 0 ? value : byDefault;

const isStreamRouter = (router: StreamRouter | EventRouter): router is StreamRouter => 'send' in router;

class StreamNotifier implements Notifier {
  readonly #streams: Streams;
  readonly #options: NotifierOptions;
  readonly #now: () => number;
  readonly #bufferSize: number;
  readonly #own: NotifyStore | undefined;
  readonly #gauge: UpDownCounter | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: NotifierOptions) {
    const { store, presence, offline, sinks, pollInterval, bufferSize, meter, log, now = Date.now } = options;
    this.#options = options;
    this.#now = now;
    this.#bufferSize = positive(bufferSize, DEFAULT_BUFFER_SIZE);
    this.#own = store ? undefined : memoryStore({ now });
    this.#streams = new Streams({
      store: (store ?? (this.#own as NotifyStore)).streams,
      presence: presence?.presence,
      router: this.#router(),
      saved: sinks?.saved,
      ...{ offline, pollMs: positive(pollInterval, DEFAULT_POLL_INTERVAL), tell: log ?? undefined },
    });
    this.#gauge = meter?.createUpDownCounter('mailbox.notify.streams.active', {
      description: 'Streams that are open.',
      unit: '{stream}',
    });
  }

  get active(): number {
    return this.#streams.open;
  }

  async push(userId: string, event: NotifyDraft): Promise<NotifyEvent | undefined> {
    const { events, errors } = await this.pushMulti([userId], event);
    const error = errors.get(userId);
    if (error) throw error;
    return events.get(userId);
  }

  async pushMulti(userIds: readonly string[], event: NotifyDraft): Promise<PushedMulti> {
    this.#mustBeOpen();
    const { saved, failed, dropped } = await this.#streams.pushMulti(userIds, draftOf(event, this.#now()));
    const [first] = failed.values();
    if (first && saved.size === 0) throw first;
    const events = new Map([...saved].map(([userId, one]) => [userId, eventOf(userId, one)]));
    return { failed: failed.size, errors: failed, events, dropped };
  }

  deliver(userId: string, event: NotifyEvent): void {
    if (!this.#closed) this.#streams.heard([{ user: userId, event: streamEventOf(event) }]);
  }

  async subscribe(userId: string, lastEventId = ''): Promise<NotifyStream> {
    this.#mustBeOpen();
    const ended = (): void => this.#gauge?.add(-1);
    const stream = new BufferedStream({ userId, bufferSize: this.#bufferSize, now: this.#now, ended });
    const reader = await this.#streams.subscribe(userId, lastEventId, stream);
    this.#gauge?.add(1);
    stream.begin(reader);
    return stream;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#streams.close();
    await this.#own?.close();
  }

  #router(): StreamRouter | undefined {
    const { router, presence, instanceId, log } = this.#options;
    if (!router || isStreamRouter(router)) return router ?? undefined;
    if (!presence) return undefined;
    return locatedRouter({ router, tracker: presence, instanceId: instanceId ?? '', log: log ?? (() => {}) });
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new NotifierEndedError();
  }
}

/** Opens a notifier. Null, zero, negative and empty options count as not given. */
export const createNotifier = (options: NotifierOptions = {}): Notifier => new StreamNotifier(options);
