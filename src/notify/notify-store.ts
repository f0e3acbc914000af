import { loadMasterKeys } from '../apps/store/master-keys.ts';
import { openHubStore } from '../hub/storage/open-hub-store.ts';
import type { HubStore } from '../hub/storage/storage.ts';
import { markFile } from '../hub/streams/mark-file.ts';
import { personKey, personOfKey } from '../hub/streams/person-key.ts';
import { SqlStreamStore } from '../hub/streams/sql-stream-store.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import { MemoryStreamStore } from '../streams/memory/memory-stream-store.ts';
import type { StreamCaps, StreamStore } from '../streams/stream-store.ts';
import { draftOf, eventOf, type NotifyDraft, type NotifyEvent } from './notify-event.ts';

export interface NotifyStoreOptions extends Partial<StreamCaps> {
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** An event, and whose it is. */
export interface EventFor extends NotifyDraft {
  readonly userId: string;
}

/** Keeps the events of people: `memoryStore()`, `sqliteStore(path)`, `postgresStore(url)`, `(await connectRedis(url)).store()`. */
export class NotifyStore {
  /** What the notifier stands on. */
  readonly streams: StreamStore;
  readonly #now: () => number;

  constructor(streams: StreamStore, now: () => number = Date.now) {
    this.streams = streams;
    this.#now = now;
  }

  /** @returns the event with its id, once it is kept */
  async save({ userId, ...draft }: EventFor): Promise<NotifyEvent> {
    return eventOf(userId, await this.streams.save(userId, draftOf(draft, this.#now())));
  }

  /** By place: the event, or why it is not kept. */
  async saveBatch(events: readonly EventFor[]): Promise<readonly (NotifyEvent | Error)[]> {
    const drafts = events.map(({ userId, ...draft }) => ({ user: userId, draft: draftOf(draft, this.#now()) }));
    const saved = await this.streams.saveBatch(drafts);
    return saved.map((each, index) =>
      each instanceof Error ? each : eventOf((events[index] as EventFor).userId, each),
    );
  }

  /** A person's events after an id, oldest first, at most 100 or `limit`; without one, or after an unknown one, from the oldest. */
  async list(userId: string, afterId = '', limit?: number): Promise<readonly NotifyEvent[]> {
    const { events } = await this.streams.list(userId, afterId, limit);
    return events.map((event) => eventOf(userId, event));
  }

  /** Removes what was saved before that. @returns how many events */
  cleanup(olderThan: Date): Promise<number> {
    return this.streams.cleanup(olderThan.getTime());
  }

  /** Removes all of one person. @returns how many events */
  forget(userId: string): Promise<number> {
    return this.streams.forget(userId);
  }

  close(): Promise<void> {
    return this.streams.close();
  }
}

/** Gone with the process. */
export const memoryStore = (options: NotifyStoreOptions = {}): NotifyStore =>
  new NotifyStore(new MemoryStreamStore(options), options.now);

export interface SqlNotifyStoreOptions extends NotifyStoreOptions {
  /** 32 bytes in base64 or hex, which seal what is kept; several separated by commas, the current one first. */
  readonly masterKey?: string | undefined;
  /** What an operator should know. */
  readonly log?: ((level: 'info' | 'warn' | 'error', message: string) => void) | undefined;
}

async function sqlStore(
  place: { readonly path: string; readonly postgres: string },
  { masterKey, log = () => {}, now = Date.now, ...caps }: SqlNotifyStoreOptions,
): Promise<NotifyStore> {
  const hub = await openHubStore({ ...place, master: loadMasterKeys(masterKey, ''), tell: log, now });
  await hub.ready;
  const mark = place.path === '' ? undefined : markFile(`${place.path}.mark`);
  return new NotifyStore(ofOneApp(new SqlStreamStore({ store: hub, caps, mark, now, tell: log }), hub), now);
}

/** One SQLite file. Without a master key one is made beside it: `<path>.key`. */
export const sqliteStore = (path: string, options: SqlNotifyStoreOptions = {}): Promise<NotifyStore> =>
  sqlStore({ path, postgres: '' }, options);

/** A PostgreSQL, which several instances may share. @param url `postgres://user:password@host:5432/database` */
export const postgresStore = (
  url: string,
  options: SqlNotifyStoreOptions & { readonly masterKey: string },
): Promise<NotifyStore> => sqlStore({ path: '', postgres: url }, options);

/** The store of the hub knows people by their app. It is closed with its streams. */
function ofOneApp(streams: SqlStreamStore, hub: HubStore): StreamStore {
  const key = (user: string): string => personKey(DEFAULT_APP, user);
  let closed: Promise<void> | undefined;
  return {
    save: (user, draft) => streams.save(key(user), draft),
    saveBatch: (entries) => streams.saveBatch(entries.map((entry) => ({ ...entry, user: key(entry.user) }))),
    list: (user, after, limit) => streams.list(key(user), after, limit),
    async bounds(users) {
      const found = await streams.bounds(users.map(key));
      return new Map([...found].map(([name, bounds]) => [personOfKey(name).user, bounds]));
    },
    forget: (user) => streams.forget(key(user)),
    cleanup: (olderThan) => streams.cleanup(olderThan),
    close: () => (closed ??= streams.close().then(() => hub.close())),
  };
}
