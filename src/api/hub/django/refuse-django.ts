import type { ServerResponse } from 'node:http';
import { sendJson } from '../../../kit/http/answer.ts';
import { httpStatus } from '../../../kit/http/http-status.ts';
import type { FaultyField, RefusedError } from '../../../kit/refusal.ts';

/** What django-push-notifications calls the fields of a device. */
const NAMES: Readonly<Record<string, string>> = { token: 'registration_id', enabled: 'active', user: 'user_id' };

const topOf = (path: string): string => path.split('.')[0] as string;

const fieldOf = (path: string): string => {
  const name = topOf(path);
  return name === '' ? 'non_field_errors' : (NAMES[name] ?? name);
};

/** With the name that the caller has for the field. */
const messageOf = (message: string, [first]: readonly FaultyField[]): string =>
  first && NAMES[first.path] !== undefined && message.startsWith(`${first.path}:`)
    ? fieldOf(first.path) + message.slice(first.path.length)
    : message;

/**
 * A refusal as Django REST framework has it: `{"registration_id": ["…"]}` with 400 for what is wrong with fields, `{"detail": "…"}` for the
 * rest; beside it what every error of ours has.
 */
export function refuseDjango(res: ServerResponse, { kind, message, details = [], retryAfter }: RefusedError): void {
  const isFields = kind === 'unprocessable' && details.length > 0;
  const status = kind === 'unprocessable' ? httpStatus.invalid : httpStatus[kind];
  const byField = Map.groupBy(details, ({ path }) => fieldOf(path));
  const fields = [...byField].map(([name, faults]) => [name, faults.map(({ reason }) => reason)]);
  const body = isFields ? Object.fromEntries(fields) : { detail: message };
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  sendJson(res, status, { ...body, code: status, message: messageOf(message, details) }, headers);
}
