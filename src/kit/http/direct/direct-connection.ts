/**
 * One HTTP/1.1 connection whose requests so far were all of the one kind that is read here (direct-head.ts).
 *
 * - idle: nothing of a request has arrived. → busy with a whole request of that kind in one piece; → handed over with anything else,
 *   every byte of it, before anything of it was looked at.
 * - busy: its request is not answered. What arrives meanwhile is kept, and the socket not read. → idle with the answer.
 * - handed over: to node:http, for good.
 * - gone.
 */
import type { Socket } from 'node:net';
import { directHead, showsKey } from './direct-head.ts';
import type { DirectRoute } from './direct-route.ts';

/** What the connection asks of the door. */
export interface DirectHost {
  /** By `POST /api/push HTTP/1.1`. */
  readonly routes: ReadonlyMap<string, DirectRoute>;
  /** Milliseconds that a connection may be open without a request, and between two; 0: any time. */
  readonly firstMs: number;
  readonly idleMs: number;
  /** From now on node:http says to clients that they should go elsewhere. */
  isRetired(): boolean;
  /** Takes a request; false: it is node:http's, and nothing has happened. */
  take(connection: DirectConnection, route: DirectRoute, body: Buffer): boolean;
  /** node:http goes on with the connection. */
  handOver(connection: DirectConnection): void;
  gone(connection: DirectConnection): void;
}

const END = Buffer.from('\r\n\r\n');
/** A head that is longer is node:http's. */
const LONGEST_HEAD = 2048;
const TIMEOUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

type State = 'idle' | 'busy' | 'handed over' | 'gone';

export class DirectConnection {
  readonly socket: Socket;
  /** To be called at the begin and at the end of each. */
  readonly requests: { begin(): void; end(): void } | undefined;
  readonly #host: DirectHost;
  #state: State = 'idle';
  /** The last head that was of the kind, and what it told: clients repeat themselves. */
  #head = '';
  #route: DirectRoute | undefined;
  #length = 0;
  #isFirst = true;
  #kept: Buffer | undefined;
  #hasEnded = false;

  constructor(socket: Socket, host: DirectHost, requests: DirectConnection['requests']) {
    this.socket = socket;
    this.requests = requests;
    this.#host = host;
    socket.on('data', this.#data);
    socket.on('end', this.#end);
    socket.on('error', this.#error);
    socket.on('close', this.#close);
    socket.on('timeout', this.#timeout);
    socket.setTimeout(host.firstMs);
  }

  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /** @param isLast the answer says so */
  answer(text: string, isLast: boolean): void {
    if (this.#state !== 'busy') return;
    this.#state = 'idle';
    this.socket.write(text);
    if (this.#isFirst) {
      this.#isFirst = false;
      this.socket.setTimeout(this.#host.idleMs);
    }
    if (isLast || this.#hasEnded) this.socket.destroySoon();
    else if (this.#kept) this.#next(this.#kept);
  }

  readonly #data = (chunk: Buffer): void => {
    if (this.#state === 'busy') {
      this.#kept = this.#kept ? Buffer.concat([this.#kept, chunk]) : chunk;
      this.socket.pause();
    } else if (!this.#take(chunk)) this.#handOver(chunk);
  };

  readonly #end = (): void => {
    this.#hasEnded = true;
    if (this.#state === 'idle') this.socket.end();
  };

  readonly #error = (): void => void this.socket.destroy();

  readonly #close = (): void => {
    this.#state = 'gone';
    this.#host.gone(this);
  };

  readonly #timeout = (): void => {
    if (this.#state === 'busy') return;
    if (this.#isFirst) this.socket.write(TIMEOUT);
    this.socket.destroySoon();
  };

  /** What came while the one before it was busy. */
  #next(kept: Buffer): void {
    this.#kept = undefined;
    this.socket.resume();
    this.#data(kept);
  }

  /** False: it is not a whole request of the kind, and nothing else. */
  #take(chunk: Buffer): boolean {
    const end = chunk.indexOf(END);
    if (end < 0 || end > LONGEST_HEAD || this.#host.isRetired()) return false;
    const head = chunk.toString('latin1', 0, end);
    const route = head === this.#head ? this.#route : this.#routeOf(head);
    const from = end + END.length;
    if (!route || chunk.length - from !== this.#length) return false;
    this.#state = 'busy';
    if (this.#host.take(this, route, chunk.subarray(from))) return true;
    this.#state = 'idle';
    return false;
  }

  #routeOf(text: string): DirectRoute | undefined {
    const head = directHead(text);
    const route = head && this.#host.routes.get(head.start);
    if (!route || head.length > route.maxBody) return undefined;
    const { admits = (headers) => !showsKey(headers) } = route;
    if (!admits(head.headers, this.socket.remoteAddress)) return undefined;
    this.#head = text;
    this.#route = route;
    this.#length = head.length;
    return route;
  }

  #handOver(chunk: Buffer): void {
    this.#state = 'handed over';
    const { socket } = this;
    socket.off('data', this.#data);
    socket.off('end', this.#end);
    socket.off('error', this.#error);
    socket.off('close', this.#close);
    socket.off('timeout', this.#timeout);
    socket.setTimeout(0);
    this.#host.gone(this);
    this.#host.handOver(this);
    socket.emit('data', chunk);
  }
}
