import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { directHubRoutes } from '../../../../src/api/hub/direct/direct-routes.ts';
import type { HubAnswer } from '../../../../src/api/hub/hub-answer.ts';
import { unprocessable } from '../../../../src/api/hub/hub-refusal.ts';
import { type DirectRequest, hubRoute } from '../../../../src/api/hub/hub-route.ts';
import { type HubRouterParts, hubDoor } from '../../../../src/api/hub/hub-router.ts';
import { type NotificationRoutesParts, notificationRoutes } from '../../../../src/api/hub/notification-routes.ts';
import { notFromHere } from '../../../../src/auth/own-page.ts';
import { RefusedSend } from '../../../../src/hub/sends/refused-send.ts';
import { UnreadableError } from '../../../../src/hub/storage/unreadable.ts';
import { exchange } from '../../../kit/http/direct/twin-servers.ts';
import { startListener } from '../../../tls/tls-kit.ts';

const PATH = '/v1/things';
const HEADERS = { 'X-Gorush-Version': 'v1', 'X-Martlet-Version': '2' };

const answers: Readonly<Record<string, () => HubAnswer>> = {
  thing: () => ({ status: 202, body: { id: 'ü', status: 'pending' } }),
  again: () => ({ status: 202, body: { id: 'a' }, headers: { 'Idempotency-Replayed': 'true' } }),
  conflict: () => {
    throw new RefusedSend('conflict', 'id: there is another one');
  },
  damaged: () => {
    throw new UnreadableError();
  },
  broken: () => {
    throw new Error('a mistake of ours');
  },
};

const made = ({ app, body }: DirectRequest): Promise<HubAnswer> => {
  const answer = answers[(body as { kind: string }).kind];
  if (!answer) throw unprocessable({ path: 'kind', reason: 'is unknown' });
  return Promise.resolve().then(() => ({ ...answer(), ...(app === 'default' ? {} : { status: 500 }) }));
};

const routes = [
  hubRoute({ method: 'POST', path: PATH, scope: 'push', handle: made, direct: made }),
  hubRoute({ method: 'POST', path: '/v1/others', scope: 'push', handle: made }),
];

const parts = {
  closed: (req) => notFromHere(req),
  identify: async () => undefined,
  isApp: (name) => name === 'shop',
} as Partial<HubRouterParts> as HubRouterParts;

async function startTwins() {
  const { find } = hubDoor(routes, parts);
  const app: RequestListener = (req, res) => {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    find(req)?.(res).catch(() => {
      const text = '{"code":500,"message":"Internal Server Error"}';
      res
        .writeHead(500, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': text.length })
        .end(text);
    });
  };
  const told: string[] = [];
  const direct = directHubRoutes(routes, {
    ...{ headers: HEADERS, onError: () => {} },
    observe: (path) => (status, size) => told.push(`${path} ${status} ${size}`),
  });
  const [first, second] = [
    await startListener(app, { 'core.ssl': false }, { direct }),
    await startListener(app, { 'core.ssl': false }),
  ];
  return { ports: [first.port, second.port], told };
}

const request = (kind: string, head: readonly string[] = [], path = PATH): string => {
  const body = JSON.stringify({ kind, text: '€' });
  const lines = [`POST ${path} HTTP/1.1`, 'Host: localhost', `Content-Length: ${Buffer.byteLength(body)}`, ...head];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
};

test('a request that needs no node:http is answered as by it, and observed', async () => {
  const { ports, told } = await startTwins();
  for (const kind of Object.keys(answers)) {
    const [direct, node] = await Promise.all(ports.map((port) => exchange(port, [request(kind)])));
    expect({ kind, answer: direct }).toEqual({ kind, answer: node });
  }
  expect(told).toEqual([
    `${PATH} 202 ${Buffer.byteLength('{"id":"ü","status":"pending"}')}`,
    ...[`${PATH} 202 10`, `${PATH} 409 49`],
    expect.stringContaining(`${PATH} 500 `),
    `${PATH} 500 46`,
  ]);
});

test('what is sent to people needs no node:http', () => {
  const all = notificationRoutes({} as NotificationRoutesParts);
  expect(all.filter(({ direct }) => direct).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/notifications',
  ]);
});

const others: Readonly<Record<string, string>> = {
  'a body that the route refuses': request('nothing'),
  'what is no JSON': 'POST /v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{"k',
  'by another name than that of this machine': request('thing').replace('localhost', 'example.com'),
  'through a proxy': request('thing', ['X-Forwarded-For: 10.0.0.1']),
  'of a page of another origin': request('thing', ['Origin: https://example.com']),
  'with a token': request('thing', ['Authorization: Bearer none']),
  'with a key for repetitions': request('thing', ['Idempotency-Key: a\u0007']),
  'about another app': request('thing', [], `${PATH}?app=shop`),
  'of a route that is not read so': request('thing', [], '/v1/others'),
};

test.each(Object.entries(others))('a request is left to node:http: %s', async (_name, text) => {
  const { ports, told } = await startTwins();
  const [direct, node] = await Promise.all(ports.map((port) => exchange(port, [text])));
  expect(direct).toBe(node);
  expect(direct).toMatch(/^HTTP\/1\.1 \d/);
  expect(told).toEqual([]);
});
