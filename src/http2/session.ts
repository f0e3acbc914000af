/**
 * One HTTP/2 connection to a peer (RFC 9113), from its preface to its end.
 *
 * - `greeting`: preface and SETTINGS are sent, the peer's SETTINGS are awaited. No request yet: until then it is unknown how
 *   many streams are allowed (APNs with token authentication allows one). → open on SETTINGS, → closed on anything else.
 * - `open`: takes requests. → suspected when a PING is not answered; → draining on GOAWAY, when the stream ids run out, when
 *   requests time out and nothing else was answered, or when the pool retires it; → closed.
 * - `suspected`: as open, but takes no requests. → open as soon as anything arrives; → draining; → closed once it is empty.
 * - `draining`: no requests; those under way are awaited. → closed once it is empty, or when the peer closes.
 * - `closed`: the socket is gone or going; every stream has been answered, faulted or given back.
 */
import type { Duplex } from 'node:stream';
import { throwLater } from '../kit/background.ts';
import { ConnectionError } from './connection-error.ts';
import { deliverFault } from './deliver.ts';
import { endSocket } from './end-socket.ts';
import {
  type Cause,
  connectionLost,
  connectTimeout,
  noHttp2,
  poolClosed,
  requestTimeout,
  unanswered,
  unsent,
} from './faults.ts';
import { FloodGuard } from './flood-guard.ts';
import { type DispatchEvents, FrameDispatch } from './frames/frame-dispatch.ts';
import { FrameReader } from './frames/frame-reader.ts';
import {
  DEFAULT_WINDOW,
  errorCodes,
  goawayFrame,
  MAX_STREAM_ID,
  PREFACE,
  pingFrame,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_HEADER_LIST_SIZE,
  settingsFrame,
  windowUpdateFrame,
} from './frames/frames.ts';
import { CONNECTION_WINDOW, MAX_HEADER_LIST, ResponseReader, STREAM_WINDOW } from './frames/response-reader.ts';
import { Liveness } from './liveness.ts';
import { Outbox } from './outbox.ts';
import type { PoolTuning } from './pool-tuning.ts';
import type { RequestQueue } from './request-queue.ts';
import { RequestWriter } from './request-writer.ts';
import { type OnRefused, StreamOutcomes } from './stream-outcomes.ts';
import { StreamTable } from './stream-table.ts';

/** Streams assumed of a peer that has not spoken yet. */
export const ASSUMED_STREAMS = 100;
/** Control frames that may wait for a peer that does not read them. */
const MAX_OUTBOX = 1024 * 1024;

/** How an answer of HTTP/1 begins, and no frame of HTTP/2. */
const HTTP1 = 'HTTP/';

const OUR_SETTINGS = [
  [SETTINGS_ENABLE_PUSH, 0],
  [SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW],
  [SETTINGS_MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST],
] as const;

type State =
  | { readonly kind: 'greeting'; readonly since: number }
  | { readonly kind: 'open' }
  | { readonly kind: 'suspected' }
  | { readonly kind: 'draining'; readonly cause: Cause }
  | { readonly kind: 'closed'; readonly cause: Cause };

export interface SessionEvents {
  /** The state is another one; `session.state` and `session.cause` tell which. */
  onState(session: Session, before: State['kind']): void;
  /** Answers arrived; `roundTripMs` is how long the last of them took. */
  onAnswers(roundTripMs: number): void;
  /** Streams became free, the socket takes more, or control frames wait to be written. */
  onReady(session: Session): void;
  readonly onRefused: OnRefused;
  onGoaway(): void;
  onPing(): void;
}

export interface SessionOptions {
  readonly authority: string;
  readonly requestTimeoutMs: number;
  readonly tuning: PoolTuning;
  /** What it is called in outcomes. */
  readonly number: number;
}

export class Session implements DispatchEvents {
  readonly #socket: Duplex;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #clock: { now(): number };
  readonly #table: StreamTable;
  readonly #outbox: Outbox;
  readonly #writer: RequestWriter;
  readonly #guard: FloodGuard;
  readonly #outcomes: StreamOutcomes;
  readonly #frames: FrameReader;
  readonly #liveness: Liveness;

  #state: State;
  #maxStreams: number;
  #now: number;
  #tickedAt: number;
  /** Streams from this id on have not been handed to the socket. */
  #unwrittenId: number;
  #lastGoawayId = MAX_STREAM_ID;

