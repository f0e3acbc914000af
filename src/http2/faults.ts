/**
 * What Node's and HTTP/2's errors mean for a request. The one place that knows their codes, and that says whether the peer
 * may have seen the request.
 */
import { ConnectionError } from './connection-error.ts';
import { errorName } from './frames/frames.ts';
import type { PeerRefusal, StreamFault } from './http2-pool.ts';

/** Why a session or a connect attempt ended, without secrets. */
export interface Cause {
  readonly code: string;
  readonly message: string;
  readonly refusal?: PeerRefusal;
}

const faultOf = ({ code, message, refusal }: Cause, processed: StreamFault['processed']): StreamFault =>
  refusal ? { code, processed, message, refusal } : { code, processed, message };
export const unsent = (cause: Cause): StreamFault => faultOf(cause, 'no');
export const unanswered = (cause: Cause): StreamFault => faultOf(cause, 'maybe');

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
  ...(debug ? { refusal: { by: 'goaway', text: debug } } : {}),
});

/** The peer answers in another protocol. */
export const noHttp2: Cause = { code: 'NO_HTTP2', message: 'the peer does not speak HTTP/2: it answered with HTTP/1' };

/** The end of a connection that had been established. */
export function connectionLost(error: unknown): Cause {
  if (error instanceof ConnectionError) {
    return { code: `HTTP2_${error.errorName}`, message: `the peer broke HTTP/2: ${error.message}` };
  }
  if (error === undefined) return { code: 'CONNECTION_LOST', message: 'the peer closed the connection' };
  return {
    code: codeOf(error) ?? 'CONNECTION_LOST',
    message: `the connection was lost: ${textOf(error)}`,
    ...certificateRefusal(error),
  };
}

/** A connection that did not come about. */
export function connectFailure(origin: string, error: unknown): Cause {
  return {
    code: codeOf(error) ?? 'CONNECT_FAILED',
    message: `no connection to ${origin}: ${textOf(error)}`,
    ...certificateRefusal(error),
  };
}

/** Alerts about the certificate of the side that gets them (RFC 8446 section 6.2), by number. */
const ABOUT_OUR_CERTIFICATE: Readonly<Record<string, string>> = {
  42: 'bad certificate',
  43: 'unsupported certificate',
  44: 'certificate revoked',
  45: 'certificate expired',
  46: 'certificate unknown',
  48: 'unknown ca',
  49: 'access denied',
  116: 'certificate required',
};
/** OpenSSL says so of every alert that was received; the code may be EPROTO, when a write was the first to notice. */
const ALERT_NUMBER = /SSL alert number (\d+)/;

/**
 * Whether an error is the peer's alert about our certificate: since TLS 1.3 it may come after the handshake, which is over for the
 * client before the server has looked at the certificate. Nothing that was written meanwhile was processed.
 */
export function certificateRefusal(error: unknown): { readonly refusal?: PeerRefusal } {
  if (!(error instanceof Error)) return {};
  const [, alert = ''] = ALERT_NUMBER.exec(error.message) ?? [];
  const text = ABOUT_OUR_CERTIFICATE[alert];
  return text === undefined ? certificateRefusal(error.cause) : { refusal: { by: 'certificate', text } };
}

/** ECONNREFUSED, CERT_HAS_EXPIRED, ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED, …; the first of several attempts' codes. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}

/** Of OpenSSL's messages the reason: around it are addresses and lines of its source code. */
const OPENSSL_REASON = /:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/;

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join(', ');
  if (!(error instanceof Error)) return String(error);
  return OPENSSL_REASON.exec(error.message)?.[1] ?? error.message;
}
