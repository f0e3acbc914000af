import type { ServerResponse } from 'node:http';
import type { RefusedError } from '../refusal.ts';
import { cutWhenUnread } from './cut-when-unread.ts';
import { httpStatus } from './http-status.ts';

/** The version of the Gorush whose behaviour is served. */
export const GORUSH_VERSION = 'v1.22.0';

/** Headers of every answer but a redirect, as Gorush sends them. */
export function versionHeaders(version: string): Record<string, string> {
  return { 'X-Gorush-Version': GORUSH_VERSION, 'X-Martlet-Version': version };
}

const SIZE = Symbol('size of the body');

interface Measured {
  [SIZE]?: number;
}

/** `writeHead` does not always keep the headers that it is given, so the size of a body is noted beside them. */
export function noteSize(res: ServerResponse, size: number): void {
  (res as Measured)[SIZE] = size;
}

/** Bytes of the body that was sent. */
export const sizeOf = (res: ServerResponse): number =>
  (res as Measured)[SIZE] ?? Number(res.getHeader('content-length') ?? 0);

/** Bytes of an answer that the buffers of a connection do not always hold. */
const LARGE = 64 * 1024;

export const JSON_TYPE = 'application/json; charset=utf-8';

export function sendJson(res: ServerResponse, status: number, body: unknown, headers?: Record<string, string>): void {
  sendText(res, status, JSON_TYPE, JSON.stringify(body), headers);
}

export function sendText(
  res: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers?: Record<string, string>,
): void {
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  noteSize(res, size);
  if (size > LARGE) cutWhenUnread(res);
  res.writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': size });
  res.end(body);
}

/** Gorush's error body, and its status: `{"code": …, "message": …}`, and what Martlet adds. */
export function errorOf(
  kind: keyof typeof httpStatus,
  message: string,
  details?: unknown,
): { readonly status: number; readonly body: object } {
  const status = httpStatus[kind];
  return { status, body: { code: status, message, ...(details === undefined ? {} : { details }) } };
}

export function sendError(
  res: ServerResponse,
  kind: keyof typeof httpStatus,
  message: string,
  extra: { details?: unknown; headers?: Record<string, string> } = {},
): void {
  const { status, body } = errorOf(kind, message, extra.details);
  sendJson(res, status, body, extra.headers);
}

/** What is said of a request that is refused: a RefusedError, or a refusal that is a value. */
type Refused = Pick<RefusedError, 'kind' | 'message' | 'details' | 'retryAfter'>;

/** When to come again, where that is known. */
export const againHeaders = ({ retryAfter }: Pick<Refused, 'retryAfter'>): Record<string, string> =>
  retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };

/** @param headers those of every answer */
export function sendRefused(
  res: ServerResponse,
  refused: Refused,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { kind, message, details } = refused;
  sendError(res, kind, message, { details, headers: { ...headers, ...againHeaders(refused) } });
}
