import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { sendError } from '../api/answer.ts';
import type { Config } from '../config/schema.ts';
import type { Admitted, Auth, Caller } from './auth.ts';
import type { Quota } from './rate-limit.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { notePrincipal } from './request-principal.ts';
import { needOf } from './route-scopes.ts';

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

/** The certificate of the connection, when it counts. */
function certificateOf(req: IncomingMessage): Caller['certificate'] {
  const socket = req.socket as Partial<TLSSocket>;
  return socket.authorized ? socket.getPeerCertificate?.() : undefined;
}

export function callerOf(req: IncomingMessage): Caller {
  return {
    authorization: req.headers.authorization,
    apiKey: single(req.headers['x-api-key']),
    address: req.socket.remoteAddress,
    get certificate() {
      return certificateOf(req);
    },
  };
}

/** draft-ietf-httpapi-ratelimit-headers-10. */
export const quotaHeaders = ({ quota, windowSeconds, remaining, resetSeconds }: Quota): Record<string, string> => ({
  'RateLimit-Policy': `"requests";q=${quota};w=${windowSeconds}`,
  RateLimit: `"requests";r=${remaining};t=${resetSeconds}`,
});

/** RFC 6750 section 3. */
function challengeOf({ status, reason, scope }: Refusal): Record<string, string> {
  if (status !== 401 && status !== 403) return {};
  const error = scope ? `, error="insufficient_scope", scope="${scope}"` : ', error="invalid_token"';
  return { 'WWW-Authenticate': `Bearer realm="martlet"${reason === 'no_credential' ? '' : error}` };
}

/** Answers in the form of all errors. @param headers those of every answer. */
export function sendRefusal(res: ServerResponse, refusal: Refusal, headers: Readonly<Record<string, string>>): void {
  const { status, message, retryAfter } = refusal;
  const again = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  sendError(res, status, message, { headers: { ...headers, ...challengeOf(refusal), ...again } });
}

export interface GuardOptions {
  readonly auth: Auth;
  readonly uris: Config['api'];
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onError: (error: unknown) => void;
}

/** Lets those requests pass whose sender may do what they ask; the others get 401, 403, or 429. */
export function guarded(app: RequestListener, { auth, uris, headers, onError }: GuardOptions): RequestListener {
  const need = needOf(uris);
  return (req, res) => {
    const needed = need(req.method as string, req.url as string);
    if (needed === 'nothing') {
      app(req, res);
      return;
    }
    const decide = (result: Admitted | Refusal): void => {
      if (isRefusal(result)) sendRefusal(res, result, headers);
      else {
        notePrincipal(req, result.principal);
        if (result.quota)
          for (const [name, value] of Object.entries(quotaHeaders(result.quota))) res.setHeader(name, value);
        app(req, res);
      }
    };
    const result = auth.admit(callerOf(req), needed);
    if (!(result instanceof Promise)) decide(result);
    else
      result.then(decide).catch((error) => {
        onError(error);
        if (!res.headersSent) sendError(res, 500, 'Internal Server Error', { headers: { ...headers } });
      });
  };
}
