/** The streams of people in the hub's own store. A person is `<app>/<user>` (`personKey`). */
import { boundsOf, epochOf, eventId, offsetIn, readingFrom, type StreamBounds } from '../../streams/event-id.ts';
import type { EventDraft, StreamEvent } from '../../streams/stream-event.ts';
import {
  DEFAULT_CAPS,
  DEFAULT_LIST,
  StoreClosedError,
  type StreamCaps,
  type StreamEntry,
  type StreamPage,
  type StreamStore,
} from '../../streams/stream-store.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { openEvent } from './asked-entry.ts';
import type { MarkKeeper } from './mark-file.ts';
import { laterEpochs } from './person-epochs.ts';
import { type PersonOfKey, personKey, personOfKey } from './person-key.ts';
import { saveEvents } from './save-events.ts';
import { SaveQueue } from './save-queue.ts';
import { StreamEpoch } from './stream-epoch.ts';
import { type EventRow, findHeads, findPage, type HeadRow } from './stream-rows.ts';
import { cleanupStreams, forgetStream } from './trim-streams.ts';

export interface SqlStreamStoreOptions {
  readonly store: HubStore;
  readonly caps?: Partial<StreamCaps> | undefined;
  readonly mark?: MarkKeeper | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  readonly tell?: (level: 'warn' | 'error', message: string) => void;
}

/** SQLite answers on the event loop: of many people a millisecond's worth, then whatever else waits has its turn. */
const LOOKED_UP_AT_ONCE = 100;

export class SqlStreamStore implements StreamStore {
  readonly #store: HubStore;
  readonly #caps: StreamCaps;
  readonly #now: () => number;
  readonly #epoch: StreamEpoch;
  readonly #queue: SaveQueue;
  #isClosed = false;

  constructor({ store, caps = {}, mark, now = Date.now, tell = () => {} }: SqlStreamStoreOptions) {
    this.#store = store;
    this.#caps = { ...DEFAULT_CAPS, ...caps };
    this.#now = now;
    this.#epoch = new StreamEpoch({ store, mark, now, tell });
    this.#queue = new SaveQueue((entries) => this.#saveNow(entries));
  }

  async save(user: string, draft: EventDraft): Promise<StreamEvent> {
    const [event] = await this.saveBatch([{ user, draft }]);
    return event as StreamEvent;
  }

  async saveBatch(entries: readonly StreamEntry[]): Promise<readonly StreamEvent[]> {
    this.#mustBeOpen();
    return entries.length === 0 ? [] : this.#queue.add(entries);
  }

  /** Saves in the transaction of something else; its readers are to be woken after the commit. */
  async saveIn(tx: HubDb, entries: readonly StreamEntry[]): Promise<StreamEvent[]> {
    return this.#saveIn(tx, await this.#epoch.getIn(tx), entries);
  }

  async list(key: string, after: string, limit = DEFAULT_LIST): Promise<StreamPage> {
    this.#mustBeOpen();
    const person = personOfKey(key);
    const { db } = this.#store;
    const asked = { ...person, limit, maxEvents: this.#caps.maxEvents };
    const offset = offsetIn(after);
    const page = await findPage(db, { ...asked, after: Number.isSafeInteger(offset) ? offset : 0 });
    if (!page) return this.#emptyPage(key, after);
    const bounds = this.#boundsOf(page.head);
    const from = readingFrom(after, bounds);
    if (!from.reset) return { ...from, bounds, events: this.#events(page.head, page.events) };
    // All that is kept, with what its bounds are then.
    const whole = await findPage(db, { ...asked, after: 0 });
    if (!whole) return this.#emptyPage(key, after);
    const all = this.#boundsOf(whole.head);
    return { after: all.floor, reset: from.reset, bounds: all, events: this.#events(whole.head, whole.events) };
  }

  async bounds(users: readonly string[]): Promise<ReadonlyMap<string, StreamBounds>> {
    this.#mustBeOpen();
    const found = new Map<string, StreamBounds>();
    const people = [...new Set(users)].map(personOfKey);
    const size = this.#store.engine === 'sqlite' ? LOOKED_UP_AT_ONCE : Math.max(1, people.length);
    for (let at = 0; at < people.length; at += size) {
      if (at > 0) await new Promise(setImmediate);
      await this.#findBounds(people.slice(at, at + size), found);
    }
    return new Map(users.map((key) => [key, found.get(key) as StreamBounds]));
  }

  async forget(key: string): Promise<number> {
    this.#mustBeOpen();
    const epoch = Math.max(this.#now(), (await this.#epoch.get()) + 1);
    const person = personOfKey(key);
    return this.#store.write(async (tx) => {
      const [head] = await findHeads(tx, person.app, [person.user]);
      await forgetStream(tx, person, epoch);
      return head ? head.head - this.#floorOf(head) : 0;
    });
  }

  async cleanup(olderThan: number): Promise<number> {
    this.#mustBeOpen();
    return cleanupStreams(this.#store, olderThan);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#queue.idle();
    await this.#epoch.close();
  }

  async #findBounds(people: readonly PersonOfKey[], found: Map<string, StreamBounds>): Promise<void> {
    for (const [app, some] of Map.groupBy(people, (person) => person.app)) {
      const names = some.map(({ user }) => user);
      for (const head of await findHeads(this.#store.db, app, names))
        found.set(personKey(app, head.user), this.#boundsOf(head));
    }
    const others = people.filter(({ app, user }) => !found.has(personKey(app, user)));
    if (others.length > 0) for (const [key, bounds] of await this.#beginnings(others)) found.set(key, bounds);
  }

  /** Of people who have no stream. */
  async #beginnings(people: readonly PersonOfKey[]): Promise<[string, StreamBounds][]> {
    const { db, seal } = this.#store;
    const epoch = await this.#epoch.get();
    const later = await laterEpochs(db, seal, people, epoch);
    return people.map((person) => {
      const key = personKey(person.app, person.user);
      return [key, boundsOf(epochOf(later.get(person) ?? epoch, key), 0, 0)];
    });
  }

  async #emptyPage(key: string, after: string): Promise<StreamPage> {
    const [[, bounds]] = (await this.#beginnings([personOfKey(key)])) as [[string, StreamBounds]];
    return { ...readingFrom(after, bounds), bounds, events: [] };
  }

  #boundsOf(row: HeadRow): StreamBounds {
    const { app, user, epoch, head } = row;
    return boundsOf(epochOf(epoch, personKey(app, user)), this.#floorOf(row), head);
  }

  /** Some more than the most may have rows still. */
  #floorOf({ floor, head }: HeadRow): number {
    return Math.max(floor, head - this.#caps.maxEvents);
  }

  #events({ app, user, epoch }: HeadRow, rows: readonly EventRow[]): StreamEvent[] {
    const { seal } = this.#store;
    const own = epochOf(epoch, personKey(app, user));
    return rows.map((row) => ({
      ...openEvent(seal, app, row),
      ...{ id: eventId(own, row.place), timestamp: row.timestamp },
    }));
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new StoreClosedError();
  }

  async #saveNow(entries: readonly StreamEntry[]): Promise<StreamEvent[]> {
    const epoch = await this.#epoch.get();
    return this.#store.write((tx) => this.#saveIn(tx, epoch, entries));
  }

  async #saveIn(tx: HubDb, epoch: number, entries: readonly StreamEntry[]): Promise<StreamEvent[]> {
    const { engine, seal } = this.#store;
    const saved = await saveEvents(tx, entries, { engine, seal, epoch, caps: this.#caps, now: this.#now() });
    this.#epoch.count(entries.length);
    return saved;
  }
}
