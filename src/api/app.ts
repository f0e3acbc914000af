import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Router } from 'express';
import { stringify } from 'yaml';
import { background } from '../kit/background.ts';
import { GORUSH_VERSION, sendError, sendJson, sendText, versionHeaders } from '../kit/http/answer.ts';
import { exactRoutes, type FindRoute, type HttpHandler, type Routes } from '../kit/http/exact-routes.ts';
import { isHttp2 } from '../kit/http/is-http2.ts';
import { late } from '../kit/late.ts';
import { rationed } from '../kit/rationed.ts';

export interface ApiOptions {
  /** Where each part is served: the `api.*` section of the configuration. */
  readonly uris: {
    readonly push_uri: string;
    readonly stat_go_uri: string;
    readonly stat_app_uri: string;
    readonly config_uri: string;
    readonly sys_stat_uri: string;
    readonly metric_uri: string;
    readonly health_uri: string;
  };
  /** Martlet's own version. */
  readonly version: string;
  readonly sandbox: boolean;
  /** Answers by itself, whatever happens. */
  readonly push: (req: IncomingMessage, res: ServerResponse) => void;
  readonly statGo: () => object;
  readonly statApp: HttpHandler;
  readonly sysStats: () => object;
  /** The redacted configuration. */
  readonly configView: () => object;
  /** @param accept the request's Accept header */
  readonly metrics: (accept: string | undefined) => Promise<{ readonly type: string; readonly text: string }>;
  readonly ready: () => { readonly status: number; readonly body: object };
  /** Routes of ours beside Gorush's. */
  readonly pages?: Routes;
  /** All other routes, with Express: loaded with the first request that no route above is for. */
  readonly routers?: () => Promise<readonly Router[]>;
  /** Routes that are asked for so often that Express is left out; they are among `routers`, too. */
  readonly straight?: FindRoute | undefined;
  readonly onError: (error: unknown) => void;
}

function routesOf(options: ApiOptions): Routes {
  const { uris } = options;
  const json =
    (body: () => object | Promise<object>): HttpHandler =>
    async (_req, res) =>
      sendJson(res, 200, await body());
  const health: HttpHandler = (_req, res) => {
    res.writeHead(200, { 'Content-Length': 0 }).end();
  };
  const version = { source: 'https://github.com/appleboy/gorush', version: GORUSH_VERSION, martlet: options.version };
  const configText = rationed(async () => stringify(options.configView()));
  return new Map<string, HttpHandler>([
    // Routes set by `api.*` come first and override others at the same path.
    ...(options.pages ?? []),
    [`POST ${uris.push_uri}`, options.push],
    [`GET ${uris.stat_go_uri}`, json(options.statGo)],
    [`GET ${uris.stat_app_uri}`, options.statApp],
    [`GET ${uris.sys_stat_uri}`, json(options.sysStats)],
    [
      `GET ${uris.config_uri}`,
      async (_req, res) => sendText(res, 200, 'application/yaml; charset=utf-8', await configText()),
    ],
    [
      `GET ${uris.metric_uri}`,
      async (req, res) => {
        const { type, text } = await options.metrics(req.headers.accept);
        sendText(res, 200, type, text);
      },
    ],
    [`GET ${uris.health_uri}`, health],
    [`HEAD ${uris.health_uri}`, health],
    [
      'GET /readyz',
      (_req, res) => {
        const { status, body } = options.ready();
        sendJson(res, status, body);
      },
    ],
    ['GET /version', json(() => ({ ...version, ...(options.sandbox ? { sandbox: true } : {}) }))],
    ['GET /', json(() => ({ text: 'Welcome to notification server.' }))],
  ]);
}

function failed(res: ServerResponse): void {
  if (res.headersSent) res.destroy();
  else sendError(res, 'internal', 'Internal Server Error');
}

/** Gorush's HTTP face, as a listener for `http.createServer` and, by the compatibility API, for a server of node:http2. */
export function createApp(options: ApiOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const headers = versionHeaders(options.version);
  const exact = exactRoutes(routesOf(options), headers);
  const straight = straightOf(options, headers);
  const fail = (error: unknown, res: ServerResponse): void => {
    options.onError(error);
    failed(res);
  };
  const others = late('the routes of Express', async () => {
    const [{ expressApp }, routers = []] = await Promise.all([import('./express-app.ts'), options.routers?.()]);
    return expressApp({ routers, headers, onError: fail });
  });
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (!(await exact(req, res))) (await others())(req, res);
  };
  return (req, res) => {
    // The requests that come by the million go straight to their routes: Express's own work would cost more than the push.
    if (req.method === 'POST' && req.url === options.uris.push_uri) options.push(req, res);
    else if (isHttp2(req) || !straight(req, res)) background(handle(req, res), (error) => fail(error, res));
  };
}

/** @returns whether the request is answered */
function straightOf({ straight, onError }: ApiOptions, headers: Record<string, string>) {
  return (req: IncomingMessage, res: ServerResponse): boolean => {
    const answer = straight?.(req);
    if (!answer) return false;
    for (const name in headers) res.setHeader(name, headers[name] as string);
    answer(res).catch((error: unknown) => {
      onError(error);
      failed(res);
    });
    return true;
  };
}
