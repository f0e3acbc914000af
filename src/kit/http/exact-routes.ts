import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpStatus } from './http-status.ts';

/** What answers a request; undefined: nothing of these routes is there. */
export type FindRoute = (req: IncomingMessage) => ((res: ServerResponse) => Promise<void>) | undefined;
export type HttpHandler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;
/** Keys are a method and a path: `POST /api/push`. */
export type Routes = ReadonlyMap<string, HttpHandler>;

/** The decoded path of a request; undefined when its escapes are malformed. */
export function pathOf(url: string): string | undefined {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * Routes as Gorush's router (gin) does: methods and paths match exactly (no HEAD for GET, no OPTIONS, case matters), and a
 * path that would match with a trailing slash more or less is redirected there: 301 for GET, 307 for the rest.
 * @returns whether the request is one of these; rejects when its handler fails
 */
export function exactRoutes(
  routes: Routes,
  headers: Record<string, string>,
): (req: IncomingMessage, res: ServerResponse) => Promise<boolean> {
  return async (req, res) => {
    const path = pathOf(req.url as string);
    if (path === undefined) {
      res.writeHead(httpStatus.invalid, { 'Content-Type': 'text/plain; charset=utf-8' }).end('400 Bad Request');
      return true;
    }
    const route = routes.get(`${req.method} ${path}`);
    if (route) {
      for (const name in headers) res.setHeader(name, headers[name] as string);
      await route(req, res);
      return true;
    }
    const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    if (path === '/' || !routes.has(`${req.method} ${other}`)) return false;
    redirect(req, res, other);
    return true;
  };
}

function redirect(req: IncomingMessage, res: ServerResponse, path: string): void {
  const query = (req.url as string).match(/\?.*/)?.[0] ?? '';
  const location = encodeURI(path) + query;
  if (req.method !== 'GET') {
    res.writeHead(307, { Location: location }).end();
    return;
  }
  const safe = location
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&#34;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  res.writeHead(301, { Location: location, 'Content-Type': 'text/html; charset=utf-8' });
  res.end(`<a href="${safe}">Moved Permanently</a>.\n\n`);
}
