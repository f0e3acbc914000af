import type { RequestListener } from 'node:http';
import { isAdministration } from '../auth/route-scopes.ts';
import type { Config } from '../config/schema.ts';
import { sendText } from '../kit/http/answer.ts';
import { httpStatus } from '../kit/http/http-status.ts';

/**
 * What the two listeners of `core.admin_address` serve: the one for callers has no figures, no configuration and no administration;
 * the other has everything, so that an administrator can also send a push and look at it.
 */
export function surfaces(
  app: RequestListener,
  uris: Config['api'],
  headers: Readonly<Record<string, string>>,
): { readonly callers: RequestListener; readonly administration: RequestListener } {
  const administers = isAdministration(uris);
  const callers: RequestListener = (req, res) => {
    if (administers(req.url as string))
      sendText(res, httpStatus.not_found, 'text/plain', '404 page not found', { ...headers });
    else app(req, res);
  };
  return { callers, administration: app };
}
