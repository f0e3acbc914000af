import { RefusedError } from '../../kit/refusal.ts';
import type { Presence } from '../../streams/presence/presence.ts';
import { type OfflineRule, wantedUsers } from '../../streams/presence/wanted-users.ts';
import type { StreamEvent } from '../../streams/stream-event.ts';
import type { StreamEntry, StreamStore } from '../../streams/stream-store.ts';
import type { Streams } from '../../streams/streams.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { SqlStreamStore } from './sql-stream-store.ts';

export interface EventPublisherOptions {
  readonly hub: Pick<HubStore, 'write'>;
  readonly store: StreamStore;
  readonly streams: Streams;
  readonly presence: Presence;
  /** `hub.streams.offline` */
  readonly offline: OfflineRule;
}

/** By place: what is kept, why it is not, or undefined for what was dropped because its person is not there. */
export type PublishedEvents = readonly (StreamEvent | Error | undefined)[];

/** Notes what is answered, in a transaction of the hub. */
export type KeepPublished = (tx: HubDb, published: PublishedEvents) => Promise<void>;

/** Puts events into streams, and wakes their readers. People are known by `personKey`. */
export class EventPublisher {
  readonly #options: EventPublisherOptions;

  constructor(options: EventPublisherOptions) {
    this.#options = options;
  }

  /**
   * Rejects when nothing is kept.
   * @param keep is done with it, in one transaction where the hub's own store keeps the streams; absent: nothing
   */
  async publish(entries: readonly StreamEntry[], keep?: KeepPublished): Promise<PublishedEvents> {
    const isWanted = await this.#wanted(entries);
    const wanted = entries.filter((_, index) => isWanted[index]);
    const inPlaces = (results: readonly (StreamEvent | Error)[]): PublishedEvents => {
      let at = 0;
      return entries.map((_, index) => (isWanted[index] ? results[at++] : undefined));
    };
    const results = keep ? await this.#kept(wanted, inPlaces, keep) : await this.#save(wanted);
    this.#options.streams.saved(
      results.flatMap((event, index) =>
        event instanceof Error ? [] : [{ user: (wanted[index] as StreamEntry).user, event }],
      ),
    );
    return inPlaces(results);
  }

  async #wanted(entries: readonly StreamEntry[]): Promise<readonly boolean[]> {
    const { presence, offline } = this.#options;
    if (offline === 'keep') return entries.map(() => true);
    const users = [...new Set(entries.map(({ user }) => user))];
    const wanted = new Set(await wantedUsers(presence, offline, users));
    return entries.map(({ user }) => wanted.has(user));
  }

  async #save(entries: readonly StreamEntry[]): Promise<readonly (StreamEvent | Error)[]> {
    return entries.length === 0 ? [] : this.#options.store.saveBatch(entries);
  }

  async #kept(
    entries: readonly StreamEntry[],
    inPlaces: (results: readonly (StreamEvent | Error)[]) => PublishedEvents,
    keep: KeepPublished,
  ): Promise<readonly (StreamEvent | Error)[]> {
    const { hub, store } = this.#options;
    if (store instanceof SqlStreamStore)
      return hub.write(async (tx) => {
        const results = await store.saveIn(tx, entries);
        await keep(tx, inPlaces(results));
        return results;
      });
    const results = await this.#save(entries);
    // Kept elsewhere: who repeats the request after a crash in between has its events twice, unless they have ids of their own.
    await hub.write((tx) => keep(tx, inPlaces(results)));
    return results;
  }
}

/** Why an event is not kept, for its sender. */
export const whyNotKept = (error: Error): string =>
  error instanceof RefusedError ? error.message : 'it could not be kept';
