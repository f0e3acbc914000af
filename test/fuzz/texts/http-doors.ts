import { request } from 'node:http';
import type { OpenApiDocument } from '../../../src/api/openapi/document.ts';
import type { Json, JsonObject } from '../../../src/push/push.ts';
import { textFields } from '../../attacks/text-fields.ts';
import type { TextDoor } from './text-door.ts';

/** Node takes 16 KiB of headers, path and query. */
const HEAD = 12_000;
const PUSH_BODY = 10 * 2 ** 20;
const APPS_BODY = 256 * 1024;
const HUB_BODY = 2 ** 20;
/** What JSON makes of the worst character. */
const ESCAPED = 6;

const HEADERS = [
  ...[
    'accept',
    'accept-encoding',
    'authorization',
    'content-type',
    'cookie',
    'forwarded',
    'idempotency-key',
    'if-match',
  ],
  ...['if-none-match', 'origin', 'referer', 'traceparent', 'tracestate', 'user-agent', 'x-api-key', 'x-forwarded-for'],
];

const inHeader = (text: string): string => text.replaceAll(/[^\x21-\x7e \t]/g, '.').trim();
/** The text in pieces, each the name of a field that no one knows. */
const asNames = (text: string): JsonObject =>
  Object.fromEntries(
    Array.from({ length: text.length / NAME }, (_, index) => [
      `${index} ${text.slice(index * NAME, index * NAME + 4)}`,
      1,
    ]),
  );
const NAME = 8;

const inUrl = (text: string): string => encodeURIComponent(text.toWellFormed()).slice(0, HEAD).replace(/%.?$/, '');

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const ask = (url: string, { method, path, headers = {}, body }: Sent): ReturnType<TextDoor['send']> =>
  new Promise((resolve, reject) => {
    const sent = Buffer.byteLength(body ?? '') + path.length + Object.entries(headers).join().length;
    const req = request(url, { method, path, headers, agent: false }, (res) => {
      let answered = 0;
      res.on('data', (data: Buffer) => (answered += data.length));
      // A page has a size of its own, and what was patched is told whole.
      const isWhole = /GET|PATCH/.test(method) && res.statusCode === 200;
      res.on('end', () => resolve({ sent, answered: isWhole ? 0 : answered }));
      res.on('error', reject);
    });
    // A body over the limit may be answered, and its connection closed, before all of it was taken.
    req.on('error', (error: NodeJS.ErrnoException) => {
      if (['EPIPE', 'ECONNRESET'].includes(error.code ?? '')) resolve({ sent, answered: 0 });
      else reject(error);
    });
    req.end(body);
  });

/** Every text and name of every operation's body, query, path and headers that the relay describes. @param platforms of pushes */
export function httpDoors(url: string, document: OpenApiDocument, platforms: readonly number[]): TextDoor[] {
  const { schemas } = document.components;
  const door = (name: string, longest: number, made: (text: string) => Sent): TextDoor => ({
    name,
    longest,
    send: (text) => ask(url, made(text)),
  });

  const pushes = platforms.flatMap((platform) =>
    textFields({ $ref: '#/components/schemas/Notification' }, schemas).map(({ name, value }) =>
      door(`POST /api/push ${platform} ${name}`, PUSH_BODY / ESCAPED - 1000, (text) => {
        const base = { platform, tokens: ['0'.repeat(64)], topic: 'com.example' };
        const notifications = [{ ...base, ...(value(text) as JsonObject) }];
        return { method: 'POST', path: '/api/push', body: JSON.stringify({ notifications }) };
      }),
    ),
  );

  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([verb, operation]) => {
      if (operation['x-endless']) return [];
      const method = verb.toUpperCase();
      const target = path.replaceAll(/\{\w+\}/g, 'a').replace('/a/providers/a', '/a/providers/ios');
      const json = { 'content-type': 'application/json' };
      const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
      const fields = !schema || path === '/api/push' ? [] : textFields(schema, schemas);
      const bodies = [...fields, ...(schema ? [{ name: '(names)', value: asNames }] : [])];
      const longest = (path.startsWith('/v1/apps') ? APPS_BODY : HUB_BODY) / ESCAPED - 1000;
      return [
        ...bodies.map(({ name, value }) =>
          door(`${method} ${path} ${name}`, longest, (text) => ({
            method,
            path: target,
            headers: json,
            body: JSON.stringify(value(text) as Json),
          })),
        ),
        ...(path.includes('{') ? [path] : []).map(() =>
          door(`${method} ${path} path`, HEAD, (text) => ({ method, path: path.replaceAll(/\{\w+\}/g, inUrl(text)) })),
        ),
        ...(operation.parameters ?? [])
          .filter((parameter) => parameter.in === 'query')
          .map(({ name }) =>
            door(`${method} ${path}?${name}`, HEAD, (text) => ({ method, path: `${target}?${name}=${inUrl(text)}` })),
          ),
      ];
    }),
  );

  const headers = HEADERS.flatMap((header) =>
    ['/api/push', '/v1/pushes', '/docs', '/metrics'].map((path) =>
      door(`${path} ${header}:`, HEAD, (text) => ({
        method: path === '/api/push' ? 'POST' : 'GET',
        path,
        headers: { [header]: inHeader(text) },
      })),
    ),
  );
  return [...pushes, ...operations, ...headers];
}
