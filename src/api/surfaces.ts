import type { RequestListener } from 'node:http';
import { isAdministration } from '../auth/route-scopes.ts';
import type { Config } from '../config/schema.ts';
import { sendText } from './answer.ts';
import { pathOf } from './exact-routes.ts';

const BOTH = new Set(['/readyz', '/version', '/']);

/**
 * The two listeners of `core.admin_address`: one for callers, one for figures, configuration and administration. What belongs to the
 * other is not there; health is on both.
 */
export function surfaces(
  app: RequestListener,
  uris: Config['api'],
  headers: Readonly<Record<string, string>>,
): { readonly callers: RequestListener; readonly administration: RequestListener } {
  const administers = isAdministration(uris);
  const both = new Set([...BOTH, uris.health_uri]);
  const when =
    (serves: (url: string) => boolean): RequestListener =>
    (req, res) => {
      const url = req.url as string;
      if (serves(url)) app(req, res);
      else sendText(res, 404, 'text/plain', '404 page not found', { ...headers });
    };
  return {
    callers: when((url) => !administers(url)),
    administration: when((url) => administers(url) || both.has(pathOf(url) ?? '')),
  };
}
