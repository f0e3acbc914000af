import type { IncomingMessage } from 'node:http';
import express, { type Router } from 'express';
import { sendError } from '../../../kit/http/answer.ts';
import type { BodyRoom } from '../../../kit/http/body-room.ts';
import { type BodyRefusal, readBody } from '../../../kit/http/read-body.ts';
import type { PostRouter } from '../../../streams/router/post-router.ts';
import { bodyRefusal, callerRoom } from '../../caller-room.ts';

export interface WakeUpsRouteParts {
  /** Undefined: this instance expects no calls. */
  readonly peers: Pick<PostRouter, 'receive'> | undefined;
  /** The room that all bodies share. */
  readonly bodies: BodyRoom | undefined;
}

const NO_CONTENT = 204;
/** Of 64 Ki characters and one event more, each of which may be escaped. */
const MAX_BODY = 1024 * 1024;

/** Headers of a signed call (Standard Webhooks). */
const SIGNED_BY = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
const UNSIGNED = 'The call is not signed by a peer, or its time is too far from ours.';

const bodyOf = (req: IncomingMessage, bodies: BodyRoom | undefined): Promise<Buffer | BodyRefusal> =>
  new Promise((resolve) => readBody(req, { limit: MAX_BODY, room: callerRoom(req, bodies) }, resolve));

/** `POST /v1/streams/wake-ups`: what other instances say. They have no key: their signature says who they are. */
export function wakeUpsRoute({ peers, bodies }: WakeUpsRouteParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.post('/v1/streams/wake-ups', async (req, res) => {
    // First of all, so that an unsigned call hears the same from an instance with peers and from one without.
    if (SIGNED_BY.some((name) => req.headers[name] === undefined)) {
      req.resume();
      sendError(res, 'unauthenticated', UNSIGNED);
      return;
    }
    if (!peers) {
      req.resume();
      sendError(res, 'not_found', 'This instance has no peers (hub.streams.peers).');
      return;
    }
    const body = await bodyOf(req, bodies);
    if (typeof body === 'string') {
      const { kind, message, headers } = bodyRefusal(body, `${MAX_BODY} bytes`);
      sendError(res, kind, message, { headers: { ...headers } });
      return;
    }
    const came = peers.receive(req.headers, body.toString());
    if (came === 'heard') res.status(NO_CONTENT).end();
    else if (came === 'malformed') sendError(res, 'invalid', 'The body is no message of an instance.');
    else sendError(res, 'unauthenticated', UNSIGNED);
  });
  return router;
}
