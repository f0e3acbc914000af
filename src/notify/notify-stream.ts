/**
 * One stream as its reader asks for it, event after event. What is not asked for waits in the store, but for a buffer.
 *
 * - open: events come in, and are taken out in their order.
 * - closed: from `close`, or the notifier's. What was not taken out is gone: `next` says that the stream is closed, always.
 */
import { MartletError } from '../kit/errors.ts';
import type { StreamEvent } from '../streams/stream-event.ts';
import type { StreamReader, StreamReset, StreamSink } from '../streams/stream-reader.ts';
import { eventOf, type NotifyEvent, resetOf } from './notify-event.ts';

export interface NextOptions {
  /** Ends the waiting: `next` rejects with its reason. `AbortSignal.timeout(50)` is a deadline. */
  readonly signal?: AbortSignal | undefined;
}

/** The stream of one person. */
export interface NotifyStream extends AsyncIterable<NotifyEvent>, AsyncDisposable {
  /** The next event, when there is one. Rejects with StreamClosedError, or with the reason of the signal. */
  next(options?: NextOptions): Promise<NotifyEvent>;
  /** The id of the last event that was taken; before the first, of the place where the stream began. */
  readonly lastEventId: string;
  /** Events that were not taken in time, and are kept no longer. */
  readonly dropped: number;
  close(): Promise<void>;
}

export class StreamClosedError extends MartletError {
  readonly code = 'ERR_STREAM_CLOSED';
  constructor() {
    super('notify: stream closed');
  }
}

export interface BufferedStreamOptions {
  readonly userId: string;
  readonly bufferSize: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
  /** Once. */
  readonly ended: () => void;
}

interface Waiting {
  readonly resolve: (event: NotifyEvent) => void;
  readonly reject: (error: unknown) => void;
}

export class BufferedStream implements NotifyStream, StreamSink {
  readonly #options: BufferedStreamOptions;
  #buffer: NotifyEvent[] = [];
  readonly #waiting = new Set<Waiting>();
  #reader: StreamReader | undefined;
  #lastId = '';
  #dropped = 0;
  #isClosed = false;

  constructor(options: BufferedStreamOptions) {
    this.#options = options;
  }

  get lastEventId(): string {
    return this.#lastId;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Lets the events of a reader in. */
  begin(reader: StreamReader): void {
    this.#reader = reader;
    this.#lastId = reader.position;
    reader.resume();
  }

  async next({ signal }: NextOptions = {}): Promise<NotifyEvent> {
    if (this.#isClosed) throw new StreamClosedError();
    signal?.throwIfAborted();
    const event = this.#buffer.shift();
    if (event) return this.#taken(event);
    const { promise, resolve, reject } = Promise.withResolvers<NotifyEvent>();
    const waiting: Waiting = { resolve, reject };
    const giveUp = (): void => {
      this.#waiting.delete(waiting);
      reject(signal?.reason);
    };
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {
    this.#reader?.close();
    this.#end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NotifyEvent, void> {
    try {
      for (;;) yield await this.next();
    } catch (error) {
      if (!(error instanceof StreamClosedError)) throw error;
    } finally {
      await this.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  event(event: StreamEvent): boolean {
    return this.#put(eventOf(this.#options.userId, event));
  }

  reset(reset: StreamReset): boolean {
    this.#dropped += reset.missed ?? 0;
    return this.#put(resetOf(this.#options.userId, reset, this.#options.now()));
  }

  ended(): void {
    this.#end();
  }

  /** @returns whether there is room for another one */
  #put(event: NotifyEvent): boolean {
    const [first] = this.#waiting;
    if (first) {
      this.#waiting.delete(first);
      this.#note(event);
      first.resolve(event);
    } else this.#buffer.push(event);
    return this.#buffer.length < this.#options.bufferSize;
  }

  #taken(event: NotifyEvent): NotifyEvent {
    this.#note(event);
    // One read for many: the store is asked for more once half of the buffer is free.
    if (this.#buffer.length <= this.#options.bufferSize / 2) this.#reader?.resume();
    return event;
  }

  #note({ id }: NotifyEvent): void {
    if (id !== '') this.#lastId = id;
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffer = [];
    for (const { reject } of this.#waiting) reject(new StreamClosedError());
    this.#waiting.clear();
    this.#options.ended();
  }
}
