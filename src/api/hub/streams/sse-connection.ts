import type { IncomingMessage, ServerResponse } from 'node:http';
import { whenGone } from '../../../kit/http/when-gone.ts';
import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamReset } from '../../../streams/stream-reader.ts';
import { eventFrame, type FrameForm, noticeFrame, resetNotice } from './event-text.ts';
import type { LiveConnection, LiveEnd } from './live-connection.ts';

export interface SseConnectionOptions extends FrameForm {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly user: string;
  /** It names no id after which it goes on. */
  readonly isFromNow: boolean;
  /** Bytes that may wait unread. */
  readonly buffer: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** So much is written before it is waited for: what a client takes no more of waits in the store. */
export const MOST_UNTAKEN = 8192;
const RETRY_MS = 3000;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // nginx would gather it.
  'X-Accel-Buffering': 'no',
};

/** The head of an answer that has no body, for HEAD. */
export const sseHead = (res: ServerResponse): void => {
  res.writeHead(200, HEADERS).end();
};

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export class SseConnection implements LiveConnection {
  readonly kind = 'sse';
  readonly #options: SseConnectionOptions;
  #resume = (): void => {};
  /** Bytes, more or less, since it was known last that all was taken. */
  #untaken = 0;
  #blockedAt: number | undefined;

  constructor(options: SseConnectionOptions) {
    this.#options = options;
  }

  get blockedAt(): number | undefined {
    return this.#blockedAt;
  }

  begin(position: string, resume: () => void): void {
    const { res, isFromNow } = this.#options;
    this.#resume = resume;
    res.writeHead(200, { ...HEADERS, 'Martlet-Last-Event-ID': position });
    // A browser that loses its connection before the first event comes back with this, and misses nothing.
    const place = isFromNow ? `id: ${position}\n` : '';
    res.write(`retry: ${RETRY_MS}\n${place}:\n\n`);
  }

  get isOverfull(): boolean {
    return this.#blockedAt !== undefined && this.#options.res.writableLength > this.#options.buffer;
  }

  event(event: StreamEvent): boolean {
    const { user } = this.#options;
    return this.#write(eventFrame(event, user, this.#options));
  }

  reset(reset: StreamReset): boolean {
    return this.#write(noticeFrame(resetNotice(reset)));
  }

  beat(): void {
    // A client that takes nothing learns nothing by it.
    if (this.#blockedAt === undefined) this.#options.res.write(':\n\n');
  }

  end(why: Exclude<LiveEnd, 'client'>, retryMs = RETRY_MS): void {
    const { res } = this.#options;
    if (why === 'slow') res.destroy();
    else if (why === 'drain') res.end(noticeFrame({ type: 'bye', payload: { retry_ms: retryMs } }));
    else if (why === 'expired') res.end(noticeFrame({ type: 'reauth', payload: {} }));
    else res.end();
  }

  cut(): void {
    this.#options.res.destroy();
  }

  onClose(done: () => void): void {
    const { req, res } = this.#options;
    res.on('error', () => res.destroy());
    whenGone(req, res, done);
  }

  #write(frame: string): boolean {
    const { res, now = () => performance.now() } = this.#options;
    this.#untaken += frame.length;
    if (this.#untaken < MOST_UNTAKEN) {
      res.write(frame);
      return true;
    }
    this.#blockedAt ??= now();
    res.write(frame, this.#taken);
    return false;
  }

  /** All that was written is with the system: the client takes it. */
  readonly #taken = (): void => {
    this.#untaken = 0;
    this.#blockedAt = undefined;
    this.#resume();
  };
}
