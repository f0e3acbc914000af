import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Failed } from '../../src/push/push.ts';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { decryptPush } from '../../src/webpush/encryption/decrypt.ts';
import { makeBrowser, push, reasonsOf, startTransport } from './web-workplace.ts';

interface Published {
  readonly topic: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

const ntfyError = (code: number, error: string) => JSON.stringify({ code, http: Math.floor(code / 100), error });

/**
 * An ntfy server as a UnifiedPush distributor's, scripted by what its documentation and source say of `up*` topics (no ntfy is
 * to be had as a package here): JSON answers, 507 without a subscriber, 403 where writing is not allowed, 429 by address.
 */
async function startNtfy() {
  const published: Published[] = [];
  const refusals: Record<string, readonly [number, string, http.OutgoingHttpHeaders?]> = {
    upNobody: [50701, 'cannot publish to UnifiedPush topic without previously active subscriber'],
    upClosed: [40301, 'forbidden'],
    upBusy: [42901, 'limit reached: too many requests'],
  };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const topic = request.url?.slice(1).replace(/\?.*/, '') ?? '';
      const refusal = refusals[topic];
      response.setHeader('content-type', 'application/json');
      if (refusal) return response.writeHead(Math.floor(refusal[0] / 100)).end(ntfyError(refusal[0], refusal[1]));
      published.push({ topic, headers: request.headers, body: Buffer.concat(chunks) });
      return response.end(JSON.stringify({ id: 'hwQ2YpKdmg', event: 'message', topic }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, published };
}

async function start() {
  const ntfy = await startNtfy();
  const transport = startTransport({
    vapid: [generateVapidPair()],
    extraHosts: [ntfy.at],
    ways: { private_networks: ['127.0.0.0/8'] },
  });
  const browser = makeBrowser();
  const target = (topic: string) => JSON.stringify({ endpoint: `${ntfy.at}/${topic}?up=1`, keys: browser.keys });
  return { ...ntfy, transport, browser, target };
}

test('a UnifiedPush endpoint gets what a browser gets: RFC 8291, TTL, urgency, VAPID', async () => {
  const { transport, published, browser, target } = await start();
  expect(reasonsOf(await push(transport, [target('upABC')], { priority: 'high' }))).toEqual(['accepted']);
  const [arrived] = published as [Published];
  expect(arrived.topic).toBe('upABC');
  expect(arrived.headers).toMatchObject({
    'content-encoding': 'aes128gcm',
    'content-length': String(arrived.body.length),
    ttl: '2419200',
    urgency: 'high',
    authorization: expect.stringMatching(/^vapid t=/),
  });
  expect(JSON.parse(decryptPush(arrived.body, browser).toString())).toEqual({
    notification: { title: 'T', body: 'B' },
  });
});

test('507 and 429 are later and not dead; 403 names what an ntfy server has to allow', async () => {
  const { transport, target } = await start();
  const outcomes = await push(transport, ['upNobody', 'upClosed', 'upBusy'].map(target));
  expect(reasonsOf(outcomes)).toEqual([
    'InsufficientStorage unavailable',
    'Forbidden credential',
    'TooManyRequests unavailable',
  ]);
  expect((outcomes[0] as Failed).error).toContain('without previously active subscriber');
});
