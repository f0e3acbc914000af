import express, { type Router } from 'express';
import type { HttpHandler, Routes } from '../../kit/http/exact-routes.ts';
import { late } from '../../kit/late.ts';
import type { ReferenceOptions } from './openapi-routes.ts';
import { SCRIPTS } from './page-scripts.ts';

const PATHS = ['/openapi.json', '/docs', '/docs/icon.svg', ...SCRIPTS.map((name) => `/docs/${name}`)];

/** The description of the API, its page and the guides, which are loaded when one of them is first asked for: most processes never are. */
export function reference(options: ReferenceOptions): {
  readonly routes: Routes;
  readonly guides: Router;
} {
  const whole = late('the description of the API', async () => {
    const { openApiRoutes } = await import('./openapi-routes.ts');
    return openApiRoutes(options);
  });
  const routes = PATHS.map((path): [string, HttpHandler] => {
    const key = `GET ${path}`;
    return [key, async (req, res) => (await whole()).routes.get(key)?.(req, res)];
  });
  const guides = express.Router({ caseSensitive: true, strict: true });
  guides.get('/docs/*rest', async (req, res, next) => (await whole()).guides(req, res, next));
  return { routes: new Map(routes), guides };
}
