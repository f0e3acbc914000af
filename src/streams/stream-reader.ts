/**
 * One reader of a person's stream. It has a position, the id after which it goes on, and takes nothing but what comes next: from a
 * wake-up when that carries the very next event, else from the store. So ids strictly rise, none is missing and none comes twice,
 * whichever wake-ups are lost, late or repeated. What the sink cannot take waits in the store, and nothing of it here.
 *
 * - held: before the first `resume`, and from the sink's refusal on until the next one.
 * - reading: a page of the store is under way.
 * - live: at the end of the stream, as far as is known.
 * - closed: nothing is given to the sink any more.
 */
import { background } from '../kit/background.ts';
import { epochIn, isNextId, offsetIn, type ResetReason } from './event-id.ts';
import type { StreamEvent } from './stream-event.ts';
import type { StreamPage } from './stream-store.ts';

/** What a reader learns before anything else when it cannot go on from where it was: all that is kept comes after that. */
export interface StreamReset {
  readonly reason: ResetReason;
  /** The ids of the first and the last event that is kept; null: nothing is. */
  readonly oldest: string | null;
  readonly latest: string | null;
  /** How many events went while this stream was open and the reader did not take them. */
  readonly missed?: number | undefined;
}

/** Why a stream ends from this side: it is closed, or the person was erased. */
export type StreamEnd = 'closed' | 'gone';

/** Who takes what a subscription has. Must not throw. */
export interface StreamSink {
  /** @returns false: nothing more until `resume` */
  event(event: StreamEvent): boolean;
  reset(reset: StreamReset): boolean;
  ended(why: StreamEnd): void;
}

/** One for all readers. */
export interface StreamReaderParts {
  /** As `StreamStore.list`. When it rejects the reader waits for the next `look` or `wake`. */
  readonly read: (user: string, after: string) => Promise<StreamPage>;
  readonly failed: (error: Error) => void;
  /** It has ended, from either side. */
  readonly closed: (user: string, reader: StreamReader) => void;
}

type State = 'held' | 'reading' | 'live' | 'closed';

export class StreamReader {
  readonly #user: string;
  readonly #sink: StreamSink;
  readonly #parts: StreamReaderParts;
  #state: State = 'held';
  #position: string;
  /** There may be more in the store than the reader has. */
  #isBehind = false;
  /** What was read to find the position, until the reader begins. */
  #first: StreamPage | undefined;

  /** @param from the id after which all comes, or the page that begins there */
  constructor(user: string, sink: StreamSink, from: string | StreamPage, parts: StreamReaderParts) {
    this.#user = user;
    this.#sink = sink;
    this.#parts = parts;
    this.#position = typeof from === 'string' ? from : from.after;
    this.#first = typeof from === 'string' ? undefined : from;
  }

  /** The id after which the stream goes on. */
  get position(): string {
    return this.#position;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** There is something for the reader that its sink does not take. */
  get isStalled(): boolean {
    return this.#state === 'held' && this.#isBehind;
  }

  /** The sink takes more. */
  resume(): void {
    if (this.#state !== 'held') return;
    this.#setState('live');
    const first = this.#first;
    this.#first = undefined;
    if (first) this.#takePage(first);
    else if (this.#isBehind) this.#read();
  }

  /** Something new is in the stream. @param event what it is, if that is known */
  wake(event?: StreamEvent): void {
    if (event && this.#state === 'live' && isNextId(event.id, this.#position)) this.#take(event);
    else this.look(event?.id);
  }

  /** Looks whether there is more. @param head the last id of the stream, if it is known */
  look(head?: string): void {
    if (this.isClosed || (head !== undefined && this.#has(head))) return;
    this.#isBehind = true;
    if (this.#state === 'live') this.#read();
  }

  /** Ends it from this side. */
  end(why: StreamEnd): void {
    if (this.isClosed) return;
    this.close();
    this.#sink.ended(why);
  }

  /** The reader has gone. */
  close(): void {
    if (this.isClosed) return;
    this.#setState('closed');
    this.#first = undefined;
    this.#parts.closed(this.#user, this);
  }

  #setState(state: State): void {
    this.#state = state;
  }

  #has(id: string): boolean {
    return epochIn(id) === epochIn(this.#position) && id <= this.#position;
  }

  #read(): void {
    this.#setState('reading');
    this.#isBehind = false;
    const { read, failed } = this.#parts;
    background(
      read(this.#user, this.#position).then((page) => this.#takePage(page)),
      (error) => {
        if (this.isClosed) return;
        this.#setState('live');
        failed(error);
      },
    );
  }

  /** @returns whether more can be taken */
  #take(event: StreamEvent): boolean {
    this.#position = event.id;
    return this.#took(this.#sink.event(event));
  }

  #took(isMoreWanted: boolean): boolean {
    if (this.isClosed) return false;
    if (!isMoreWanted) this.#setState('held');
    return isMoreWanted;
  }

  #takePage(page: StreamPage): void {
    if (this.isClosed) return;
    const before = this.#position;
    const isTaken = (!page.reset || this.#reset(page)) && page.events.every((event) => this.#take(event));
    if (this.isClosed) return;
    // What was heard while the page was under way may not be in it; an end that does not come nearer is not asked for again.
    const isMoved = page.reset !== undefined || this.#position !== before;
    this.#isBehind ||= isMoved && !this.#has(page.bounds.head);
    if (!isTaken) return;
    this.#setState('live');
    if (this.#isBehind) this.#read();
  }

  #reset({ reset: reason, after, events, bounds }: StreamPage): boolean {
    const missed = reason === 'trimmed' ? offsetIn(bounds.floor) - offsetIn(this.#position) : 0;
    this.#position = after;
    const [oldest] = events;
    return this.#took(
      this.#sink.reset({
        reason: reason as ResetReason,
        oldest: oldest?.id ?? null,
        latest: oldest ? bounds.head : null,
        ...(missed > 0 ? { missed } : {}),
      }),
    );
  }
}
