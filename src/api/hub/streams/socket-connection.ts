import type { WebSocket } from 'ws';
import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamReset } from '../../../streams/stream-reader.ts';
import { endNotice, eventJson, resetNotice } from './event-text.ts';
import type { LiveConnection, LiveEnd } from './live-connection.ts';
import { Outflow, type OutflowTarget } from './outflow.ts';

export interface SocketConnectionOptions {
  readonly socket: WebSocket;
  readonly user: string;
  /** Bytes that may wait unread. */
  readonly buffer: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Below 4500 a client comes back; from there on it does not, or not as it is. */
export const closeCodes = {
  drain: 4000,
  slow: 4008,
  full: 4013,
  expired: 4501,
  forbidden: 4503,
  gone: 4504,
  replaced: 4509,
} as const;

/** Pings to which a client says nothing before it is taken for gone. */
const MOST_UNANSWERED = 2;

/** A WebSocket (RFC 6455): each event is a text of JSON, and so is what the stream says itself, without an id. */
export class SocketConnection implements LiveConnection, OutflowTarget {
  readonly kind = 'websocket';
  readonly #options: SocketConnectionOptions;
  readonly #out: Outflow;
  /** Pings since the client was heard last. */
  #unanswered = 0;
  #endedBy: LiveEnd | undefined;

  constructor(options: SocketConnectionOptions) {
    this.#options = options;
    const { socket, now } = options;
    this.#out = new Outflow(this, now);
    socket.on('pong', this.#heard);
    socket.on('message', this.#heard);
    // Each is answered by itself, whether the client takes the answers or not.
    socket.on('ping', () => {
      this.#heard();
      if (this.isOverfull) this.#cutSlow();
    });
  }

  get endedBy(): LiveEnd | undefined {
    return this.#endedBy;
  }

  get blockedAt(): number | undefined {
    return this.#out.blockedAt;
  }

  get isOverfull(): boolean {
    const { socket, buffer } = this.#options;
    return socket.bufferedAmount > buffer;
  }

  write(text: string, taken?: () => void): void {
    this.#options.socket.send(text, taken);
  }

  /** Fragments of one text (RFC 6455, section 5.4). */
  writePart(part: Uint8Array, isLast: boolean, taken: () => void): void {
    this.#options.socket.send(part, { binary: false, fin: isLast }, taken);
  }

  begin(position: string, resume: () => void): void {
    this.#out.resume = resume;
    this.#out.write(JSON.stringify({ type: 'ready', payload: { last_event_id: position } }));
  }

  event(event: StreamEvent): boolean {
    return this.#out.write(eventJson(event, this.#options.user));
  }

  reset(reset: StreamReset): boolean {
    return this.#out.write(JSON.stringify(resetNotice(reset)));
  }

  /** What a client said cannot be done. */
  refuse(message: string): void {
    if (this.isOverfull) this.#cutSlow();
    else this.#out.write(JSON.stringify({ type: 'error', payload: { message } }));
  }

  beat(): void {
    const { socket } = this.#options;
    if (this.#unanswered >= MOST_UNANSWERED) {
      this.#endedBy = 'silent';
      socket.terminate();
    } else if (this.blockedAt === undefined) {
      this.#unanswered++;
      socket.ping();
    }
  }

  end(why: Exclude<LiveEnd, 'client'>, retryMs = 0): void {
    const { socket } = this.#options;
    const notice = endNotice(why, retryMs);
    if (notice) socket.send(JSON.stringify(notice));
    socket.close(closeCodes[why === 'silent' ? 'slow' : why]);
  }

  cut(): void {
    this.#options.socket.terminate();
  }

  onClose(done: () => void): void {
    const { socket } = this.#options;
    if (socket.readyState === socket.CLOSED) done();
    else socket.once('close', done);
  }

  /** It makes us write and does not read. */
  #cutSlow(): void {
    this.#endedBy = 'slow';
    this.#options.socket.terminate();
  }

  readonly #heard = (): void => {
    this.#unanswered = 0;
  };
}
