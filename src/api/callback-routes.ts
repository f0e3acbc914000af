import type { IncomingMessage } from 'node:http';
import express, { type Request, type Response, type Router } from 'express';
import type { CallbackAnswer, CallbackRequest, ProviderRow, SectionValues } from '../carrier/provider-row.ts';
import { sendError, sendText } from '../kit/http/answer.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import { type BodyRefusal, readBody } from '../kit/http/read-body.ts';
import type { ProviderTable } from '../providers/registry.ts';
import { bodyRefusal, callerRoom } from './caller-room.ts';

export interface CallbackRoutesOptions {
  /** The room that all bodies share; default: any. */
  readonly bodies?: BodyRoom | undefined;
  readonly providers: ProviderTable;
  /** The app's section of a provider; undefined: there is no such app, or it does not send there. */
  readonly sectionOf: (app: string, row: ProviderRow) => SectionValues | undefined;
  /** Undefined: the provider has no such callback. */
  readonly callback: (row: ProviderRow, request: CallbackRequest<SectionValues>) => Promise<CallbackAnswer | undefined>;
}

const MAX_BODY = 65_536;

const bodyOf = (req: IncomingMessage, bodies: BodyRoom | undefined): Promise<Buffer | BodyRefusal> =>
  new Promise((resolve) => readBody(req, { limit: MAX_BODY, room: callerRoom(req, bodies) }, resolve));

/**
 * `POST /v1/callbacks/{platform}/{app}/{name}`: what providers call. They have no key of ours; each row's provider checks the
 * signature of what it gets. A stranger learns nothing but whether there is such a callback.
 */
export function callbackRoutes({ providers, sectionOf, callback, bodies }: CallbackRoutesOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.post('/v1/callbacks/:platform/:app/:name', async (req: Request, res: Response) => {
    const { platform, app, name } = req.params as { platform: string; app: string; name: string };
    const row = providers.ofPlatform(platform);
    const section = row && sectionOf(app, row);
    const body = await bodyOf(req, bodies);
    if (typeof body === 'string') {
      const { kind, message, headers: more } = bodyRefusal(body, `${MAX_BODY} bytes`);
      return sendError(res, kind, message, { headers: more });
    }
    const { url, headers } = req;
    const answer = row && section && (await callback(row, { app, name, section, url, headers, body }));
    if (!answer) return sendError(res, 'not_found', 'There is no such callback.');
    if (answer.body === undefined) res.status(answer.status).end();
    else sendText(res, answer.status, answer.type ?? 'text/plain; charset=utf-8', answer.body);
  });
  return router;
}
