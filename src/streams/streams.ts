/**
 * The streams of people at one instance: what is pushed is saved first, then the readers of the person are woken, here and by the
 * router elsewhere. Every few seconds the store is asked, in one question for all readers, whether a wake-up was missed.
 */
import PQueue from 'p-queue';
import { background } from '../kit/background.ts';
import { MartletError, toError } from '../kit/errors.ts';
import { Grouped } from '../kit/grouped.ts';
import { RefusedError } from '../kit/refusal.ts';
import type { StreamBounds } from './event-id.ts';
import type { Presence } from './presence/presence.ts';
import { type OfflineRule, wantedUsers } from './presence/wanted-users.ts';
import type { StreamRouter, WakeUp } from './router/stream-router.ts';
import type { EventDraft, StreamEvent } from './stream-event.ts';
import { StreamReader, type StreamReaderParts, type StreamSink } from './stream-reader.ts';
import type { StreamPage, StreamStore } from './stream-store.ts';

export interface StreamsOptions {
  readonly store: StreamStore;
  readonly presence?: Presence | undefined;
  readonly router?: StreamRouter | undefined;
  /** What becomes of events for people who are not there; without presence they are always kept. Default: they are kept. */
  readonly offline?: OfflineRule | undefined;
  /** Between two questions to the store whether there is news; default 2 s. */
  readonly pollMs?: number | undefined;
  /** Events that are read at once; default 300. */
  readonly page?: number | undefined;
  /** Hears once of each event that was saved at this instance. */
  readonly saved?: ((saved: readonly WakeUp[]) => void) | undefined;
  readonly tell?: ((level: 'warn' | 'error', message: string) => void) | undefined;
}

export class StreamsClosedError extends MartletError {
  readonly code = 'ERR_STREAMS_CLOSED';
  constructor() {
    super('streams are closed');
  }
}

/** What became of one event for many people. */
export interface PushedToMany {
  readonly saved: ReadonlyMap<string, StreamEvent>;
  /** People whose event is not kept. */
  readonly failed: ReadonlyMap<string, Error>;
  /** People who are not there, where that drops what is for them. */
  readonly dropped: readonly string[];
}

const POLL_MS = 2000;
const PAGE = 300;
/** Pages that are read at once: they share the connections of the store with those who write. */
const READS_AT_ONCE = 16;
/** People a question; between two questions whatever else waits has its turn. */
const ASKED_AT_ONCE = 1000;

