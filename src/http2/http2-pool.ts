import type { SecureContext, TLSSocket } from 'node:tls';
/**
 * The contract between a provider's transport and the HTTP/2 client: bursts of near-identical requests, answers by callback.
 * Knows HTTP/2 and no provider.
 */

/**
 * How a header enters the HPACK dynamic table (RFC 7541 section 6.2): `index` puts it there (and refers to it by index from
 * then on), `plain` never does, `secret` additionally forbids intermediaries to (never-indexed literal).
 */
export type Indexing = 'index' | 'plain' | 'secret';

/** A request header; the name is lower case. */
export interface RequestHeader {
  readonly name: string;
  readonly value: string;
  readonly indexing: Indexing;
}

/** What all requests of a burst share. `:method` is POST, `:scheme` https, `:authority` the pool's origin. */
export interface RequestTemplate {
  readonly headers: readonly RequestHeader[];
  /** The path of every request; absent when it varies (`Burst.path`). */
  readonly path?: string;
  /** What varying paths begin with: `Burst.path` returns the rest. Spares a string concatenation for each request. */
  readonly pathPrefix?: string;
  /** `Burst.path` returns nothing but visible ASCII, and a prefix is there: paths are not looked at again. */
  readonly plainPaths?: true;
  /** The body of every request; absent when it varies (`Burst.body`). */
  readonly body?: Uint8Array;
}

/** Answer headers, lower-case names; a repeated header is joined with ", ". */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** Why a request has no answer. `processed: 'no'` is proof (never written, REFUSED_STREAM, above GOAWAY's last id). */
export interface StreamFault {
  readonly code: string;
  readonly processed: 'no' | 'maybe';
  /** A sentence without secrets. */
  readonly message: string;
  /** The peer refuses us, whatever the request is. */
  readonly refusal?: PeerRefusal;
}

/**
 * What a peer says about us as it ends a connection: by a TLS alert about our certificate (RFC 8446 section 6.2; also that there is
 * none), or in the debug data of its GOAWAY.
 */
export interface PeerRefusal {
  readonly by: 'certificate' | 'goaway';
  /** The name of the alert (`certificate revoked`), or the debug data. */
  readonly text: string;
}

/**
 * A template and `count` requests of it. The pool calls `path` and `body` when it writes request `index` (again if it must be
 * replayed), and exactly one of `onResponse` and `onFault` once for each index. It is one object for many requests on
 * purpose: no promise, stream object or closure for each push.
 */
export interface Burst {
  readonly template: RequestTemplate;
  readonly count: number;
  path(index: number): string;
  /** Copied at once: it may be one buffer for all. */
  body(index: number): Uint8Array;
  /** `body` is only valid during the call. `session`: the number of the session that carried the request. */
  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void;
  /**
   * Reads the answer where it lies, in `bytes` from `start` to before `end`, during the call alone, and spares it an object of its own.
   * False: it was not read, and `onResponse` is called. Absent: as if it returned false.
   */
  onResponseIn?(index: number, status: number, bytes: Buffer, start: number, end: number, session: number): boolean;
  /** `session`: absent when no session carried it. */
  onFault(index: number, fault: StreamFault, session?: number): void;
}

/** A point in time of a pool, for health and metrics. Counters only grow. */
export interface PoolStats {
  readonly sessions: number;
  /** Requests written and unanswered. */
  readonly inFlight: number;
  /** Requests waiting for a free stream. */
  readonly waiting: number;
  /** Streams that the open sessions allow together, or what a fresh session is assumed to allow. */
  readonly capacity: number;
  readonly goaways: number;
  readonly pings: number;
  readonly connects: number;
  readonly connectFailures: number;
  /** The last connect failure while no session is open. */
  readonly lastError?: string;
}

export interface Http2Pool {
  /** Never throws; after `close` every request of the burst ends in `onFault` with `processed: 'no'`. */
  submit(burst: Burst): void;
  stats(): PoolStats;
  /** Ends idle sessions after their streams are answered, at most `graceMs`; then faults what is left. */
  close(graceMs?: number): Promise<void>;
}

export interface Http2PoolOptions {
  /** `https://host[:port]`. */
  readonly origin: string;
  /** PEM certificates trusted in addition to the system's. */
  readonly ca?: readonly string[];
  /** What is made of `ca` where there is neither `cert` nor `key`, for pools that share it: it takes megabytes, and is asked for with the first connection. Default: one of its own. */
  readonly trust?: () => SecureContext;
  /** TLS client certificate (PEM). */
  readonly cert?: string;
  readonly key?: string;
  /** Most sessions at a time; 0 means as needed up to 8. */
  readonly connections?: number;
  /** Milliseconds from the write of a request until it counts as unanswered; default 15,000. */
  readonly requestTimeoutMs?: number;
  /** `http://[user:password@]host:port` of a CONNECT proxy. */
  readonly proxy?: string;
  /**
   * Opens the connections in place of `ca`, `trust`, `cert`, `key` and `proxy`; the socket has HTTP/2 negotiated. Rejects with an
   * error that has a `code`.
   */
  readonly connect?: (signal: AbortSignal) => Promise<TLSSocket>;
  /**
   * Whether the debug data of a GOAWAY refuses us as such: then no other connection is tried for what it returned, nor for what waits.
   * Default: it never does.
   */
  readonly isRefusal?: (debug: string) => boolean;
  /** Numbers the sessions, from 1; default: those of this pool. */
  readonly numberSession?: () => number;
}
