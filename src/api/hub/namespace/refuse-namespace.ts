import type { ServerResponse } from 'node:http';
import { sendJson } from '../../../kit/http/answer.ts';
import { httpStatus } from '../../../kit/http/http-status.ts';
import type { RefusedError } from '../../../kit/refusal.ts';

/** Statuses that differ from those of the hub's own routes: what is wrong with a body is 400, a store that is off 503. */
const STATUS: Partial<Record<RefusedError['kind'], number>> = { unprocessable: 400, off: 503 };

/** A refusal in the form of the namespace API, `{"error": "…"}`, with what every error of ours has beside it. */
export function refuseNamespace(res: ServerResponse, { kind, message, details, retryAfter }: RefusedError): void {
  const status = STATUS[kind] ?? httpStatus[kind];
  const more = details === undefined ? {} : { details };
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  sendJson(res, status, { error: message, code: status, message, ...more }, headers);
}
