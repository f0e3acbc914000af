/** Streams for clients that can only ask: an answer comes as soon as there is something, or after a while without. */
import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamReader, StreamReset } from '../../../streams/stream-reader.ts';
import type { Streams } from '../../../streams/streams.ts';
import type { StreamsWatch } from './streams-watch.ts';

export interface PollOrder {
  /** `personKey` */
  readonly key: string;
  /** As `Streams.subscribe` takes it. */
  readonly after: string;
  readonly waitMs: number;
  readonly limit: number;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
}

export interface Polled {
  readonly events: readonly StreamEvent[];
  readonly reset: StreamReset | undefined;
  /** The id after which the next poll goes on. */
  readonly position: string;
}

/** Characters of payloads: an answer ends behind them, and the next one goes on. */
const MOST_SIZE = 4 * 1024 * 1024;

export class LongPolls {
  readonly #streams: Streams;
  readonly #watch: Pick<StreamsWatch, 'sent' | 'dropped'> | undefined;
  readonly #waiting = new Set<() => void>();
  #isDraining = false;

  constructor(streams: Streams, watch?: Pick<StreamsWatch, 'sent' | 'dropped'>) {
    this.#streams = streams;
    this.#watch = watch;
  }

  async poll(order: PollOrder): Promise<Polled> {
    const { key, after, waitMs, limit, gone } = order;
    const watch = this.#watch;
    const events: StreamEvent[] = [];
    let size = 0;
    let reset: StreamReset | undefined;
    const { promise: something, resolve } = Promise.withResolvers<void>();
    const reader: StreamReader = await this.#streams.subscribe(key, after, {
      event(event) {
        events.push(event);
        size += event.payload.length;
        watch?.sent();
        // What came with it is taken with it.
        setImmediate(resolve);
        return events.length < limit && size < MOST_SIZE;
      },
      reset(told) {
        reset = told;
        if (told.missed !== undefined) watch?.dropped(told.missed);
        setImmediate(resolve);
        return true;
      },
      ended: () => resolve(),
    });
    reader.resume();
    const timer = setTimeout(resolve, this.#isDraining ? 0 : waitMs).unref();
    gone.addEventListener('abort', () => resolve(), { once: true });
    this.#waiting.add(resolve);
    await something;
    this.#waiting.delete(resolve);
    clearTimeout(timer);
    const { position } = reader;
    reader.close();
    return { events, reset, position };
  }

  /** All are answered now, with what there is. */
  drain(): void {
    this.#isDraining = true;
    for (const resolve of this.#waiting) resolve();
  }
}
