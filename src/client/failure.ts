/**
 * Why a call did not do what it should:
 * - `invalid`      400, 413, 422: the request is wrong; the same again fails again. `details` says where
 * - `unauthorized` 401, 403: the key is missing, unknown, or may not do this
 * - `not_found`    404: there is no such push, or this relay does not serve that
 * - `refused`      408, 429, 503: nothing was taken; come again, in `retryAfterMs` where it is there
 * - `unavailable`  any other answer: something is broken, here or between
 * - `network`      no answer: unreachable, out of time, or called off by `signal`
 */
export type FailureKind = 'invalid' | 'unauthorized' | 'not_found' | 'refused' | 'unavailable' | 'network';

export interface Failure {
  readonly kind: FailureKind;
  /** One sentence, the relay's own where it gave one. Holds no key and no token. */
  readonly message: string;
  /** Of the HTTP answer; absent when there was none. */
  readonly status?: number;
  /** Milliseconds until it is worth trying again, where the relay said so. */
  readonly retryAfterMs?: number;
  /** What the relay said is wrong with the request: `notifications[0].badge`, `expected an integer, got a string`. */
  readonly details?: readonly { readonly path: string; readonly reason: string }[];
}

export type Result<Value> = ({ readonly ok: true } & Value) | { readonly ok: false; readonly error: Failure };

const KINDS: { readonly [status: number]: FailureKind } = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  408: 'refused',
  409: 'invalid',
  413: 'invalid',
  422: 'invalid',
  429: 'refused',
};

/** A proxy's 503 does not say when to come again, and whether the relay has the request is not known. */
function kindOf(status: number, retryAfterMs: number | undefined): FailureKind {
  if (status === 503) return retryAfterMs === undefined ? 'unavailable' : 'refused';
  return KINDS[status] ?? 'unavailable';
}

const SECOND = 1000;

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * SECOND;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

interface ErrorBody {
  readonly message?: unknown;
  readonly details?: unknown;
}

/** @param body the JSON of the answer; undefined when it was not JSON. */
export function failureOf(response: Response, body: unknown, now: number): Failure {
  const { message, details } = (typeof body === 'object' && body !== null ? body : {}) as ErrorBody;
  const retryAfterMs = retryAfterOf(response.headers.get('retry-after'), now);
  return {
    kind: kindOf(response.status, retryAfterMs),
    message: typeof message === 'string' ? message : `the relay answered ${response.status}`,
    status: response.status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(Array.isArray(details) ? { details } : {}),
  };
}
