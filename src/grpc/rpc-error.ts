import type { Metadata, status } from '@grpc/grpc-js';
import { MartletError } from '../kit/errors.ts';

/**
 * An answer other than OK: what the caller is told, so `message` holds no secret and no token. It travels percent-encoded in the
 * little room that metadata has; only plain ASCII stays as short as it looks, and a lone surrogate could not be sent at all.
 */
export class RpcError extends MartletError {
  readonly code = 'ERR_RPC';
  readonly status: status;
  /** Trailing metadata. */
  readonly trailer: Metadata | undefined;

  constructor(code: status, message: string, trailer?: Metadata) {
    super(message.replace(NOT_ASCII, '?'));
    this.status = code;
    this.trailer = trailer;
  }
}

const NOT_ASCII = /[^ -~]/g;
