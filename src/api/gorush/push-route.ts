import type { IncomingMessage, ServerResponse } from 'node:http';
import { noteAudit } from '../../auth/audit.ts';
import { principalOfRequest } from '../../auth/request-principal.ts';
import { background } from '../../kit/background.ts';
import { JSON_TYPE, noteSize, sendError, sendRefused } from '../../kit/http/answer.ts';
import type { BodyRoom } from '../../kit/http/body-room.ts';
import type { HttpHandler } from '../../kit/http/exact-routes.ts';
import { type BodyRefusal, giveBack, readBody } from '../../kit/http/read-body.ts';
import { type RefusalKind, RefusedError } from '../../kit/refusal.ts';
import type { Tracing } from '../../observe/tracing/tracing.ts';
import type { Notification } from '../../push/push.ts';
import type { FieldMistake } from '../../push/wire/decoding.ts';
import type { FieldWarning } from '../../push/wire/misspelled.ts';
import type { Accept, AcceptedPush, AcceptOptions } from '../../relay/accept.ts';
import { bodyRefusal, callerRoom } from '../caller-room.ts';
import { sendPushAnswer } from './push-answer.ts';
import { isPlain, plainBody, pushBody } from './push-body.ts';
import { type TracedRequest, tracedRequest } from './traced-request.ts';

export type Decoded =
  | { readonly ok: true; readonly notifications: Notification[]; readonly warnings?: readonly FieldWarning[] }
  | { readonly ok: false; readonly details: readonly FieldMistake[]; readonly count?: number };

export interface PushRouteOptions {
  readonly accept: Accept;
  readonly decode: (body: Buffer) => Decoded;
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly maxBody: number;
  /** The room that all bodies share; default: any. */
  readonly bodies?: BodyRoom | undefined;
  readonly maxNotifications: number;
  /** Milliseconds that a sync request waits; undefined in async mode. */
  readonly syncMs: number | undefined;
  /** What the audit log tells of a request; absent: nothing is noted. */
  readonly audit?: ((notifications: readonly Notification[]) => Record<string, number>) | undefined;
  /** Absent: what callers say of traces is passed on as it is. */
  readonly tracing?: Tracing | undefined;
  /** An error that is not the caller's fault, to be logged. */
  readonly onError: (error: unknown) => void;
}

type ReadRequest = Extract<Decoded, { ok: true }>;

/** What an answer needs of its request. */
interface AnswerFacts {
  readonly audited: readonly Notification[] | undefined;
  readonly warnings: readonly FieldWarning[];
}

/** `POST /api/push`. Reads and decodes the body itself: no parser middleware on the path that every push takes. */
export function pushRoute(options: PushRouteOptions): HttpHandler {
  const { accept, maxBody, bodies, onError, syncMs, headers, audit, tracing } = options;
  const acceptOptions: AcceptOptions = syncMs === undefined ? {} : { syncMs };
  const flatHeaders = [...Object.entries(headers).flat(), 'Content-Type', JSON_TYPE];
  const fail = (res: ServerResponse, error: unknown): void => {
    if (res.headersSent) {
      onError(error);
      res.destroy();
      return;
    }
    if (error instanceof RefusedError) {
      sendRefused(res, error, headers);
      return;
    }
    onError(error);
    sendError(res, 'internal', 'Internal Server Error', { headers });
  };
  const answer = (
    res: ServerResponse,
    push: AcceptedPush,
    { audited, warnings }: AnswerFacts,
    traced: TracedRequest | undefined,
  ): void => {
    const { requestId, counts } = push;
    if (audited && audit) noteAudit(res, { requestId, apps: audit(audited) });
    if (traced) {
      traced.note({ 'martlet.request_id': requestId, 'martlet.counts': counts });
      sendPushAnswer(res, { ...pushBody(push, warnings), trace_id: traced.traceId }, headers);
    } else if (isPlain(push, warnings)) sendShort(res, flatHeaders, plainBody(push));
    else sendPushAnswer(res, pushBody(push, warnings), headers);
  };
  return (req, res) => {
    const traced = tracedRequest(req, res, tracing);
    const closed = syncMs === undefined ? undefined : whenClosed(res);
    readBody(req, { limit: maxBody, room: callerRoom(req, bodies) }, (body) => {
      try {
        const read = readNotifications(body, res, options);
        if (!read) return;
        const bytes = body as Buffer;
        const accepted = accept(read.notifications, bytes, howOf(req, acceptOptions, traced));
        // Not the notifications as such: the answer may come long after all of them were sent.
        const facts: AnswerFacts = { audited: audit && read.notifications, warnings: read.warnings ?? [] };
        const done = (push: AcceptedPush): void => {
          giveBack(bytes);
          if (push.answered) closed?.(push.answered);
          answer(res, push, facts, traced);
        };
        // A rejection is also what `done` throws.
        if (accepted instanceof Promise) accepted.then(done).catch((error) => fail(res, error));
        else done(accepted);
      } catch (error) {
        fail(res, error);
      }
    });
  };
}

/** What the request says of itself and of its sender, beside its body. */
function howOf(req: IncomingMessage, common: AcceptOptions, traced: TracedRequest | undefined): AcceptOptions {
  const key = req.headers['idempotency-key'];
  const principal = principalOfRequest(req);
  if (typeof key !== 'string' && !principal && !traced) return common;
  return {
    ...common,
    ...traced?.context,
    ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
    ...(principal ? { principal: principal.name, allowedApps: principal.apps } : {}),
  };
}

/** What is handed over is called when the answer is with the caller or the connection is gone, which it may be already. */
function whenClosed(res: ServerResponse): (gone: () => void) => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  res.once('close', resolve);
  return (gone) => background(promise.then(gone));
}

/** By the million: the body is ASCII, and headers in one flat list are not copied from object to object. */
function sendShort(res: ServerResponse, headers: readonly string[], body: string): void {
  noteSize(res, body.length);
  res.writeHead(200, [...headers, 'Content-Length', String(body.length)]);
  res.end(body, 'latin1');
}

/** Undefined when the request has been answered with what is wrong with it. */
function readNotifications(
  body: Buffer | BodyRefusal,
  res: ServerResponse,
  { maxBody, maxNotifications, decode, headers }: PushRouteOptions,
): ReadRequest | undefined {
  const refuse = (kind: RefusalKind, message: string, details?: unknown): undefined =>
    void sendError(res, kind, message, { headers, details });
  if (typeof body === 'string') {
    const { kind, message, headers: more } = bodyRefusal(body, `${maxBody} bytes (core.max_body)`);
    return void sendError(res, kind, message, { headers: { ...headers, ...more } });
  }
  const decoded = decode(body);
  if (!decoded.ok && decoded.count === undefined)
    return refuse('invalid', 'Missing notifications field.', decoded.details);
  if (!decoded.ok)
    return refuse('invalid', `Number of notifications(${decoded.count}) over limit(${maxNotifications})`);
  if (decoded.notifications.length === 0) return refuse('invalid', 'Notifications field is empty.');
  return decoded;
}
