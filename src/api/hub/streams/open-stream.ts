import type { PresenceRegistration } from '../../../streams/presence/presence.ts';
import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamEnd, StreamReader, StreamReset, StreamSink } from '../../../streams/stream-reader.ts';
import type { LiveConnection, LiveEnd } from './live-connection.ts';
import type { StreamsWatch } from './streams-watch.ts';

/** Who opens a stream, and where it begins. */
export interface StreamOrder {
  readonly app: string;
  readonly user: string;
  /** `personKey` of both. */
  readonly key: string;
  /** As `Streams.subscribe` takes it. */
  readonly after: string;
  /** Which of the person's clients it is; undefined: not said. */
  readonly client: string | undefined;
  /** When the right to it ends, UNIX milliseconds; undefined: it does not. */
  readonly endsAt: number | undefined;
}

export interface StreamListener {
  readonly ended: (open: OpenStream, why: StreamEnd) => void;
  readonly watch: StreamsWatch | undefined;
}

/** A connection with the stream that it shows. */
export class OpenStream implements StreamSink {
  readonly order: StreamOrder;
  readonly connection: LiveConnection;
  readonly #listener: StreamListener;
  reader: StreamReader | undefined;
  registration: PresenceRegistration | undefined;
  endsAt: number | undefined;
  /** When it is due for a sign of life, monotonic milliseconds. */
  beatAt = 0;
  /** Why it ends; undefined: it does not. */
  why: LiveEnd | undefined;
  /** When it is cut, if its client has not read its end until then; monotonic milliseconds. */
  cutAt = 0;

  constructor(connection: LiveConnection, order: StreamOrder, listener: StreamListener) {
    this.connection = connection;
    this.order = order;
    this.endsAt = order.endsAt;
    this.#listener = listener;
  }

  event(event: StreamEvent): boolean {
    this.#listener.watch?.sent();
    return this.connection.event(event);
  }

  reset(reset: StreamReset): boolean {
    if (reset.missed !== undefined) this.#listener.watch?.dropped(reset.missed);
    return this.connection.reset(reset);
  }

  ended(why: StreamEnd): void {
    this.#listener.ended(this, why);
  }
}
