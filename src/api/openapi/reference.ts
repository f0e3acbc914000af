import type { HttpHandler, Routes } from '../../kit/http/exact-routes.ts';
import { late } from '../../kit/late.ts';
import type { OpenApiRoutes, ReferenceOptions } from './openapi-routes.ts';
import { SCRIPTS } from './page-scripts.ts';

const PATHS = ['/openapi.json', '/docs', '/docs/icon.svg', ...SCRIPTS.map((name) => `/docs/${name}`)];

export interface Reference {
  readonly routes: Routes;
  readonly whole: () => Promise<OpenApiRoutes>;
}

/** The description of the API, its page and the guides, which are loaded when one of them is first asked for: most processes never are. */
export function reference(options: ReferenceOptions): Reference {
  const whole = late('the description of the API', async () => {
    const { openApiRoutes } = await import('./openapi-routes.ts');
    return openApiRoutes(options);
  });
  const routes = PATHS.map((path): [string, HttpHandler] => {
    const key = `GET ${path}`;
    return [key, async (req, res) => (await whole()).routes.get(key)?.(req, res)];
  });
  return { routes: new Map(routes), whole };
}
