import http from 'node:http';
import https from 'node:https';
import { gzipSync } from 'node:zlib';
import type { CaseRequest } from './corpus-case.ts';

/** What came back, as text; or that nothing did. */
export type Reply =
  | { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly text: string }
  | { readonly timeout: true }
  | { readonly error: 'connection closed' };

const PATIENCE_MS = 20_000;

function bodyOf(request: CaseRequest): Buffer | undefined {
  if (request.rawBase64 !== undefined) return Buffer.from(request.rawBase64, 'base64');
  if (request.rawParts) return Buffer.from(request.rawParts.map(([text, times]) => text.repeat(times)).join(''));
  if (request.raw !== undefined) return Buffer.from(request.raw);
  return request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
}

/** Sends one request of a case on a connection of its own. Never rejects. */
export function ask(port: number, request: CaseRequest): Promise<Reply> {
  const plain = bodyOf(request);
  const body = plain && request.gzip ? gzipSync(plain) : plain;
  const headers = {
    ...(body && !request.noContentType ? { 'content-type': 'application/json' } : {}),
    ...request.headers,
    ...(body ? { 'content-length': body.length } : {}),
  };
  return new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port,
      method: request.method ?? 'GET',
      path: request.path,
      headers,
      agent: false,
      timeout: request.timeoutMs ?? PATIENCE_MS,
      rejectUnauthorized: false,
    } as const;
    const lost = () => resolve({ error: 'connection closed' });
    const call = (request.scheme === 'https' ? https : http).request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', lost);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    call.on('timeout', () => {
      resolve({ timeout: true });
      call.destroy();
    });
    call.on('error', lost);
    call.end(body);
  });
}
