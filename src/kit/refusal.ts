import { MartletError } from './errors.ts';

/**
 * Why a request is refused; nothing of it was done. Each face says it in its own codes, by one table: `httpStatus` in
 * src/kit/http/http-status.ts, `grpcStatus` in src/grpc/grpc-status.ts.
 */
export type RefusalKind =
  /** The request is wrong: `details` say where. */
  | 'invalid'
  /** It can be read, and what it says cannot be: `details` say where. */
  | 'unprocessable'
  /** It names an app that does not exist, as far as this process knows. */
  | 'unknown_app'
  /** The sender did not say who it is, or not so that it can be believed. */
  | 'unauthenticated'
  /** The sender may not do this. */
  | 'forbidden'
  /** Switched off by the configuration. */
  | 'off'
  | 'not_found'
  | 'wrong_method'
  /** The caller has given up, or its deadline has passed. */
  | 'cancelled'
  | 'too_late'
  /** What it wants to make exists already, or belongs to config.yml, or is being changed by others. */
  | 'conflict'
  /** Another protocol is spoken there. */
  | 'upgrade'
  /** It is not in the version that the caller expects. */
  | 'precondition'
  | 'too_large'
  /** Its idempotency key was used for another request. */
  | 'key_reused'
  /** The provider does not accept the credential, or could not be asked. */
  | 'credential_refused'
  | 'not_probed'
  | 'too_many_requests'
  /** The app cannot send to this platform: it has no credential for it, or none that can be used. */
  | 'no_provider'
  /** Not now: the queue is full, or something needed cannot be reached. */
  | 'unavailable';

/** Where a request is wrong. Holds no text of the caller. */
export interface FaultyField {
  readonly path: string;
  readonly reason: string;
}

/** A request that is refused. `message` is for its sender. */
export abstract class RefusedError extends MartletError {
  abstract readonly kind: RefusalKind;
  readonly details?: readonly FaultyField[] | undefined;
  /** Seconds after which to come again. */
  readonly retryAfter?: number | undefined;
}

/** An answer names so many, or a few more: others would only make it longer than the request. */
export const MOST_FAULTS = 20;

/** What is wrong in a body: the first of it in words. */
export function unprocessableText([first, ...more]: readonly FaultyField[]): string {
  const others = more.length === 0 ? '' : ` (and ${more.length} more: see details)`;
  const place = first?.path ? `${first.path}: ` : '';
  return `${place}${first?.reason ?? 'is wrong'}${others}`;
}
