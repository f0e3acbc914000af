import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamReset } from '../../../streams/stream-reader.ts';

/**
 * Why a stream ends: its client left; it took nothing for too long; it answers no ping; this process is about to end; its token has
 * ended; the person was erased; another one of the same client took its place.
 */
export type LiveEnd = 'client' | 'slow' | 'silent' | 'drain' | 'expired' | 'gone' | 'replaced';

/** One connection that events are brought to: server-sent events, or a WebSocket. */
export interface LiveConnection {
  readonly kind: 'sse' | 'websocket';
  /**
   * Its place in the stream is known: the answer begins.
   * @param position the id after which events come. @param resume it can take more, after it could not
   */
  begin(position: string, resume: () => void): void;
  /** @returns false: no more until it calls `resume` */
  event(event: StreamEvent): boolean;
  reset(reset: StreamReset): boolean;
  /** Shows proxies and the client that it is alive. */
  beat(): void;
  /** Since when the client takes nothing of what was written, monotonic milliseconds; undefined: it does. */
  readonly blockedAt: number | undefined;
  /** More waits for the client than may. */
  readonly isOverfull: boolean;
  /** Why the connection has ended itself; undefined: it has not. */
  readonly endedBy?: LiveEnd | undefined;
  /** Says why, as far as the client can hear it, and ends. @param retryMs when it is to come back, for `drain` */
  end(why: Exclude<LiveEnd, 'client'>, retryMs?: number): void;
  /** Ends it without a word. */
  cut(): void;
  /** Calls back once, when it is over; at once if it is. */
  onClose(done: () => void): void;
}
