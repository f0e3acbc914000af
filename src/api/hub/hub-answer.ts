import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../../kit/http/answer.ts';

export interface HubAnswer {
  readonly status: number;
  /** JSON; absent: the answer has no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How often the resource was changed: its ETag. */
  readonly rev?: number;
  /** Of a failure, as JSON: what was done all the same. The next request with the same `Idempotency-Key` is given it. */
  readonly partial?: unknown;
}

const etag = (rev: number): string => `"${rev}"`;

/** RFC 9110 section 13.1.2: weak tags count here. */
function isKnown({ method, headers }: IncomingMessage, rev: number): boolean {
  const given = headers['if-none-match'];
  if (given === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
  const tags = given.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag(rev));
}

export function sendAnswer(req: IncomingMessage, res: ServerResponse, answer: HubAnswer): void {
  const { status, body, headers, rev } = answer;
  const all = { ...headers, ...(rev === undefined ? {} : { ETag: etag(rev) }) };
  if (rev !== undefined && isKnown(req, rev)) res.writeHead(304, all).end();
  else if (body === undefined) res.writeHead(status, all).end();
  else sendJson(res, status, body, all);
}
