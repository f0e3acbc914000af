import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { readOwnBytes } from '../kit/files/own-file.ts';
import { noteSize } from '../kit/http/answer.ts';

/** A file that a browser gets, as it is served. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** The body as most browsers want it; undefined: it is packed already. */
  readonly gzipped: Buffer | undefined;
  /** As the header has it, with its quotes. */
  readonly etag: string;
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  proto: 'text/plain; charset=utf-8',
} as const;

export function pageFile(kind: keyof typeof TYPES, content: string | Buffer): PageFile {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    type: TYPES[kind],
    body,
    gzipped: kind === 'png' ? undefined : gzipSync(body),
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}

/**
 * Files of a folder, read when they are first asked for.
 * @param fill completes the HTML
 */
export function filesOf<Name extends string>(
  folder: URL,
  fill: (text: string) => string = (text) => text,
): (name: Name) => PageFile {
  const files = new Map<Name, PageFile>();
  return (name) => {
    const known = files.get(name);
    if (known) return known;
    const content = readOwnBytes(new URL(name, folder));
    const kind = name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES;
    const file = pageFile(kind, kind === 'html' ? fill(content.toString()) : content);
    files.set(name, file);
    return file;
  };
}

/** Answers with the file, in the encoding that the browser takes, or with 304 where it has it. @param status other than 200: without an ETag */
export function sendPageFile(
  req: IncomingMessage,
  res: ServerResponse,
  { type, etag, gzipped, body: plain }: PageFile,
  { status = 200, headers }: { readonly status?: number; readonly headers: Readonly<Record<string, string>> },
): void {
  if (status === 200 && req.headers['if-none-match'] === etag) {
    res.writeHead(304, { ...headers, ETag: etag }).end();
    return;
  }
  const zipped = /\bgzip\b/.test(String(req.headers['accept-encoding'])) ? gzipped : undefined;
  const body = zipped ?? plain;
  noteSize(res, body.length);
  res.writeHead(status, {
    ...headers,
    ...{ 'Content-Type': type, 'Content-Length': body.length, Vary: 'Accept-Encoding' },
    ...(status === 200 ? { ETag: etag } : {}),
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
  });
  res.end(body);
}
