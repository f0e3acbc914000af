import { MAX_STREAM_ID } from './frames/frames.ts';
import type { Burst } from './http2-pool.ts';
import { RequestStream } from './request-stream.ts';

const SLOTS = 4096;
/** How many ids of reset streams are remembered: what the peer had sent before it saw the reset is not a mistake. */
const REMEMBERED = 4096;

/**
 * The streams of a session by id. Ids are consecutive odd numbers and most streams end soon, so a ring finds nearly all of
 * them by a mask; one that outlives a turn of the ring moves to a map.
 */
export class StreamTable {
  /** Open streams. */
  size = 0;
  /** Bytes in the parts of their unfinished answers. */
  heldBytes = 0;
  /** The id that the next stream gets. */
  nextId: number;
  readonly #ring: (RequestStream | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #old = new Map<number, RequestStream>();
  readonly #free: RequestStream[] = [];
  readonly #reset = new Set<number>();
  /** The highest id of a reset stream that is not remembered any more. */
  #forgotten = 0;

  constructor(firstId: number) {
    this.nextId = firstId;
  }

  /** No id is left: the session must be retired (RFC 9113 section 5.1.1). */
  get exhausted(): boolean {
    return this.nextId > MAX_STREAM_ID;
  }

  open(burst: Burst, index: number, refusals: number, now: number): RequestStream {
    const stream = this.#free.pop() ?? new RequestStream();
    const id = this.nextId;
    this.nextId = id + 2;
    stream.start(id, burst, index, refusals, now);
    const slot = (id >>> 1) & (SLOTS - 1);
    const before = this.#ring[slot];
    if (before !== undefined) this.#old.set(before.id, before);
    this.#ring[slot] = stream;
    this.size++;
    return stream;
  }

  get(id: number): RequestStream | undefined {
    const stream = this.#ring[(id >>> 1) & (SLOTS - 1)];
    return stream !== undefined && stream.id === id ? stream : this.#old.get(id);
  }

  remove(stream: RequestStream): void {
    const slot = (stream.id >>> 1) & (SLOTS - 1);
    if (this.#ring[slot] === stream) this.#ring[slot] = undefined;
    else if (!this.#old.delete(stream.id)) return;
    this.size--;
    this.heldBytes -= stream.held;
  }

  /** The last stream was not written after all: its id is free again. */
  undo(stream: RequestStream): void {
    this.remove(stream);
    this.nextId = stream.id;
    this.recycle(stream);
  }

  /** Gives a removed stream's object back for reuse. */
  recycle(stream: RequestStream): void {
    if (this.#free.length < SLOTS) this.#free.push(stream);
  }

  /** Whether a stream was ever opened under this id. */
  wasOpened(id: number): boolean {
    return (id & 1) === 1 && id < this.nextId;
  }

  rememberReset(id: number): void {
    this.#reset.add(id);
    if (this.#reset.size <= REMEMBERED) return;
    const oldest = this.#reset.values().next().value!;
    this.#reset.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, oldest);
  }

  /** True also where that cannot be said any more. */
  wasReset(id: number): boolean {
    return this.#reset.has(id) || id <= this.#forgotten;
  }

  /** A snapshot, oldest first: streams may be removed while it is walked. */
  list(): RequestStream[] {
    const open = [...this.#old.values()];
    for (const stream of this.#ring) if (stream !== undefined) open.push(stream);
    return open.sort((a, b) => a.id - b.id);
  }
}
