import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Config } from '../config/schema.ts';
import { againHeaders, errorOf, sendError, sendJson } from '../kit/http/answer.ts';
import { upgradeOf } from '../kit/http/upgrades.ts';
import { noteAudit } from './audit.ts';
import type { Admitted, Auth, Caller } from './auth.ts';
import { textNameOf } from './hub-scopes.ts';
import { isOwnPage } from './own-page.ts';
import type { Quota } from './rate-limit.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { notePrincipal, noteStranger } from './request-principal.ts';
import { asksForKey, needOf } from './route-scopes.ts';
import { isStreamSocket, ticketOf } from './users/stream-ticket.ts';

function authorizationOf(req: IncomingMessage): string | undefined {
  const { authorization } = req.headers;
  return authorization !== undefined && /^basic /i.test(authorization) && !isOwnPage(req) ? 'Basic' : authorization;
}

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

/** The certificate of the connection, when it counts. */
function certificateOf(req: IncomingMessage): Caller['certificate'] {
  const socket = req.socket as Partial<TLSSocket>;
  return socket.authorized ? socket.getPeerCertificate?.() : undefined;
}

export function callerOf(req: IncomingMessage): Caller {
  return {
    authorization: authorizationOf(req),
    apiKey: single(req.headers['x-api-key']),
    address: req.socket.remoteAddress,
    ticket: ticketOf(req),
    get certificate() {
      return isOwnPage(req) ? certificateOf(req) : undefined;
    },
  };
}

/** draft-ietf-httpapi-ratelimit-headers-10. */
export const quotaHeaders = ({ quota, windowSeconds, remaining, resetSeconds }: Quota): Record<string, string> => ({
  'RateLimit-Policy': `"requests";q=${quota};w=${windowSeconds}`,
  RateLimit: `"requests";r=${remaining};t=${resetSeconds}`,
});

/** RFC 6750 section 3. A person's browser asks for a password where Basic is offered: that is for pages alone. */
function challengeOf({ kind, reason, scope }: Refusal, isPage: boolean): Record<string, string> {
  if (kind !== 'unauthenticated' && kind !== 'forbidden') return {};
  const error = scope ? `, error="insufficient_scope", scope="${scope}"` : ', error="invalid_token"';
  const bearer = `Bearer realm="martlet"${reason === 'no_credential' ? '' : error}`;
  return {
    'WWW-Authenticate':
      isPage && kind === 'unauthenticated' ? `${bearer}, Basic realm="martlet", charset="UTF-8"` : bearer,
  };
}

const isPage = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && /\btext\/html\b/.test(headers.accept ?? '');

/** Answers in the form of all errors, and in that of a system whose routes these are. @param headers those of every answer. */
export function sendRefusal(
  req: IncomingMessage,
  res: ServerResponse,
  refusal: Refusal,
  headers: Readonly<Record<string, string>>,
): void {
  const { kind, message, reason, quota } = refusal;
  noteAudit(res, { reason });
  const left = quota ? quotaHeaders(quota) : {};
  const { status, body } = errorOf(kind, message);
  const name = textNameOf(req.url as string);
  const told = name === undefined ? body : { [name]: message, ...body };
  sendJson(res, status, told, { ...headers, ...challengeOf(refusal, isPage(req)), ...left, ...againHeaders(refusal) });
}

export interface HttpGuardOptions {
  readonly auth: Auth;
  readonly uris: Config['api'];
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onError: (error: unknown) => void;
}

/** Lets those requests pass whose sender may do what they ask; the others get 401, 403, or 429. */
export function guarded(app: RequestListener, { auth, uris, headers, onError }: HttpGuardOptions): RequestListener {
  const need = needOf(uris);
  return (req, res) => {
    const needed = need(req.method as string, req.url as string);
    if (needed === 'nothing') {
      app(req, res);
      return;
    }
    const decide = (result: Admitted | Refusal): void => {
      if (result.principal) notePrincipal(req, result.principal);
      if (
        isRefusal(result) &&
        result.reason === 'no_credential' &&
        (asksForKey(req.method as string, req.url as string) || (upgradeOf(req) !== undefined && isStreamSocket(req)))
      ) {
        noteStranger(req);
        app(req, res);
      } else if (isRefusal(result)) sendRefusal(req, res, result, headers);
      else {
        if (result.quota)
          for (const [name, value] of Object.entries(quotaHeaders(result.quota))) res.setHeader(name, value);
        app(req, res);
      }
    };
    const result =
      typeof needed === 'string'
        ? auth.admit(callerOf(req), needed)
        : auth.admit(callerOf(req), needed.scope, needed.own);
    if (!(result instanceof Promise)) decide(result);
    else
      result.then(decide).catch((error) => {
        onError(error);
        if (!res.headersSent) sendError(res, 'internal', 'Internal Server Error', { headers: { ...headers } });
      });
  };
}