  constructor(socket: Duplex, options: SessionOptions, clock: { now(): number }, events: SessionEvents) {
    const { tuning } = options;
    this.#socket = socket;
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
    this.#now = clock.now();
    this.#tickedAt = this.#now;
    this.#state = { kind: 'greeting', since: this.#now };
    this.#maxStreams = tuning.maxStreams;
    this.#table = new StreamTable(tuning.firstStreamId);
    this.#unwrittenId = tuning.firstStreamId;
    this.#outbox = new Outbox(socket, () => events.onReady(this));
    this.#guard = new FloodGuard(() => this.#table.nextId >>> 1);
    this.#writer = new RequestWriter(this.#outbox, options.authority);
    this.#outcomes = new StreamOutcomes(this.#table, this.#outbox, events.onRefused, options.number);
    const parts = {
      table: this.#table,
      outbox: this.#outbox,
      guard: this.#guard,
      writer: this.#writer,
      responses: new ResponseReader(this.#table, this.#outbox, this.#guard, this.#outcomes),
      outcomes: this.#outcomes,
    };
    this.#frames = new FrameReader(new FrameDispatch(parts, this));
    this.#liveness = new Liveness(tuning, this.#now);
    socket.on('data', (chunk: Buffer) => this.#onChunk(chunk));
    socket.on('error', (error) => this.#close(connectionLost(error)));
    socket.on('close', () => this.#close(connectionLost(undefined)));
    this.#outbox.append(PREFACE);
    this.#outbox.append(settingsFrame(OUR_SETTINGS));
    this.#outbox.append(windowUpdateFrame(0, CONNECTION_WINDOW - DEFAULT_WINDOW));
    this.#outbox.flush();
  }

  get state(): State['kind'] {
    return this.#state.kind;
  }

  /** Why it drains or is closed. */
  get cause(): Cause | undefined {
    return 'cause' in this.#state ? this.#state.cause : undefined;
  }

  /** Requests answered. */
  get answers(): number {
    return this.#outcomes.answers;
  }

  get inFlight(): number {
    return this.#table.size;
  }

  /** Streams that the peer allows. */
  get maxStreams(): number {
    return this.#maxStreams;
  }

  /** Whether a further request would have to wait for the peer. */
  get isFull(): boolean {
    return this.#table.size >= this.#maxStreams || this.#writer.stalled;
  }

  /** Writes waiting requests while the peer and the socket take them, and whatever else is to be written. */
  fill(queue: RequestQueue): void {
    if (this.#state.kind === 'closed') return;
    this.#writer.sendBodies();
    if (this.#state.kind === 'open') {
      this.#now = this.#clock.now();
      while (queue.waiting > 0 && !this.isFull && !this.#outbox.full) {
        if (this.#table.exhausted) {
          this.drain({ code: 'STREAM_IDS_EXHAUSTED', message: 'the connection has no stream ids left' });
          break;
        }
        queue.take();
        this.#request(queue);
      }
    }
    this.#flush();
  }

  /** Call a few times a second: deadlines and pings. */
  tick(): void {
    const now = this.#clock.now();
    this.#now = now;
    this.#guard.elapsed(now - this.#tickedAt);
    this.#tickedAt = now;
    if (this.#state.kind === 'greeting') {
      if (now - this.#state.since >= this.#options.tuning.connectTimeoutMs) this.#close(connectTimeout);
      return;
    }
    this.#expire(now - this.#options.requestTimeoutMs);
    this.#checkLife(now);
    if (this.#outbox.length > 0) this.#events.onReady(this);
  }

  /** Takes no further requests, and closes when those under way are done. */
  drain(cause: Cause): void {
    if (this.#state.kind === 'greeting') {
      this.#close(cause);
      return;
    }
    if (this.#state.kind === 'closed' || this.#state.kind === 'draining') return;
    this.#setState({ kind: 'draining', cause });
    this.#closeWhenEmpty();
  }

  /** Faults what is under way and closes. */
  destroy(cause: Cause): void {
    this.#close(cause);
  }

  onGreeted(): void {
    this.#setState({ kind: 'open' });
  }

  onMaxStreams(count: number): void {
    this.#maxStreams = Math.min(count, this.#options.tuning.maxStreams);
  }

  /** Streams above the last id were not processed; the others are awaited, whatever the code says. */
  onGoaway(lastId: number, cause: Cause): void {
    this.#events.onGoaway();
    this.#lastGoawayId = Math.min(lastId, this.#lastGoawayId);
    if (this.#state.kind !== 'draining') this.#setState({ kind: 'draining', cause });
    for (const stream of this.#table.list()) {
      if (stream.id <= this.#lastGoawayId) continue;
      // A peer that serves some requests of each connection makes progress; one that serves none must not go on for ever.
      this.#outcomes.giveBack(stream, cause, this.answers === 0);
    }
  }

  #setState(state: State): void {
    const before = this.#state.kind;
    this.#state = state;
    this.#events.onState(this, before);
  }

  #request(queue: RequestQueue): void {
    const { burst, index } = queue;
    const stream = this.#table.open(burst, index, queue.refusals, this.#now);
    let cause: Cause | undefined;
    try {
      cause = this.#writer.write(stream);
    } catch (error) {
      cause = { code: 'INVALID_REQUEST', message: 'the request could not be built' };
      throwLater(error);
    }
    if (cause === undefined) return;
    this.#table.undo(stream);
    deliverFault(burst, index, unsent(cause));
  }

  #flush(): void {
    if (this.#outbox.length > MAX_OUTBOX) {
      this.#abort(new ConnectionError('ENHANCE_YOUR_CALM', 'a peer that does not read'));
      return;
    }
    const more = this.#outbox.full;
    if (!this.#outbox.flush()) return;
    this.#unwrittenId = this.#table.nextId;
    if (more && !this.#outbox.blocked) this.#events.onReady(this);
  }

  #onChunk(chunk: Buffer): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind === 'greeting' && chunk.toString('latin1', 0, HTTP1.length) === HTTP1) {
      this.#close(noHttp2);
      return;
    }
    this.#now = this.#clock.now();
    this.#liveness.heard(this.#now);
    if (this.#state.kind === 'suspected') this.#setState({ kind: 'open' });
    const { answers } = this.#outcomes;
    this.#outcomes.now = this.#now;
    try {
      this.#frames.read(chunk);
    } catch (error) {
      this.#abort(error);
      return;
    }
    if (this.#outcomes.answers > answers) this.#events.onAnswers(this.#outcomes.roundTripMs);
    this.#closeWhenEmpty();
    this.#events.onReady(this);
  }

  #expire(limit: number): void {
    if (this.#table.size === 0) return;
    const late = this.#table.list().filter((stream) => stream.writtenAt <= limit);
    if (late.length === 0) return;
    // Answers to PING prove little about a peer that has stopped answering requests.
    const mute = this.#outcomes.answeredAt < late[0]!.writtenAt || this.answers === 0;
    if (mute) this.drain(requestTimeout);
    for (const stream of late) {
      this.#outcomes.cancel(stream, errorCodes.CANCEL, requestTimeout);
    }
    this.#closeWhenEmpty();
  }

  #checkLife(now: number): void {
    if (this.#state.kind === 'closed') return;
    switch (this.#liveness.check(now, this.#table.size > 0)) {
      case 'ping':
        this.#liveness.pinged(now);
        this.#events.onPing();
        this.#outbox.append(pingFrame(Buffer.from('martlet?'), false));
        break;
      case 'suspect':
        if (this.#state.kind === 'open') this.#setState({ kind: 'suspected' });
        if (this.#table.size === 0) this.#close({ code: 'PING_TIMEOUT', message: 'the peer did not answer a PING' });
    }
  }

  #closeWhenEmpty(): void {
    if (this.#state.kind === 'draining' && this.#table.size === 0) this.#close(this.#state.cause);
  }

  #abort(error: unknown): void {
    const known = error instanceof ConnectionError ? error : new ConnectionError('INTERNAL_ERROR', String(error));
    this.#close(connectionLost(known), goawayFrame(known.errorCode, known.message));
  }

  #close(cause: Cause, farewell = goawayFrame(errorCodes.NO_ERROR)): void {
    if (this.#state.kind === 'closed') return;
    const why = this.#state.kind === 'draining' && cause.code === 'CONNECTION_LOST' ? this.#state.cause : cause;
    this.#frames.stop();
    this.#setState({ kind: 'closed', cause: why });
    // What is not written yet is not sent any more, requests least of all.
    this.#outbox.length = 0;
    endSocket(this.#socket, farewell);
    for (const stream of this.#table.list()) {
      if (stream.id < this.#unwrittenId) this.#outcomes.fault(stream, unanswered(why));
      else if (why === poolClosed) this.#outcomes.fault(stream, unsent(why));
      else this.#outcomes.giveBack(stream, why, false);
    }
  }
}
