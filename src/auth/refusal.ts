import type { Principal, Scope } from './principal.ts';
import type { Quota } from './rate-limit.ts';

/** Why a caller was refused; the label of `martlet_auth_failures_total`. */
export type FailureReason =
  | 'no_credential'
  | 'malformed'
  | 'unknown_key'
  | 'invalid_token'
  | 'expired_token'
  | 'used_ticket'
  | 'unknown_certificate'
  | 'scope'
  | 'rate_limit'
  | 'locked_out'
  | 'jwks_unavailable';

/** The answer to a caller who is refused. Holds nothing of what was presented. */
export interface Refusal {
  readonly kind: 'unauthenticated' | 'forbidden' | 'too_many_requests' | 'unavailable';
  readonly reason: FailureReason;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number;
  /** For `forbidden`: what the request needs. */
  readonly scope?: Scope;
  /** Whose request it was, where that is known. */
  readonly principal?: Principal;
  /** Where the key has a limit. */
  readonly quota?: Quota | undefined;
}

export const isRefusal = (result: object): result is Refusal => 'reason' in result;

const MESSAGES = {
  no_credential: 'A key is needed: Authorization: Bearer <key>, or X-API-Key.',
  malformed: 'The Authorization header is not of the form: Bearer <key>.',
  unknown_key: 'The key is unknown.',
  invalid_token: 'The token is not valid.',
  expired_token: 'The token has expired.',
  used_ticket: 'The ticket was used, or has expired, or is for another stream.',
  unknown_certificate: 'The client certificate belongs to no known caller.',
} as const satisfies Partial<Record<FailureReason, string>>;

export const unauthenticated = (reason: keyof typeof MESSAGES): Refusal => ({
  kind: 'unauthenticated',
  reason,
  message: MESSAGES[reason],
});

export const forbidden = (scope: Scope): Refusal => ({
  kind: 'forbidden',
  reason: 'scope',
  message: `This needs the scope ${scope}.`,
  scope,
});

export const tooManyFailures = (retryAfter: number): Refusal => ({
  kind: 'too_many_requests',
  reason: 'locked_out',
  message: `Too many attempts with a wrong key; the next one may come in ${retryAfter} s.`,
  retryAfter,
});

export const tooManyRequests = (retryAfter: number): Refusal => ({
  kind: 'too_many_requests',
  reason: 'rate_limit',
  message: `More requests than this key may send; the next one may come in ${retryAfter} s.`,
  retryAfter,
});

/** Nothing is wrong with the token, as far as is known. */
export const cannotTell: Refusal = {
  kind: 'unavailable',
  reason: 'jwks_unavailable',
  message: 'The keys that sign tokens cannot be had at the moment.',
  retryAfter: 5,
};
