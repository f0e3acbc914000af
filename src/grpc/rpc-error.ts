import type { Metadata, status } from '@grpc/grpc-js';
import { MartletError } from '../errors.ts';

/** An answer other than OK: what the caller is told, so `message` holds no secret and no token. */
export class RpcError extends MartletError {
  readonly code = 'ERR_RPC';
  readonly status: status;
  /** Trailing metadata. */
  readonly trailer: Metadata | undefined;

  constructor(code: status, message: string, trailer?: Metadata) {
    super(message);
    this.status = code;
    this.trailer = trailer;
  }
}
