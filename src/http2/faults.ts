/**
 * What Node's and HTTP/2's errors mean for a request. The one place that knows their codes, and that says whether the peer
 * may have seen the request.
 */
import { ConnectionError } from './connection-error.ts';
import { errorName } from './frames/frames.ts';
import type { StreamFault } from './http2-pool.ts';

/** Why a session or a connect attempt ended, without secrets. */
export interface Cause {
  readonly code: string;
  readonly message: string;
}

export const unsent = ({ code, message }: Cause): StreamFault => ({ code, processed: 'no', message });
export const unanswered = ({ code, message }: Cause): StreamFault => ({ code, processed: 'maybe', message });

export const poolClosed: Cause = { code: 'POOL_CLOSED', message: 'the connection pool is closed' };
export const requestTimeout: Cause = { code: 'REQUEST_TIMEOUT', message: 'no answer in time' };
export const refusedStream: Cause = { code: 'REFUSED_STREAM', message: 'the peer kept refusing the request' };
export const connectTimeout: Cause = { code: 'CONNECT_TIMEOUT', message: 'no HTTP/2 connection in time' };
export const waitTimeout = (why: Cause | undefined): Cause => ({
  code: 'WAIT_TIMEOUT',
  message: why ? `no free stream in time; last: ${why.message}` : 'no free stream in time',
});

export const badRequest = (message: string): Cause => ({ code: 'INVALID_REQUEST', message });

export const resetByPeer = (code: number): Cause => ({
  code: `RST_${errorName(code)}`,
  message: `the peer reset the stream: ${errorName(code)}`,
});

export const brokenStream = (message: string): Cause => ({
  code: 'PROTOCOL_ERROR',
  message: `the peer broke HTTP/2: ${message}`,
});

export const wentAway = (code: number, debug: string): Cause => ({
  code: 'GOAWAY',
  message: `the peer sent GOAWAY ${errorName(code)}${debug ? `: ${debug}` : ''}`,
});

/** The end of a connection that had been established. */
export function connectionLost(error: unknown): Cause {
  if (error instanceof ConnectionError) {
    return { code: `HTTP2_${error.errorName}`, message: `the peer broke HTTP/2: ${error.message}` };
  }
  if (error === undefined) return { code: 'CONNECTION_LOST', message: 'the peer closed the connection' };
  return { code: codeOf(error) ?? 'CONNECTION_LOST', message: `the connection was lost: ${textOf(error)}` };
}

/** A connection that did not come about. */
export function connectFailure(origin: string, error: unknown): Cause {
  return { code: codeOf(error) ?? 'CONNECT_FAILED', message: `no connection to ${origin}: ${textOf(error)}` };
}

/** ECONNREFUSED, CERT_HAS_EXPIRED, ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED, …; the first of several attempts' codes. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
