import type { IncomingMessage } from 'node:http';
import express, { type Request, type Response, type Router } from 'express';
import { sendError, sendJson } from '../kit/http/answer.ts';
import type { FactKind } from '../observe/history/fact.ts';
import type { History, ListQuery } from '../observe/history/history.ts';

export interface HistoryRoutesOptions {
  readonly history: Pick<History, 'explain' | 'list'>;
  /** Whose pushes the sender of a request may see; undefined: all. */
  readonly appsOf: (req: IncomingMessage) => ReadonlySet<string> | undefined;
}

const MOST = 500;
const USUAL = 50;
/** UNIX seconds beyond the year 9999 are milliseconds, and a mistake. */
const LATEST = 253_402_300_799;

const kindsOf = {
  failed: ['failed', 'late_failed'],
  delivered: ['delivered', 'late_delivered'],
  retried: ['retried'],
} as const satisfies Record<string, readonly FactKind[]>;
const OUTCOMES: readonly FactKind[] = ['delivered', 'failed', 'late_delivered', 'late_failed'];

const isStatus = (word: string): word is keyof typeof kindsOf => Object.hasOwn(kindsOf, word);

/** A parameter that cannot be read. */
class Mistake {
  readonly path: string;
  readonly reason: string;
  constructor(path: string, reason: string) {
    this.path = path;
    this.reason = reason;
  }
}

function param(req: Request, name: string): string | undefined {
  const value = req.query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new Mistake(name, 'must be given once');
  return value;
}

function timeOf(text: string): number {
  const seconds = Number(text);
  const at = /^\d+$/.test(text) ? seconds * 1000 : Date.parse(text);
  if (Number.isNaN(at) || (seconds > LATEST && /^\d+$/.test(text)))
    throw new Mistake('since', 'must be a time in ISO 8601, or UNIX seconds');
  return at;
}

const cursorOf = (seq: number): string => Buffer.from(String(seq)).toString('base64url');

function seqOf(name: string, origin: string, cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^(?:0|[1-9]\d{0,14})$/.test(text)) throw new Mistake(name, `must be a ${origin} of an earlier answer`);
  return Number(text);
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > MOST)
    throw new Mistake('limit', `must be a number from 1 to ${MOST}`);
  return limit;
}

function listQuery(req: Request): Omit<ListQuery, 'apps'> {
  const status = param(req, 'status');
  if (status !== undefined && !isStatus(status))
    throw new Mistake('status', `must be one of ${Object.keys(kindsOf).join(', ')}`);
  const since = param(req, 'since');
  const cursor = param(req, 'cursor');
  const after = param(req, 'after');
  if (cursor !== undefined && after !== undefined) throw new Mistake('after', 'must not be given together with cursor');
  const limit = param(req, 'limit');
  return {
    kinds: status === undefined ? OUTCOMES : kindsOf[status],
    app: param(req, 'app'),
    reason: param(req, 'reason'),
    platform: param(req, 'platform'),
    id: param(req, 'id'),
    since: since === undefined ? undefined : timeOf(since),
    before: cursor === undefined ? undefined : seqOf('cursor', 'next_cursor', cursor),
    after: after === undefined ? undefined : seqOf('after', 'newer_cursor', after),
    limit: limit === undefined ? USUAL : limitOf(limit),
  };
}

/** Answers 400 for what a handler finds wrong with the query. */
function handled(handle: (req: Request, res: Response) => void): (req: Request, res: Response) => void {
  return (req, res) => {
    try {
      handle(req, res);
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      sendError(res, 'invalid', `${error.path} ${error.reason}.`, { details: [error] });
    }
  };
}

/** `GET /v1/pushes` lists outcomes, newest first; `GET /v1/pushes/{id}` tells the timeline of a request id or a `notif_id`. */
export function historyRoutes({ history, appsOf }: HistoryRoutesOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get(
    '/v1/pushes',
    handled((req, res) => {
      const { pushes, next, newer } = history.list({ ...listQuery(req), apps: appsOf(req) });
      const older = next === undefined ? {} : { next_cursor: cursorOf(next) };
      sendJson(res, 200, { pushes, ...older, newer_cursor: cursorOf(newer) });
    }),
  );
  router.get(
    '/v1/pushes/:id',
    handled((req, res) => {
      const found = history.explain(String(req.params.id), { apps: appsOf(req), token: param(req, 'token') });
      if (found) sendJson(res, 200, found);
      else
        sendError(res, 'not_found', 'Nothing is known of this push (history.retention, history.sample, history.rate).');
    }),
  );
  return router;
}
