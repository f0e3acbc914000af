import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.ts';

const PRINCIPAL = Symbol('who sent the request');
const STRANGER = Symbol('no authentication is configured');

interface Known {
  [PRINCIPAL]?: Principal;
  [STRANGER]?: true;
}

export function notePrincipal(req: IncomingMessage, principal: Principal): void {
  (req as Known)[PRINCIPAL] = principal;
}

/** The authenticated sender of a request; undefined without authentication. */
export const principalOfRequest = (req: IncomingMessage): Principal | undefined => (req as Known)[PRINCIPAL];

/** The request is let as far as the page that asks for a key, and no further. */
export function noteStranger(req: IncomingMessage): void {
  (req as Known)[STRANGER] = true;
}

/** True for a request that only gets to see where it may say who it is: answered with 401. */
export const isStranger = (req: IncomingMessage): boolean => (req as Known)[STRANGER] === true;
