import { boundsOf, eventId, type StreamBounds } from '../event-id.ts';
import type { EventDraft, StreamEvent } from '../stream-event.ts';
import { pageSize, type StreamCaps } from '../stream-store.ts';

interface KeptEvent {
  readonly event: StreamEvent;
  readonly key: string | undefined;
  readonly bytes: number;
  readonly savedAt: number;
}

/** One person's events: those after `#floor`, at most as many as the caps allow. */
export class MemoryStream {
  readonly #epoch: string;
  readonly #caps: StreamCaps;
  readonly #byKey = new Map<string, StreamEvent>();
  #kept: KeptEvent[] = [];
  #floor = 0;
  #bytes = 0;

  constructor(epoch: string, caps: StreamCaps) {
    this.#epoch = epoch;
    this.#caps = caps;
  }

  get size(): number {
    return this.#kept.length;
  }

  get bounds(): StreamBounds {
    return boundsOf(this.#epoch, this.#floor, this.#floor + this.#kept.length);
  }

  add({ key, ...draft }: EventDraft, savedAt: number): StreamEvent {
    const before = key === undefined ? undefined : this.#byKey.get(key);
    if (before) return before;
    const event = { id: eventId(this.#epoch, this.#floor + this.#kept.length + 1), ...draft };
    const bytes = Buffer.byteLength(draft.type) + Buffer.byteLength(draft.payload);
    this.#kept.push({ event, key, bytes, savedAt });
    this.#bytes += bytes;
    if (key !== undefined) this.#byKey.set(key, event);
    this.#removeFirst(this.#tooMany());
    return event;
  }

  after(offset: number, limit: number): StreamEvent[] {
    const begin = offset - this.#floor;
    const events = this.#kept.slice(begin, begin + limit).map(({ event }) => event);
    return events.slice(0, pageSize(events));
  }

  /** @returns how many */
  removeBefore(time: number): number {
    const last = this.#kept.findLastIndex(({ savedAt }) => savedAt < time);
    this.#removeFirst(last + 1);
    return last + 1;
  }

  #tooMany(): number {
    const { maxEvents, maxBytes } = this.#caps;
    let count = Math.max(0, this.#kept.length - maxEvents);
    let bytes = this.#bytes - sumOf(this.#kept.slice(0, count));
    while (bytes > maxBytes && count < this.#kept.length - 1) bytes -= this.#kept[count++]?.bytes ?? 0;
    return count;
  }

  #removeFirst(count: number): void {
    if (count === 0) return;
    const removed = this.#kept.splice(0, count);
    this.#floor += count;
    this.#bytes -= sumOf(removed);
    for (const { key } of removed) if (key !== undefined) this.#byKey.delete(key);
  }
}

const sumOf = (events: readonly KeptEvent[]): number => events.reduce((sum, { bytes }) => sum + bytes, 0);
