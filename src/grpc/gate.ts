import type { PeerCertificate } from 'node:tls';
import type { Metadata } from '@grpc/grpc-js';
import type { Admitted, Auth, Caller } from '../auth/auth.ts';
import type { Principal, Scope } from '../auth/principal.ts';
import { isRefusal, type Refusal } from '../auth/refusal.ts';
import { RpcError } from './rpc-error.ts';

/** What the gate looks at of a call of any kind. */
export interface GatedCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate | undefined } | null;
}

/**
 * Says who makes a call.
 * @param scope what the call needs; undefined: only that its sender is known.
 * @throws (or rejects with) RpcError UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED or UNAVAILABLE.
 */
export type Gate = (call: GatedCall, scope: Scope | undefined) => Principal | Promise<Principal>;

/** `127.0.0.1:5000`, `::1:5000` → without the port. */
export function addressOf(call: Pick<GatedCall, 'getPeer'>): string | undefined {
  const peer = call.getPeer();
  const colon = peer.lastIndexOf(':');
  return colon < 0 ? undefined : peer.slice(0, colon);
}

const text = (metadata: Metadata, key: string): string | undefined => {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : undefined;
};

const callerOf = (call: GatedCall): Caller => ({
  authorization: text(call.metadata, 'authorization'),
  apiKey: text(call.metadata, 'x-api-key'),
  address: addressOf(call),
  get certificate() {
    return call.getAuthContext()?.sslPeerCertificate;
  },
});

export function gateOf(auth: Auth): Gate {
  const decide = (result: Admitted | Refusal): Principal => {
    if (isRefusal(result)) throw new RpcError(result.kind, result.message, result.retryAfter);
    return result.principal;
  };
  return (call, scope) => {
    const result = auth.admit(callerOf(call), scope);
    return result instanceof Promise ? result.then(decide) : decide(result);
  };
}
