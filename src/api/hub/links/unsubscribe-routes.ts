import type { IncomingMessage } from 'node:http';
import express, { type Request, type Response, type Router } from 'express';
import { type OptOutLink, openOptOut } from '../../../hub/people/opt-out-link.ts';
import type { People } from '../../../hub/people/people.ts';
import type { HubStore } from '../../../hub/storage/storage.ts';
import { sendError, sendRefused, sendText } from '../../../kit/http/answer.ts';
import type { BodyRoom } from '../../../kit/http/body-room.ts';
import { type BodyRefusal, readBody } from '../../../kit/http/read-body.ts';
import { RefusedError } from '../../../kit/refusal.ts';
import { bodyRefusal, callerRoom } from '../../caller-room.ts';
import { isOneClick } from './one-click.ts';
import { askPage, donePage, PAGE_HEADERS } from './unsubscribe-page.ts';

export interface UnsubscribeRoutesParts {
  readonly store: Pick<HubStore, 'seal'>;
  readonly people: Pick<People, 'optOut'>;
  /** The room that all bodies share. */
  readonly bodies: BodyRoom | undefined;
}

const HTML = 'text/html; charset=utf-8';
const OK = 200;
/** A mail program sends some hundred bytes. */
const MAX_BODY = 16_384;
const METHODS = 'GET, HEAD, POST';

const bodyOf = (req: IncomingMessage, bodies: BodyRoom | undefined): Promise<Buffer | BodyRefusal> =>
  new Promise((resolve) => readBody(req, { limit: MAX_BODY, room: callerRoom(req, bodies) }, resolve));

/**
 * `/u/{signed}`: the link in a mail. It needs neither key nor sign-in nor cookie: the address itself says whose it is, and no one
 * else can make one. A mail program acts by POST (RFC 8058); who follows it in a browser is asked first.
 */
export function unsubscribeRoutes(parts: UnsubscribeRoutesParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const linked =
    (work: (link: OptOutLink, req: Request, res: Response) => Promise<void>) =>
    async (req: Request, res: Response): Promise<void> => {
      try {
        const link = openOptOut(parts.store.seal, String(req.params.signed));
        if (link) await work(link, req, res);
        else sendError(res, 'not_found', 'There is no such link.');
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        sendRefused(res, error);
      } finally {
        req.resume();
      }
    };
  router
    .route('/u/:signed')
    // Express answers HEAD by it, too.
    .get(linked(async ({ type }, _req, res) => sendText(res, OK, HTML, askPage(type), PAGE_HEADERS)))
    .post(linked((link, req, res) => unsubscribe(parts, link, req, res)))
    .all((_req, res) => sendError(res, 'wrong_method', `there are ${METHODS} here`, { headers: { Allow: METHODS } }));
  return router;
}

async function unsubscribe(
  { people, bodies }: UnsubscribeRoutesParts,
  link: OptOutLink,
  req: Request,
  res: Response,
): Promise<void> {
  const body = await bodyOf(req, bodies);
  if (typeof body === 'string') {
    const { kind, message, headers } = bodyRefusal(body, `${MAX_BODY} bytes`);
    sendError(res, kind, message, { headers: { ...headers } });
    return;
  }
  if (!(await isOneClick(req.headers['content-type'] ?? '', body))) {
    sendError(res, 'invalid', 'The body must be the form List-Unsubscribe=One-Click.');
    return;
  }
  await people.optOut(link);
  sendText(res, OK, HTML, donePage(link.type), PAGE_HEADERS);
}
