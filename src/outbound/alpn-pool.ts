/**
 * Requests to one origin over whatever protocol it speaks, which the first TLS handshake tells (ALPN, RFC 7301):
 * - `asking`: bursts go to the HTTP/2 pool, whose connections offer both protocols; should the peer choose HTTP/1.1, what waits
 *   there comes back unsent and goes on over HTTP/1.1. A peer that knows no ALPN is taken to speak HTTP/1.1, or with `guessHttp2`
 *   to speak HTTP/2 until its first connection shows that it does not. → http2 with the first answer, → http1.
 * - `http2`: the HTTP/2 pool takes all. → http1 when a later connection is answered with HTTP/1.1 (the peer was replaced).
 * - `http1`: a pool of HTTP/1.1 takes all, for good: a peer of HTTP/2 understands HTTP/1.1 too.
 */

import type { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import type {
  Burst,
  Http2Pool,
  Http2PoolOptions,
  PoolStats,
  ResponseHeaders,
  StreamFault,
} from '../http2/http2-pool.ts';
import { background } from '../kit/background.ts';
import { Http1Pool } from './http1-pool.ts';

export interface AlpnPoolOptions {
  /** `https://host[:port]`, or `http://host[:port]`: then it is HTTP/1.1. */
  readonly origin: string;
  /** Opens connections that offer HTTP/2 and HTTP/1.1 (`both`), and HTTP/1.1 alone. */
  readonly connect: { readonly both: buildConnector.connector; readonly http1: buildConnector.connector };
  readonly createPool: (options: Http2PoolOptions) => Http2Pool;
  /** Most HTTP/2 sessions; 0: as needed, up to 8. */
  readonly connections: number;
  readonly requestTimeoutMs: number;
  readonly numberSession?: () => number;
  /** HTTP/2 is tried with a peer that knows no ALPN (prior knowledge, RFC 9113 section 3.3); default false. */
  readonly guessHttp2?: boolean;
}

/** The peer chose HTTP/1.1. */
const HTTP1_CHOSEN = 'HTTP1_CHOSEN';

class Http1ChosenError extends Error {
  readonly code = HTTP1_CHOSEN;
  constructor() {
    super('the peer speaks HTTP/1.1');
  }
}

export class AlpnPool implements Http2Pool {
  readonly #options: AlpnPoolOptions;
  #http2: Http2Pool | undefined;
  #http1: Http1Pool | undefined;
  #speaksHttp2 = false;
  /** The last connection was made to a peer that knows no ALPN. */
  #guessed = false;

  constructor(options: AlpnPoolOptions) {
    this.#options = options;
    const { origin, createPool, connections, requestTimeoutMs } = options;
    if (!origin.startsWith('https:')) this.#http1 = this.#openHttp1();
    else this.#http2 = createPool({ origin, connections, requestTimeoutMs, connect: (signal) => this.#dial(signal) });
  }

  submit(burst: Burst): void {
    if (this.#http1) this.#http1.submit(burst);
    else if (this.#http2) this.#http2.submit(this.#isSettled() ? burst : new Rerouted(burst, this));
  }

  stats(): PoolStats {
    return ((this.#http1 ?? this.#http2) as Http2Pool).stats();
  }

  async close(graceMs?: number): Promise<void> {
    await Promise.all([this.#http1?.close(graceMs), this.#http2?.close(graceMs)]);
  }

  /** Whether a request that came back unsent did so because the peer speaks HTTP/1.1; then it goes out over that. */
  movesToHttp1(burst: Burst, index: number, fault: StreamFault): boolean {
    const isWrongGuess =
      this.#guessed && fault.processed === 'no' && !this.#isSettled() && fault.code !== 'POOL_CLOSED';
    if (fault.code !== HTTP1_CHOSEN && !isWrongGuess) return false;
    this.#turnToHttp1().submit(new One(burst, index));
    return true;
  }

  #isSettled(): boolean {
    this.#speaksHttp2 ||= (this.#http2?.stats().connects ?? 0) > 0;
    return this.#speaksHttp2;
  }

  async #dial(signal: AbortSignal): Promise<TLSSocket> {
    const { origin, connect, guessHttp2 = false } = this.#options;
    const socket = await open(connect.both, origin, signal);
    this.#guessed = typeof socket.alpnProtocol !== 'string' && guessHttp2;
    if (socket.alpnProtocol === 'h2' || this.#guessed) return socket;
    // The one connection that this costs is not used: HTTP/1.1 opens its own.
    socket.destroy();
    this.#turnToHttp1();
    throw new Http1ChosenError();
  }

  #turnToHttp1(): Http1Pool {
    if (this.#http1) return this.#http1;
    this.#http1 = this.#openHttp1();
    // Later: what waits in it has to come back first.
    setImmediate(() => background(this.#http2?.close()));
    return this.#http1;
  }

  #openHttp1(): Http1Pool {
    const { origin, connect, connections, requestTimeoutMs, numberSession } = this.#options;
    return new Http1Pool({
      origin,
      connect: connect.http1,
      requestTimeoutMs,
      ...(connections > 0 ? { connections } : {}),
      ...(numberSession ? { numberSession } : {}),
    });
  }
}

/** A TLS connection to the origin, with what the HTTP/2 client wants of it. */
function open(connect: buildConnector.connector, origin: string, signal: AbortSignal): Promise<TLSSocket> {
  const { protocol, hostname, host, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    connect({ protocol, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), host, port }, (error, connected) => {
      signal.removeEventListener('abort', abort);
      if (!connected) return reject(error);
      const socket = connected as TLSSocket;
      // Stays for the socket's life: an error must not be unhandled before a session listens.
      socket.on('error', () => {});
      if (signal.aborted) socket.destroy();
      else resolve(socket);
    });
  });
}

/** A burst of which single requests may go on over HTTP/1.1. */
class Rerouted implements Burst {
  readonly #burst: Burst;
  readonly #pool: AlpnPool;

  constructor(burst: Burst, pool: AlpnPool) {
    this.#burst = burst;
    this.#pool = pool;
  }

  get template(): Burst['template'] {
    return this.#burst.template;
  }

  get count(): number {
    return this.#burst.count;
  }

  path(index: number): string {
    return this.#burst.path(index);
  }

  body(index: number): Uint8Array {
    return this.#burst.body(index);
  }

  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.#burst.onResponse(index, status, headers, body, session);
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    if (!this.#pool.movesToHttp1(this.#burst, index, fault)) this.#burst.onFault(index, fault, session);
  }
}

/** One request of a burst. */
class One implements Burst {
  readonly count = 1;
  readonly #burst: Burst;
  readonly #index: number;

  constructor(burst: Burst, index: number) {
    this.#burst = burst;
    this.#index = index;
  }

  get template(): Burst['template'] {
    return this.#burst.template;
  }

  path(): string {
    return this.#burst.path(this.#index);
  }

  body(): Uint8Array {
    return this.#burst.body(this.#index);
  }

  onResponse(_: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.#burst.onResponse(this.#index, status, headers, body, session);
  }

  onFault(_: number, fault: StreamFault, session?: number): void {
    this.#burst.onFault(this.#index, fault, session);
  }
}
