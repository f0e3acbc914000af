import type { IncomingMessage } from 'node:http';
import type { Router } from 'express';
import { isStranger } from '../../auth/request-principal.ts';
import { sendText } from '../../kit/http/answer.ts';
import type { HttpHandler, Routes } from '../../kit/http/exact-routes.ts';
import { httpStatus } from '../../kit/http/http-status.ts';
import { filesOf, type PageFile, pageFile, sendPageFile } from '../page-file.ts';
import type { ApiSettings } from './api-group.ts';
import { openApiDocument } from './document.ts';
import { guideRoutes } from './guides/guide-routes.ts';
import { SCRIPTS } from './page-scripts.ts';
import { ORIGIN, referencePage } from './reference-page.ts';
import { PAGE_HEADERS, SIGN_IN_HEADERS, signInPage } from './whole-page.ts';

const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i;

/** Where the caller reached this server, for lines that can be pasted. */
function originOf(req: IncomingMessage): string {
  const host = req.headers.host ?? (req.headers[':authority'] as string | undefined) ?? '';
  const scheme = 'encrypted' in req.socket ? 'https' : 'http';
  return `${scheme}://${HOST.test(host) ? host : 'localhost:8088'}`;
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** Names by which one server is asked; a caller that makes up names shall not fill the memory. */
const MAX_ORIGINS = 4;

/** A page by the place where it was asked for. */
function byOrigin(text: () => string): (req: IncomingMessage) => PageFile {
  const made = new Map<string, PageFile>();
  return (req) => {
    const origin = originOf(req);
    const page = made.get(origin) ?? pageFile('html', text().replaceAll(ORIGIN, origin));
    // The oldest goes.
    made.delete(origin);
    made.set(origin, page);
    for (const first of made.keys()) if (made.size > MAX_ORIGINS) made.delete(first);
    return page;
  };
}

export interface ReferenceOptions {
  readonly settings: () => ApiSettings;
  /** Of the product. */
  readonly version: string;
  /** The console is served beside the page. */
  readonly console: boolean;
  /** Pushes go to simulated providers: sending one asks for no confirmation. */
  readonly sandbox: boolean;
}

export interface OpenApiRoutes {
  readonly routes: Routes;
  readonly guides: Router;
}

/**
 * `GET /openapi.json`, and `GET /docs`: the same as a page, with its scripts; and `guides`, the pages of docs/ beside it. All are made
 * when they are first asked for. Without a key a page is the body of a 401, and asks for one.
 */
export function openApiRoutes({ settings, version, ...about }: ReferenceOptions): OpenApiRoutes {
  const document = once(() => openApiDocument(settings(), version));
  const json = once(() => Buffer.from(JSON.stringify(document())));
  const text = once(() => referencePage(document(), about));
  const pageOf = byOrigin(text);
  const signInOf = byOrigin(() => signInPage('', 'HTTP API', `${ORIGIN}/docs`));
  const scripts = filesOf<(typeof SCRIPTS)[number]>(new URL('page/', import.meta.url));
  const icons = filesOf<'icon.svg'>(new URL('../console/page/', import.meta.url));
  const routes = new Map<string, HttpHandler>([
    // Bytes, which all answers share: a text is copied into each one that waits for its reader.
    ['GET /openapi.json', (_req, res) => sendText(res, 200, 'application/json', json())],
    [
      'GET /docs',
      (req, res) => {
        if (!isStranger(req)) sendPageFile(req, res, pageOf(req), { headers: PAGE_HEADERS });
        else sendPageFile(req, res, signInOf(req), { status: httpStatus.unauthenticated, headers: SIGN_IN_HEADERS });
      },
    ],
    ['GET /docs/icon.svg', (req, res) => sendPageFile(req, res, icons('icon.svg'), { headers: PAGE_HEADERS })],
    ...SCRIPTS.map((name): [string, HttpHandler] => [
      `GET /docs/${name}`,
      (req, res) => sendPageFile(req, res, scripts(name), { headers: PAGE_HEADERS }),
    ]),
  ]);
  return { routes, guides: guideRoutes({ tags: () => document().tags, console: about.console }) };
}
