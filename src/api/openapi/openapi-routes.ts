import type { IncomingMessage, ServerResponse } from 'node:http';
import { noteSize, sendText } from '../../kit/http/answer.ts';
import type { Routes } from '../../kit/http/exact-routes.ts';
import type { OpenApiDocument } from './document.ts';
import { ORIGIN, referencePage } from './reference-page.ts';

const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i;

/** Where the caller reached this server, for lines that can be pasted. */
function originOf(req: IncomingMessage): string {
  const host = req.headers.host ?? (req.headers[':authority'] as string | undefined) ?? '';
  const scheme = 'encrypted' in req.socket ? 'https' : 'http';
  return `${scheme}://${HOST.test(host) ? host : 'localhost:8088'}`;
}

function sendPage(req: IncomingMessage, res: ServerResponse, page: { readonly html: string; readonly policy: string }) {
  const html = Buffer.from(page.html.replaceAll(ORIGIN, originOf(req)));
  noteSize(res, html.length);
  res.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': html.length,
    'Content-Security-Policy': page.policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  });
  res.end(html);
}

/** `GET /openapi.json`, and `GET /docs`: the same as a page. Both are made when they are first asked for. */
export function openApiRoutes(describe: () => OpenApiDocument): Routes {
  let document: OpenApiDocument | undefined;
  let json: Buffer | undefined;
  let page: ReturnType<typeof referencePage> | undefined;
  const described = (): OpenApiDocument => {
    document ??= describe();
    return document;
  };
  return new Map([
    [
      'GET /openapi.json',
      (_req, res) => {
        // Bytes, which all answers share: a text is copied into each one that waits for its reader.
        json ??= Buffer.from(JSON.stringify(described()));
        sendText(res, 200, 'application/json', json);
      },
    ],
    [
      'GET /docs',
      (req, res) => {
        page ??= referencePage(described());
        sendPage(req, res, page);
      },
    ],
  ]);
}