export class Streams {
  readonly #options: StreamsOptions;
  readonly #readers = new Grouped<StreamReader>();
  readonly #reads = new PQueue({ concurrency: READS_AT_ONCE });
  readonly #parts: StreamReaderParts = {
    read: (user, after) => this.#read(user, after),
    failed: (error) => this.#failed(error),
    closed: (user, reader) => this.#leave(user, reader),
  };
  #open = 0;
  /** Wake-ups so far. */
  #heard = 0;
  readonly #poll: NodeJS.Timeout;
  #polling: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
    options.router?.listen((wakeUps) => this.heard(wakeUps));
    this.#poll = setInterval(() => background(this.poll()), options.pollMs ?? POLL_MS).unref();
  }

  /** Streams that are open. */
  get open(): number {
    return this.#open;
  }

  /** @returns the event, or undefined for one that was dropped because the person is not there */
  async push(user: string, draft: EventDraft): Promise<StreamEvent | undefined> {
    const { saved, failed } = await this.pushMulti([user], draft);
    const error = failed.get(user);
    if (error) throw error;
    return saved.get(user);
  }

  /** The same event for each of these people, once. Rejects when it could be kept for none of them. */
  async pushMulti(users: readonly string[], draft: EventDraft): Promise<PushedToMany> {
    if (this.#isClosed) throw new StreamsClosedError();
    const { store, presence, offline = 'keep' } = this.#options;
    const all = [...new Set(users)];
    const wanted = presence ? await wantedUsers(presence, offline, all) : all;
    const results = wanted.length > 0 ? await store.saveBatch(wanted.map((user) => ({ user, draft }))) : [];
    const saved = new Map<string, StreamEvent>();
    const failed = new Map<string, Error>();
    for (const [index, user] of wanted.entries()) {
      const result = results[index] as StreamEvent | Error;
      if (result instanceof Error) failed.set(user, result);
      else saved.set(user, result);
    }
    this.saved([...saved].map(([user, event]) => ({ user, event })));
    const isWanted = new Set(wanted);
    return { saved, failed, dropped: all.filter((user) => !isWanted.has(user)) };
  }

  /** Events were saved by others: their readers are woken, here and elsewhere. To be called after the commit. */
  saved(wakeUps: readonly WakeUp[]): void {
    if (wakeUps.length === 0 || this.#isClosed) return;
    this.heard(wakeUps);
    this.#options.router?.send(wakeUps);
    this.#options.saved?.(wakeUps);
  }

  /** Whether a stream of this person is open here. */
  has(user: string): boolean {
    return this.#readers.has(user);
  }

  /** Wakes readers here. */
  heard(wakeUps: readonly WakeUp[]): void {
    this.#heard += wakeUps.length;
    for (const { user, event, gone } of wakeUps)
      for (const reader of this.#readers.of(user)) {
        if (gone) reader.end('gone');
        else reader.wake(event);
      }
  }

  /**
   * Opens a stream; nothing comes before its `resume`. Its place is fixed when this resolves.
   * @param after an id, `earliest` for all that is kept, or empty for what is saved from now on
   */
  async subscribe(user: string, after: string, sink: StreamSink): Promise<StreamReader> {
    if (this.#isClosed) throw new StreamsClosedError();
    const heardBefore = this.#heard;
    const from = await this.#placeOf(user, after);
    if (this.#isClosed) throw new StreamsClosedError();
    const reader = new StreamReader(user, sink, from, this.#parts);
    this.#enter(user, reader);
    // What was heard while the place was read may be of this person, and behind that place.
    if (this.#heard !== heardBefore) reader.look();
    return reader;
  }

  /** Asks the store for news of everyone who has a reader here. */
  async poll(): Promise<void> {
    this.#polling ??= this.#ask().finally(() => {
      this.#polling = undefined;
    });
    await this.#polling;
  }

  /** Ends the streams of a person who was erased, here and elsewhere. */
  end(user: string): void {
    this.saved([{ user, gone: true }]);
  }

  /** Ends every stream; what is being read is waited for. The store, presence and router are their owner's to close. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#poll);
    for (const user of [...this.#readers.keys()]) for (const reader of this.#readers.of(user)) reader.end('closed');
    await this.#polling;
    await this.#reads.onIdle();
  }

  #enter(user: string, reader: StreamReader): void {
    this.#open++;
    this.#readers.add(user, reader);
  }

  #leave(user: string, reader: StreamReader): void {
    if (this.#readers.delete(user, reader)) this.#open--;
  }

  async #placeOf(user: string, after: string): Promise<string | StreamPage> {
    if (after !== '') return this.#read(user, after === 'earliest' ? '' : after);
    const bounds = await this.#options.store.bounds([user]);
    return (bounds.get(user) as StreamBounds).head;
  }

  #read(user: string, after: string): Promise<StreamPage> {
    const { store, page = PAGE } = this.#options;
    return this.#reads.add(() => store.list(user, after, page));
  }

  async #ask(): Promise<void> {
    const users = [...this.#readers.keys()];
    try {
      for (let at = 0; at < users.length && !this.#isClosed; at += ASKED_AT_ONCE) {
        const found = await this.#options.store.bounds(users.slice(at, at + ASKED_AT_ONCE));
        for (const [user, { head }] of found) for (const reader of this.#readers.of(user)) reader.look(head);
        await new Promise(setImmediate);
      }
    } catch (thrown) {
      this.#failed(toError(thrown));
    }
  }

  #failed(error: Error): void {
    // A store that is away says so by itself, and is asked again.
    if (!this.#isClosed && !(error instanceof RefusedError))
      this.#options.tell?.('error', `streams cannot be read: ${error.message}`);
  }
}
