import type { RefusalKind } from '../refusal.ts';

/** How HTTP says that a request is refused; `internal` is an error of ours. */
export const httpStatus = {
  invalid: 400,
  unknown_app: 400,
  unauthenticated: 401,
  forbidden: 403,
  off: 403,
  not_found: 404,
  wrong_method: 405,
  cancelled: 408,
  too_late: 408,
  conflict: 409,
  precondition: 412,
  too_large: 413,
  unprocessable: 422,
  key_reused: 422,
  credential_refused: 422,
  upgrade: 426,
  too_many_requests: 429,
  internal: 500,
  not_probed: 502,
  no_provider: 503,
  unavailable: 503,
} as const satisfies Record<RefusalKind | 'internal', number>;
