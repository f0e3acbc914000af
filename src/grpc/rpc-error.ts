import { Metadata } from '@grpc/grpc-js';
import { type RefusalKind, RefusedError } from '../kit/refusal.ts';
import { toMs } from '../kit/seconds.ts';

/**
 * A call that is refused: what its caller reads, so `message` holds no secret and no token. It travels percent-encoded in the
 * little room that metadata has; only plain ASCII stays as short as it looks, and a lone surrogate could not be sent at all.
 */
export class RpcError extends RefusedError {
  readonly code = 'ERR_RPC';
  readonly kind: RefusalKind;
  /** Trailing metadata. */
  readonly trailer: Metadata | undefined;

  /** @param retryAfter seconds, which gRFC A6 has clients wait for that repeat calls by themselves */
  constructor(kind: RefusalKind, message: string, retryAfter?: number) {
    super(message.replace(NOT_ASCII, '?'));
    this.kind = kind;
    this.trailer = retryAfter === undefined ? undefined : pushback(retryAfter);
  }
}

function pushback(seconds: number): Metadata {
  const trailer = new Metadata();
  trailer.set('grpc-retry-pushback-ms', String(Math.ceil(toMs(seconds))));
  trailer.set('retry-after', String(seconds));
  return trailer;
}

const NOT_ASCII = /[^ -~]/g;
