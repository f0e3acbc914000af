import { hash } from 'node:crypto';
import { boundsOf, epochOf, offsetIn, readingFrom, type StreamBounds } from '../event-id.ts';
import type { EventDraft, StreamEvent } from '../stream-event.ts';
import {
  DEFAULT_CAPS,
  DEFAULT_LIST,
  StoreClosedError,
  type StreamCaps,
  type StreamEntry,
  type StreamPage,
  type StreamStore,
} from '../stream-store.ts';
import { MemoryStream } from './memory-stream.ts';

export interface MemoryStreamStoreOptions extends Partial<StreamCaps> {
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** Streams that end with the process. */
export class MemoryStreamStore implements StreamStore {
  readonly #caps: StreamCaps;
  readonly #now: () => number;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #madeAt: number;
  /** When streams were forgotten, by a hash of whose they were: what comes after has a later epoch. */
  readonly #forgotten = new Map<string, number>();
  #isClosed = false;

  constructor({ now = Date.now, ...caps }: MemoryStreamStoreOptions = {}) {
    this.#caps = { ...DEFAULT_CAPS, ...caps };
    this.#now = now;
    this.#madeAt = now();
  }

  async save(user: string, draft: EventDraft): Promise<StreamEvent> {
    this.#mustBeOpen();
    const known = this.#streams.get(user);
    const stream = known ?? new MemoryStream(this.#epoch(user), this.#caps);
    if (!known) this.#streams.set(user, stream);
    return stream.add(draft, this.#now());
  }

  async saveBatch(entries: readonly StreamEntry[]): Promise<StreamEvent[]> {
    this.#mustBeOpen();
    return Promise.all(entries.map(({ user, draft }) => this.save(user, draft)));
  }

  async list(user: string, after: string, limit = DEFAULT_LIST): Promise<StreamPage> {
    const bounds = this.#bounds(user);
    const from = readingFrom(after, bounds);
    return { ...from, bounds, events: this.#streams.get(user)?.after(offsetIn(from.after), limit) ?? [] };
  }

  async bounds(users: readonly string[]): Promise<ReadonlyMap<string, StreamBounds>> {
    return new Map(users.map((user) => [user, this.#bounds(user)]));
  }

  async forget(user: string): Promise<number> {
    this.#mustBeOpen();
    const stream = this.#streams.get(user);
    if (!stream) return 0;
    this.#streams.delete(user);
    this.#forgotten.set(hash('sha256', user), Math.max(this.#beganAt(user) + 1, this.#now()));
    return stream.size;
  }

  async cleanup(olderThan: number): Promise<number> {
    this.#mustBeOpen();
    return this.#streams.values().reduce((removed, stream) => removed + stream.removeBefore(olderThan), 0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#streams.clear();
  }

  #bounds(user: string): StreamBounds {
    this.#mustBeOpen();
    return this.#streams.get(user)?.bounds ?? boundsOf(this.#epoch(user), 0, 0);
  }

  #epoch(user: string): string {
    return epochOf(this.#beganAt(user), user);
  }

  #beganAt(user: string): number {
    return (this.#forgotten.size > 0 && this.#forgotten.get(hash('sha256', user))) || this.#madeAt;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new StoreClosedError();
  }
}
