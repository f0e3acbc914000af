import type { IncomingMessage, ServerResponse } from 'node:http';
import { forgetHead } from '../../../kit/http/forget-head.ts';
import { whenGone } from '../../../kit/http/when-gone.ts';
import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamReset } from '../../../streams/stream-reader.ts';
import { endNotice, eventFrame, type FrameForm, noticeFrame, resetNotice } from './event-text.ts';
import type { LiveConnection, LiveEnd } from './live-connection.ts';
import { Outflow, type OutflowTarget } from './outflow.ts';

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
export class SseConnection implements LiveConnection, OutflowTarget {
  readonly kind = 'sse';
  readonly #options: SseConnectionOptions;
  readonly #out: Outflow;

  constructor(options: SseConnectionOptions) {
    this.#options = options;
    const { now } = options;
    this.#out = new Outflow(this, now);
  }

  get blockedAt(): number | undefined {
    return this.#out.blockedAt;
  }

  write(text: string, taken?: () => void): void {
    this.#options.res.write(text, taken);
  }

  writePart(part: Uint8Array, _isLast: boolean, taken: () => void): void {
    this.#options.res.write(part, taken);
  }

  begin(position: string, resume: () => void): void {
    const { res, isFromNow } = this.#options;
    this.#out.resume = resume;
    res.writeHead(200, { ...HEADERS, 'Martlet-Last-Event-ID': position });
    // A browser that loses its connection before the first event comes back with this, and misses nothing.
    const place = isFromNow ? `id: ${position}\n` : '';
    res.write(`retry: ${RETRY_MS}\n${place}:\n\n`);
    setImmediate(() => forgetHead(res));
  }

  get isOverfull(): boolean {
    return this.blockedAt !== undefined && this.#options.res.writableLength > this.#options.buffer;
  }

  event(event: StreamEvent): boolean {
    const { user } = this.#options;
    return this.#out.write(eventFrame(event, user, this.#options));
  }

  reset(reset: StreamReset): boolean {
    return this.#out.write(noticeFrame(resetNotice(reset)));
  }

  beat(): void {
    const { res } = this.#options;
    // A client that takes nothing learns nothing by it.
    if (this.blockedAt === undefined) res.write(':\n\n');
  }

  end(why: Exclude<LiveEnd, 'client'>, retryMs = RETRY_MS): void {
    const { res } = this.#options;
    const notice = endNotice(why, retryMs);
    if (why === 'slow') res.destroy();
    else if (notice) res.end(noticeFrame(notice));
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
}
