import { ConnectionError } from '../connection-error.ts';
import { brokenStream, type Cause, resetByPeer, wentAway } from '../faults.ts';
import type { FloodGuard } from '../flood-guard.ts';
import type { Outbox } from '../outbox.ts';
import type { RequestWriter } from '../request-writer.ts';
import type { StreamOutcomes } from '../stream-outcomes.ts';
import type { StreamTable } from '../stream-table.ts';
import type { FrameSink } from './frame-reader.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  errorCodes,
  GOAWAY,
  HEADERS,
  MAX_WINDOW,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  pingFrame,
  RST_STREAM,
  readUint31,
  readUint32,
  SETTINGS,
  settingsAckFrame,
  WINDOW_UPDATE,
} from './frames.ts';
import { readSettings } from './peer-settings.ts';
import type { ResponseReader } from './response-reader.ts';

/** Characters of GOAWAY's debug data that are kept for the log. */
const MAX_DEBUG = 256;

export interface DispatchParts {
  readonly table: StreamTable;
  readonly outbox: Outbox;
  readonly guard: FloodGuard;
  readonly writer: RequestWriter;
  readonly responses: ResponseReader;
  readonly outcomes: StreamOutcomes;
}

export interface DispatchEvents {
  /** The peer's first SETTINGS. */
  onGreeted(): void;
  onMaxStreams(count: number): void;
  /** No stream above `lastId` was processed; none above it is in the table any more when this returns. */
  onGoaway(lastId: number, cause: Cause): void;
}

/**
 * What each frame of the peer means: HEADERS, CONTINUATION and DATA go on to the response reader, the others are understood
 * here (RFC 9113 section 6). Throws ConnectionError.
 */
export class FrameDispatch implements FrameSink {
  readonly #parts: DispatchParts;
  readonly #responses: ResponseReader;
  readonly #table: StreamTable;
  readonly #events: DispatchEvents;
  #greeted = false;

  constructor(parts: DispatchParts, events: DispatchEvents) {
    this.#parts = parts;
    this.#responses = parts.responses;
    this.#table = parts.table;
    this.#events = events;
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.#responses.inBlock && type !== CONTINUATION) {
      throw new ConnectionError('PROTOCOL_ERROR', 'a frame inside a header block');
    }
    if (!this.#greeted && (type !== SETTINGS || flags & ACK)) {
      throw new ConnectionError('PROTOCOL_ERROR', 'a peer that does not begin with SETTINGS');
    }
    switch (type) {
      case HEADERS:
        this.#responses.onHeaders(flags, id, bytes, start, end);
        return;
      case DATA:
        this.#responses.onData(flags, id, bytes, start, end);
        return;
      case CONTINUATION:
        this.#responses.onContinuation(flags, id, bytes, start, end);
        return;
      case RST_STREAM:
        this.#onReset(id, bytes, start, end);
        return;
      case WINDOW_UPDATE:
        this.#onWindowUpdate(id, bytes, start, end);
        return;
      case SETTINGS:
        this.#onSettings(flags, id, bytes, start, end);
        return;
      case PING:
        this.#onPing(flags, id, bytes, start, end);
        return;
      case GOAWAY:
        this.#onGoaway(id, bytes, start, end);
        return;
      case PUSH_PROMISE:
        throw new ConnectionError('PROTOCOL_ERROR', 'PUSH_PROMISE although push is off');
      case PRIORITY:
        if (id === 0) throw new ConnectionError('PROTOCOL_ERROR', 'PRIORITY for no stream');
        if (end - start !== 5) throw new ConnectionError('FRAME_SIZE_ERROR', 'PRIORITY of a wrong length');
    }
    this.#parts.guard.nuisance('PRIORITY or unknown');
  }

  #onReset(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw new ConnectionError('FRAME_SIZE_ERROR', 'RST_STREAM of a wrong length');
    if (!this.#table.wasOpened(id)) throw new ConnectionError('PROTOCOL_ERROR', `RST_STREAM for stream ${id}`);
    const stream = this.#table.get(id);
    if (stream === undefined) {
      this.#parts.guard.nuisance('RST_STREAM');
      return;
    }
    const code = readUint32(bytes, start);
    if (code === errorCodes.REFUSED_STREAM) this.#parts.outcomes.refused(stream);
    else this.#parts.outcomes.resetByPeer(stream, resetByPeer(code));
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw new ConnectionError('FRAME_SIZE_ERROR', 'WINDOW_UPDATE of a wrong length');
    this.#parts.guard.windowUpdate(this.#parts.writer.sent);
    const increment = readUint31(bytes, start);
    if (id === 0) {
      if (increment === 0) throw new ConnectionError('PROTOCOL_ERROR', 'WINDOW_UPDATE by 0');
      this.#parts.writer.window += increment;
      if (this.#parts.writer.window > MAX_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'a window over 2^31');
      return;
    }
    if (!this.#table.wasOpened(id)) throw new ConnectionError('PROTOCOL_ERROR', `WINDOW_UPDATE for stream ${id}`);
    const stream = this.#table.get(id);
    if (stream === undefined) return;
    stream.credit += increment;
    if (increment === 0)
      this.#parts.outcomes.cancel(stream, errorCodes.PROTOCOL_ERROR, brokenStream('WINDOW_UPDATE by 0'));
    else if (stream.credit + this.#parts.writer.initialWindow > MAX_WINDOW) {
      this.#parts.outcomes.cancel(stream, errorCodes.FLOW_CONTROL_ERROR, brokenStream('a window over 2^31'));
    }
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError('PROTOCOL_ERROR', `SETTINGS for stream ${id}`);
    this.#parts.guard.nuisance('SETTINGS');
    if (flags & ACK) {
      if (end > start) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS ACK with a payload');
      return;
    }
    const settings = readSettings(bytes, start, end);
    const { maxConcurrentStreams, initialWindowSize, maxFrameSize, headerTableSize } = settings;
    if (maxConcurrentStreams !== undefined) this.#events.onMaxStreams(maxConcurrentStreams);
    if (initialWindowSize !== undefined) this.#setInitialWindow(initialWindowSize);
    if (maxFrameSize !== undefined) this.#parts.writer.maxFrame = maxFrameSize;
    if (headerTableSize !== undefined) this.#parts.writer.encoder.limitTable(headerTableSize);
    this.#parts.outbox.append(settingsAckFrame());
    if (this.#greeted) return;
    this.#greeted = true;
    this.#events.onGreeted();
  }

  #setInitialWindow(size: number): void {
    this.#parts.writer.initialWindow = size;
    for (const stream of this.#table.list()) {
      if (stream.credit + size > MAX_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'a window over 2^31');
    }
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError('PROTOCOL_ERROR', `PING for stream ${id}`);
    if (end - start !== 8) throw new ConnectionError('FRAME_SIZE_ERROR', 'PING of a wrong length');
    this.#parts.guard.nuisance('PING');
    if (!(flags & ACK)) this.#parts.outbox.append(pingFrame(bytes.subarray(start, end), true));
  }

  #onGoaway(id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError('PROTOCOL_ERROR', `GOAWAY for stream ${id}`);
    if (end - start < 8) throw new ConnectionError('FRAME_SIZE_ERROR', 'GOAWAY of a wrong length');
    this.#parts.guard.nuisance('GOAWAY');
    const debug = bytes.toString('latin1', start + 8, Math.min(end, start + 8 + MAX_DEBUG));
    const cause = wentAway(readUint32(bytes, start + 4), debug.replaceAll(/[^\x20-\x7e]/g, '?'));
    this.#events.onGoaway(readUint31(bytes, start), cause);
  }
}
