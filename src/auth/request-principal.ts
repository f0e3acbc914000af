import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.ts';

const PRINCIPAL = Symbol('who sent the request');

interface Known {
  [PRINCIPAL]?: Principal;
}

export function notePrincipal(req: IncomingMessage, principal: Principal): void {
  (req as Known)[PRINCIPAL] = principal;
}

/** Who sent a request that was let in; undefined where everybody may call. */
export const principalOfRequest = (req: IncomingMessage): Principal | undefined => (req as Known)[PRINCIPAL];
