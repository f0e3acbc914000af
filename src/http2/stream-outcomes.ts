import { deliverFault, deliverResponse } from './deliver.ts';
import { type Cause, refusedStream, unanswered } from './faults.ts';
import { errorCodes, rstStreamFrame } from './frames/frames.ts';
import type { StreamFault } from './http2-pool.ts';
import type { Outbox } from './outbox.ts';
import type { RequestStream } from './request-stream.ts';
import type { StreamTable } from './stream-table.ts';

/**
 * Called with each request that the peer provably did not process, for the `cause` given. `charge`: it counts against the
 * request's budget of refusals.
 */
export type OnRefused = (stream: RequestStream, cause: Cause, charge: boolean) => void;

/** How streams end: each in exactly one of these ways, and out of the table before its outcome is reported. */
export class StreamOutcomes {
  /** Requests answered. */
  answers = 0;
  /** When the last answer came, and how long it took; milliseconds on the pool's clock. */
  answeredAt = 0;
  roundTripMs = 0;
  /** The present, set before each chunk is read. */
  now = 0;

  readonly #table: StreamTable;
  readonly #outbox: Outbox;
  readonly #onRefused: OnRefused;
  /** The session's number. */
  readonly #session: number;

  constructor(table: StreamTable, outbox: Outbox, onRefused: OnRefused, session: number) {
    this.#session = session;
    this.#table = table;
    this.#outbox = outbox;
    this.#onRefused = onRefused;
  }

  /** The response is complete. Its body, `bytes[start, end)`, is only valid during the call. */
  answered(stream: RequestStream, bytes: Buffer, start: number, end: number): void {
    this.answers++;
    this.answeredAt = this.now;
    this.roundTripMs = this.now - stream.writtenAt;
    this.#table.remove(stream);
    const { burst, index, status, headers } = stream;
    if (stream.pending === undefined) {
      // The fields have been read, and the burst may submit from its callback.
      this.#table.recycle(stream);
    } else {
      // An early answer (Apple's 413): the rest of the request is not wanted. The writer still refers to the stream.
      this.#reset(stream, errorCodes.CANCEL);
      stream.pending = undefined;
    }
    deliverResponse(burst, index, status, headers, bytes, start, end, this.#session);
  }

  /** Without an answer. */
  fault(stream: RequestStream, why: StreamFault): void {
    this.#table.remove(stream);
    stream.pending = undefined;
    deliverFault(stream.burst, stream.index, why, this.#session);
  }

  /** We give the stream up and tell the peer so. */
  cancel(stream: RequestStream, code: number, cause: Cause): void {
    this.#reset(stream, code);
    this.fault(stream, unanswered(cause));
  }

  /** The response breaks RFC 9113 section 8, or is larger than we take. */
  malformed(stream: RequestStream, message: string): void {
    this.cancel(stream, errorCodes.PROTOCOL_ERROR, { code: 'MALFORMED_RESPONSE', message: `the peer sent ${message}` });
  }

  /** The peer reset the stream with a code that says nothing about the request. */
  resetByPeer(stream: RequestStream, cause: Cause): void {
    this.#table.rememberReset(stream.id);
    this.fault(stream, unanswered(cause));
  }

  /** The peer reset the stream with REFUSED_STREAM. */
  refused(stream: RequestStream): void {
    this.giveBack(stream, refusedStream, true);
  }

  giveBack(stream: RequestStream, cause: Cause, charge: boolean): void {
    this.#table.rememberReset(stream.id);
    this.#table.remove(stream);
    stream.pending = undefined;
    this.#onRefused(stream, cause, charge);
  }

  #reset(stream: RequestStream, code: number): void {
    this.#table.rememberReset(stream.id);
    this.#outbox.append(rstStreamFrame(stream.id, code));
  }
}
