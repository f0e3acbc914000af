import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { directHubRoutes } from '../../../../src/api/hub/direct/direct-routes.ts';
import type { HubAnswer } from '../../../../src/api/hub/hub-answer.ts';
import { unprocessable } from '../../../../src/api/hub/hub-refusal.ts';
import { type DirectRequest, hubRoute } from '../../../../src/api/hub/hub-route.ts';
import { type HubRouterParts, hubDoor } from '../../../../src/api/hub/hub-router.ts';
import { type NotificationRoutesParts, notificationRoutes } from '../../../../src/api/hub/notification-routes.ts';
import { Auth } from '../../../../src/auth/auth.ts';
import { guarded } from '../../../../src/auth/http-guard.ts';
import { notFromHere } from '../../../../src/auth/own-page.ts';
import type { Scope } from '../../../../src/auth/principal.ts';
import { RefusedSend } from '../../../../src/hub/sends/refused-send.ts';
import { UnreadableError } from '../../../../src/hub/storage/unreadable.ts';
import { sha256 } from '../../../auth/guarded-relay.ts';
import { exchange } from '../../../kit/http/direct/twin-servers.ts';
import { configWith, startListener } from '../../../tls/tls-kit.ts';

const PATH = '/v1/notifications';
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

const key = (text: string, scope: Scope, more: { apps?: string[]; rate_limit?: number } = {}) => ({
  ...{ sha256: [sha256(text)], scopes: [scope], apps: [], rate_limit: 0 },
  ...more,
});

const config = configWith({});
const settings = {
  ...config.auth,
  max_failures: 3,
  keys: {
    sender: key('sender-key', 'push'),
    admin: key('admin-key', 'admin'),
    shop: key('shop-key', 'push', { apps: ['shop'] }),
    limited: key('limited-key', 'push', { rate_limit: 2 }),
    reader: key('reader-key', 'read'),
  },
};

/** Says who calls, as configured. */
const authOf = (): Auth =>
  new Auth({ settings, log: { warn: () => {} }, fetch: () => Promise.reject(new Error('no network')) });

/** @param auth of each of the two; absent: no keys are configured */
async function startTwins(auths: readonly Auth[] = []) {
  const [auth] = auths;
  const { find } = hubDoor(routes, auth ? { ...parts, closed: () => undefined } : parts);
  const open: RequestListener = (req, res) => {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    find(req)?.(res).catch(() => {
      const text = '{"code":500,"message":"Internal Server Error"}';
      res
        .writeHead(500, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': text.length })
        .end(text);
    });
  };
  const appOf = (auth: Auth | undefined): RequestListener =>
    auth ? guarded(open, { auth, uris: config.api, headers: HEADERS, onError: () => {} }) : open;
  const told: string[] = [];
  const direct = directHubRoutes(routes, {
    ...{ auth, headers: HEADERS, onError: () => {} },
    observe: (path) => (status, size) => told.push(`${path} ${status} ${size}`),
  });
  const [first, second] = [
    await startListener(appOf(auth), { 'core.ssl': false }, { direct }),
    await startListener(appOf(auths[1]), { 'core.ssl': false }),
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
  'what is no JSON': `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{"k`,
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

const bearer = (key: string): string => `Authorization: Bearer ${key}`;

test.each([
  ['as a bearer', bearer('sender-key')],
  ['as Django REST framework has it', 'Authorization: Token sender-key'],
  ['in X-API-Key', 'X-API-Key: sender-key'],
  ['of an administrator, from another machine', bearer('admin-key')],
])('with a key of the configuration it needs no node:http: %s', async (_name, shown) => {
  const { ports, told } = await startTwins([authOf(), authOf()]);
  const text = request('thing', [shown, 'X-Forwarded-For: 10.0.0.1']).replace('localhost', 'example.com');
  const [direct, node] = await Promise.all(ports.map((port) => exchange(port, [text])));
  expect(direct).toBe(node);
  expect(direct).toMatch(/^HTTP\/1\.1 202 /);
  expect(told).toHaveLength(1);
});

test.each([
  ['no key', [], 401],
  ['an unknown one', [bearer('none')], 401],
  ['two of them', [bearer('sender-key'), bearer('admin-key')], 202],
  ['one as a password', [`Authorization: Basic ${Buffer.from('a:sender-key').toString('base64')}`], 202],
  ['one without the scope', [bearer('reader-key')], 403],
  // `made` knows no other app.
  ['one for another app', [bearer('shop-key')], 500],
  ['one with a limit, which is told', [bearer('limited-key')], 202],
] as const)('node:http has what shows %s', async (_name, head, status) => {
  const { ports, told } = await startTwins([authOf(), authOf()]);
  const text = request('again', head);
  const [direct, node] = await Promise.all(ports.map((port) => exchange(port, [text])));
  expect(direct).toBe(node);
  expect(Number(direct?.split(' ')[1])).toBe(status);
  expect(told).toEqual([]);
});

test('a short key has to wait where others guess from its address, and one that was let in goes on', async () => {
  const { ports, told } = await startTwins([authOf(), authOf()]);
  const askBoth = async (shown: string): Promise<(string | undefined)[]> => {
    const answers = await Promise.all(ports.map((port) => exchange(port, [request('thing', [bearer(shown)])])));
    return answers.map((answer) => answer.split(' ')[1]);
  };
  expect(await askBoth('sender-key')).toEqual(['202', '202']);
  for (let guess = 0; guess < 4; guess++) await askBoth(`guess-${guess}`);
  expect(await askBoth('admin-key')).toEqual(['429', '429']);
  expect(await askBoth('sender-key')).toEqual(['202', '202']);
  expect(told).toHaveLength(2);
});
