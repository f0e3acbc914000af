import { status } from '@grpc/grpc-js';
import type { RefusalKind } from '../kit/refusal.ts';

/** How gRPC says that a call is refused. Clients repeat UNAVAILABLE by themselves, and none of the others. */
export const grpcStatus = {
  invalid: status.INVALID_ARGUMENT,
  unprocessable: status.INVALID_ARGUMENT,
  unknown_app: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  off: status.FAILED_PRECONDITION,
  not_found: status.NOT_FOUND,
  wrong_method: status.UNIMPLEMENTED,
  cancelled: status.CANCELLED,
  too_late: status.DEADLINE_EXCEEDED,
  conflict: status.ABORTED,
  precondition: status.FAILED_PRECONDITION,
  too_large: status.RESOURCE_EXHAUSTED,
  key_reused: status.INVALID_ARGUMENT,
  credential_refused: status.FAILED_PRECONDITION,
  upgrade: status.FAILED_PRECONDITION,
  too_many_requests: status.RESOURCE_EXHAUSTED,
  not_probed: status.UNAVAILABLE,
  no_provider: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
} as const satisfies Record<RefusalKind, status>;
