import type { IncomingMessage, ServerResponse } from 'node:http';
import { notFromHere } from '../../auth/own-page.ts';
import { mayDo, type Principal } from '../../auth/principal.ts';
import { isStranger, principalOfRequest } from '../../auth/request-principal.ts';
import { sendError, sendRefused, sendText } from '../../kit/http/answer.ts';
import type { HttpHandler, Routes } from '../../kit/http/exact-routes.ts';
import { httpStatus } from '../../kit/http/http-status.ts';
import { sendPageFile } from '../page-file.ts';
import type { ConsoleFeed, Viewer } from './console-feed.ts';
import { PAGE_FILES, type PageFileName, pageFiles } from './page-files.ts';

export const CONSOLE_EVENTS = '/v1/console/events';

export interface ConsoleRoutesOptions {
  readonly feed: ConsoleFeed;
  /** Why the console is closed to all; undefined: every authenticated caller may use it. */
  readonly closed: string | undefined;
  /** The apps that there are; undefined without the hub: then there is nothing for a key of some apps. */
  readonly apps: (() => readonly string[]) | undefined;
  /** What a browser has to show: an API key; perhaps only its certificate; or, on loopback, nothing. */
  readonly credential: 'key' | 'certificate' | 'none';
}

const HEADERS = {
  'Cache-Control': 'no-cache',
  // No inline script or style, nothing from other origins, no framing (clickjacking); and no text ever becomes markup.
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const SOME_APPS = 'the console shows all apps, and the key is for some of them';
const TOO_MANY = 'as many consoles are open as may be, or the process is ending';
const AGAIN_SECONDS = 5;

/** @param apps the names of all */
function viewerOf(principal: Principal | undefined, apps: readonly string[]): Viewer {
  const may = (scope: 'push' | 'admin' | 'users') => !principal || mayDo(principal, scope);
  return {
    who: principal?.name ?? '',
    may: { push: may('push'), admin: may('admin'), users: may('users') },
    apps: principal?.apps ? [...principal.apps].sort() : apps,
    figures: principal?.apps === undefined,
  };
}

/**
 * `GET /console` with its files, and `GET /v1/console/events`, what they show. The files hold no figures and need no key;
 * without a key the page is the body of a 401, and asks for one.
 */
export function consoleRoutes({ feed, closed, credential, apps }: ConsoleRoutesOptions): Routes {
  const files = pageFiles((text) => text.replace('{{credential}}', credential));
  const refusal = (req: IncomingMessage): string | undefined =>
    closed ?? (credential === 'none' ? notFromHere(req) : undefined);

  const page =
    (name: PageFileName): HttpHandler =>
    (req, res) => {
      const refused = refusal(req);
      if (refused !== undefined) {
        sendText(res, httpStatus.forbidden, 'text/plain; charset=utf-8', `${refused}\n`);
        return;
      }
      // Bearer alone: a browser that is offered Basic asks for a password before it shows the page.
      const asks = isStranger(req) ? { 'WWW-Authenticate': 'Bearer realm="martlet"' } : undefined;
      const status = asks ? httpStatus.unauthenticated : 200;
      sendPageFile(req, res, files(name), { status, headers: { ...HEADERS, ...asks } });
    };

  const events: HttpHandler = (req: IncomingMessage, res: ServerResponse) => {
    const principal = principalOfRequest(req);
    const refused = refusal(req) ?? (principal?.apps && !apps ? SOME_APPS : undefined);
    if (refused !== undefined) sendError(res, 'forbidden', refused);
    else if (!feed.watch(req, res, viewerOf(principal, apps?.() ?? [])))
      sendRefused(res, { kind: 'unavailable', message: TOO_MANY, retryAfter: AGAIN_SECONDS });
  };

  return new Map<string, HttpHandler>([
    ['GET /console', page('index.html')],
    ...PAGE_FILES.slice(1).map((name) => [`GET /console/${name}`, page(name)] as const),
    [`GET ${CONSOLE_EVENTS}`, events],
  ]);
}
