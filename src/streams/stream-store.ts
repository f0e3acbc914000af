import { MartletError } from '../kit/errors.ts';
import type { ReadingFrom, StreamBounds } from './event-id.ts';
import type { EventDraft, StreamEvent } from './stream-event.ts';

export interface StreamEntry {
  readonly user: string;
  readonly draft: EventDraft;
}

/** A part of a person's stream, as one moment had it. */
export interface StreamPage extends ReadingFrom {
  /** Rising, without gaps between `after` and the last of them. */
  readonly events: readonly StreamEvent[];
  readonly bounds: StreamBounds;
}

/**
 * Keeps the streams of people. What is saved is kept when `save` resolves, and seen by every reader of the store from then on.
 * For each person, over all instances: the next id is given out only once the event of the last one can be read, so that a reader who
 * has seen an id has seen, or can still read, all before it. The oldest go when there are too many, when they are too old, and by `forget`.
 */
export interface StreamStore {
  save(user: string, draft: EventDraft): Promise<StreamEvent>;
  /** By place: what was saved, or why it was not; those of one person in their order. Rejects when nothing was. */
  saveBatch(entries: readonly StreamEntry[]): Promise<readonly (StreamEvent | Error)[]>;
  /**
   * What comes after an id, oldest first, as `readingFrom` says where that is.
   * @param after empty: all that is kept
   * @param limit default 100; a page also ends after PAGE_BYTES of payloads, but never before its first event
   */
  list(user: string, after: string, limit?: number): Promise<StreamPage>;
  /** Of each of these people, in one question: for readers who begin now, and to find out whom a wake-up has missed. */
  bounds(users: readonly string[]): Promise<ReadonlyMap<string, StreamBounds>>;
  /** Removes a person's stream; what is saved after that has a later epoch. @returns how many events that were */
  forget(user: string): Promise<number>;
  /** Removes what was saved before `olderThan`, UNIX milliseconds. @returns how many events */
  cleanup(olderThan: number): Promise<number>;
  /** From then on everything rejects with StoreClosedError. */
  close(): Promise<void>;
}

/** What a store keeps of each person. */
export interface StreamCaps {
  readonly maxEvents: number;
  /** Of types and payloads, in UTF-8. The newest event is kept however large it is. */
  readonly maxBytes: number;
}

export const DEFAULT_CAPS: StreamCaps = { maxEvents: 1000, maxBytes: 16 * 1024 * 1024 };
export const DEFAULT_LIST = 100;
export const PAGE_BYTES = 64 * 1024;

/** How many of these events a page has, whose last may be the one that goes over PAGE_BYTES. */
export function pageSize(events: readonly { readonly payload: string }[]): number {
  let bytes = 0;
  const last = events.findIndex(({ payload }) => {
    bytes += payload.length;
    return bytes >= PAGE_BYTES;
  });
  return last < 0 ? events.length : last + 1;
}

export class StoreClosedError extends MartletError {
  readonly code = 'ERR_STREAM_STORE_CLOSED';
  constructor() {
    super('the store of streams is closed');
  }
}
