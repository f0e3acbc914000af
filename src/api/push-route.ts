import type { ServerResponse } from 'node:http';
import { QueueRefusedError } from '../errors.ts';
import type { Notification } from '../push.ts';
import type { AcceptedPush, AcceptOptions } from '../relay.ts';
import { sendError, sendJson } from './answer.ts';
import type { Route } from './exact-routes.ts';
import { readBody } from './read-body.ts';

export type Decoded =
  | { readonly ok: true; readonly notifications: Notification[] }
  | { readonly ok: false; readonly details: readonly { readonly path: string; readonly reason: string }[] };

export interface PushRouteOptions {
  readonly accept: (
    notifications: readonly Notification[],
    body: Buffer,
    options: AcceptOptions,
  ) => AcceptedPush | Promise<AcceptedPush>;
  readonly decode: (body: Buffer) => Decoded;
  /** Bytes. */
  readonly maxBody: number;
  readonly maxNotifications: number;
  /** Milliseconds that a sync request waits; undefined in async mode. */
  readonly syncMs: number | undefined;
  /** An error that is not the caller's fault, to be logged. */
  readonly onError: (error: unknown) => void;
}

/** `POST /api/push`. Reads and decodes the body itself: no parser middleware on the path that every push takes. */
export function pushRoute(options: PushRouteOptions): Route {
  const acceptOptions: AcceptOptions = options.syncMs === undefined ? {} : { syncMs: options.syncMs };
  return (req, res) => {
    readBody(req, options.maxBody, (body) => {
      if (body === null) {
        const message = `The request body is larger than ${options.maxBody} bytes (core.max_body).`;
        sendError(res, 413, message);
        return;
      }
      const notifications = readNotifications(body, res, options);
      if (notifications) takeIn(notifications, body, res, options, acceptOptions);
    });
  };
}

function readNotifications(body: Buffer, res: ServerResponse, options: PushRouteOptions): Notification[] | undefined {
  const decoded = options.decode(body);
  if (!decoded.ok) {
    sendError(res, 400, 'Missing notifications field.', { details: decoded.details });
    return undefined;
  }
  const count = decoded.notifications.length;
  if (count === 0) {
    sendError(res, 400, 'Notifications field is empty.');
    return undefined;
  }
  if (count > options.maxNotifications) {
    sendError(res, 400, `Number of notifications(${count}) over limit(${options.maxNotifications})`);
    return undefined;
  }
  return decoded.notifications;
}

function takeIn(
  notifications: Notification[],
  body: Buffer,
  res: ServerResponse,
  { accept, onError }: PushRouteOptions,
  acceptOptions: AcceptOptions,
): void {
  const fail = (error: unknown): void => {
    if (error instanceof QueueRefusedError) {
      sendError(res, 503, error.message, { headers: { 'Retry-After': String(error.retryAfter) } });
      return;
    }
    onError(error);
    sendError(res, 500, 'Internal Server Error');
  };
  try {
    const accepted = accept(notifications, body, acceptOptions);
    if (accepted instanceof Promise) accepted.then((push) => succeed(res, push), fail);
    else succeed(res, accepted);
  } catch (error) {
    fail(error);
  }
}

function succeed(res: ServerResponse, { counts, logs, requestId }: AcceptedPush): void {
  sendJson(res, 200, { counts, logs, success: 'ok', request_id: requestId });
}
