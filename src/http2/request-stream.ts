import type { Burst, ResponseHeaders } from './http2-pool.ts';

/** A request under way. Objects are reused: none may be kept after its stream has left the table. */
export class RequestStream {
  id = 0;
  burst!: Burst;
  index = 0;
  /** How often the request was refused before. */
  refusals = 0;
  /** On the pool's clock, milliseconds. */
  writtenAt = 0;

  /** 0 until the final response headers are there. */
  status = 0;
  headers!: ResponseHeaders;
  /** Body frames before the last one. */
  chunks: Buffer[] | undefined = undefined;
  received = 0;
  /** Bytes in `chunks`. */
  held = 0;
  /** Bytes received, padding included, for which no WINDOW_UPDATE of the stream was sent. */
  unreturned = 0;

  /** What flow control has kept back of the request's body. */
  pending: Uint8Array | undefined = undefined;
  /** WINDOW_UPDATEs minus body bytes sent; the window is this plus the peer's INITIAL_WINDOW_SIZE, whatever that becomes. */
  credit = 0;

  start(id: number, burst: Burst, index: number, refusals: number, now: number): void {
    this.id = id;
    this.burst = burst;
    this.index = index;
    this.refusals = refusals;
    this.writtenAt = now;
    this.status = 0;
    this.chunks = undefined;
    this.received = 0;
    this.held = 0;
    this.unreturned = 0;
    this.pending = undefined;
    this.credit = 0;
  }
}
