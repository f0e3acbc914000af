import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenApiDocument } from '../../src/api/openapi/document.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { gorushClient } from '../grpc/clients.ts';
import { freePort } from '../support/free-port.ts';
import { costOf } from './attacked-relay.ts';
import { SHAPES, textFields } from './text-fields.ts';

const FREE_MS = 1500;
const MOST = 8;
const LONG = 60_000;
/** Node takes 16 KiB of headers, path and query. */
const HEAD = 12_000;
const HEADERS = [
  ...['accept', 'accept-encoding', 'authorization', 'content-type', 'cookie', 'forwarded', 'host', 'idempotency-key'],
  ...['if-match', 'if-none-match', 'origin', 'referer', 'traceparent', 'tracestate', 'user-agent', 'x-api-key'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
];
const SCHEMES = ['', 'Bearer ', 'Basic ', 'Bearer eyJ', '00-'];

const inHeader = (text: string): string => text.replaceAll(/[^\x21-\x7e \t]/g, '.').trim();

/** The status. */
function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: method.toUpperCase(), path, headers }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('every door', () => {
  let relay: RunningRelay;
  let grpc: number;
  let document: OpenApiDocument;

  beforeAll(async () => {
    grpc = await freePort();
    process.env.MARTLET_MASTER_KEY = randomBytes(32).toString('hex');
    relay = await startRelay({ grpc: { enabled: true, port: String(grpc) }, apps: { path: 'apps.db' } });
    document = (await relay.get('/openapi.json')) as unknown as OpenApiDocument;
  });
  afterAll(async () => {
    delete process.env.MARTLET_MASTER_KEY;
    await relay[Symbol.asyncDispose]();
  });

  async function compare(name: string, length: number, attack: (text: string) => Promise<unknown>): Promise<void> {
    const letters = await costOf(relay, () => attack((SHAPES.letters as (length: number) => string)(length)));
    const cost = await costOf(relay, () => attack((SHAPES[name] as (length: number) => string)(length)));
    expect(cost.cpuMs).toBeLessThan(MOST * letters.cpuMs + FREE_MS);
  }

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, operation]) => !operation['x-endless'])
        .map(([method, operation]) => ({ path, method, operation })),
    );

  it.each(Object.keys(SHAPES))('reads %s in headers, paths and queries in proportion to their length', (name) =>
    compare(name, HEAD, async (text) => {
      for (const header of HEADERS)
        for (const scheme of SCHEMES) {
          const headers = { [header]: inHeader(scheme + text) };
          for (const [method, path] of [
            ['GET', '/v1/pushes'],
            ['POST', '/api/push'],
            ['GET', '/docs'],
          ] as const)
            await ask(relay.url, method, path, headers);
        }
      for (const { path, method, operation } of operations()) {
        const whole = encodeURIComponent(text.toWellFormed()).slice(0, HEAD).replace(/%.?$/, '');
        await ask(relay.url, method, path.replaceAll(/\{\w+\}/g, whole), {});
        for (const parameter of operation.parameters ?? [])
          if (parameter.in === 'query')
            await ask(relay.url, method, `${path.replaceAll(/\{\w+\}/g, 'a')}?${parameter.name}=${whole}`, {});
      }
    }),
  );

  it.each(Object.keys(SHAPES))('reads %s in the settings of apps in proportion to their length', (name) =>
    compare(name, LONG, async (text) => {
      for (const { path, method, operation } of operations()) {
        const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
        if (!schema || path === '/api/push') continue;
        const target = path.replace('{app}', 'acme').replace('{platform}', 'ios');
        for (const field of textFields(schema, document.components.schemas))
          await ask(
            relay.url,
            method,
            target,
            { 'content-type': 'application/json' },
            JSON.stringify(field.value(text)),
          );
      }
    }),
  );

  it.each(Object.keys(SHAPES))('reads %s in gRPC messages in proportion to their length', (name) =>
    compare(name, LONG, async (text) => {
      const send = gorushClient(grpc);
      const texts = ['message', 'title', 'topic', 'category', 'sound', 'threadID', 'image', 'pushType', 'ID'];
      const value = { stringValue: text };
      const requests = [
        ...texts.map((field) => ({ [field]: text })),
        { tokens: [text] },
        { alert: { title: text, body: text, locArgs: [text] } },
        { data: { fields: { [text]: value, b: { listValue: { values: [value] } } } } },
        { extra: { fields: { [text]: value, collapse_id: value } } },
        { fcmOptions: { analyticsLabel: text } },
      ];
      for (const platform of [1, 2, 3])
        for (const each of requests)
          await send(
            'Send',
            { platform, tokens: ['a'], ...each },
            { metadata: { app: inHeader(text.slice(0, 4000)) } },
          ).catch(() => {});
    }),
  );
});
