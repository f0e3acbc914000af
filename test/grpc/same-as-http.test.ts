import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBothFaces } from './both-faces.ts';
import { gorushClient, struct } from './clients.ts';
import type { CapturedPush } from './provider-capture.ts';

let faces: Awaited<ReturnType<typeof startBothFaces>>;

beforeAll(async () => {
  faces = await startBothFaces();
});

afterAll(() => faces?.close());

/** What the provider got since the last look. */
const taken = (): CapturedPush[] =>
  faces.captured.splice(0).sort((a, b) => (a.path + a.body < b.path + b.body ? -1 : 1));

interface Counts {
  readonly counts: number;
}

async function overHttp(notification: object): Promise<{ answer: Counts; pushes: CapturedPush[] }> {
  const body = JSON.stringify({ notifications: [notification] });
  const response = await fetch(`${faces.url}/api/push`, { method: 'POST', body });
  expect(response.status).toBe(200);
  return { answer: (await response.json()) as Counts, pushes: taken() };
}

async function overGrpc(request: object): Promise<{ answer: Counts; pushes: CapturedPush[] }> {
  const { reply } = await gorushClient(faces.grpcPort)('Send', request);
  expect(reply.success).toBe(true);
  return { answer: reply as unknown as Counts, pushes: taken() };
}

const platforms = [
  ['APNs', 1],
  ['FCM', 2],
  ['HMS', 3],
] as const;

const DATA = {
  text: 'x',
  empty: '',
  int: 3,
  negative: -7,
  float: 1.25,
  tiny: 1e-9,
  large: 9_007_199_254_740_991,
  huge: 1e21,
  yes: true,
  no: false,
  nothing: null,
  list: [1, 'two', [3.5], { four: 4 }, null],
  nested: { deeper: { deepest: { n: 1, s: 'ü🎈' } }, empty: {} },
  aps: { 'mutable-content': 1 },
};

/** Field by field: the gRPC request, and the notification over HTTP that means the same. */
const cases: readonly (readonly [name: string, request: object, notification: object])[] = [
  ['nothing but tokens', {}, {}],
  ['several tokens', { tokens: ['t1', 't2', 't3'] }, { tokens: ['t1', 't2', 't3'] }],
  ['message', { message: 'hi "there" ü🎈' }, { message: 'hi "there" ü🎈' }],
  ['title', { title: 'T' }, { title: 'T' }],
  ['title and message', { title: 'T', message: 'hi' }, { title: 'T', message: 'hi' }],
  ['topic', { topic: 'com.example.app' }, { topic: 'com.example.app' }],
  ['key, which nobody reads', { key: 'x' }, {}],
  ['badge', { badge: 5 }, { badge: 5 }],
  ['badge 0', { badge: 0 }, { badge: 0 }],
  ['category', { category: 'C' }, { category: 'C' }],
  ['sound', { sound: 'ping.aiff' }, { sound: 'ping.aiff' }],
  ['contentAvailable', { contentAvailable: true }, { content_available: true }],
  ['threadID', { threadID: 'th' }, { 'thread-id': 'th' }],
  ['mutableContent', { mutableContent: true, message: 'hi' }, { mutable_content: true, message: 'hi' }],
  ['data', { data: struct(DATA) }, { data: DATA }],
  ['empty data', { data: {} }, { data: {} }],
  ['image', { image: 'https://example.com/i.png' }, { image: 'https://example.com/i.png' }],
  ['priority HIGH', { priority: 'HIGH' }, { priority: 'high' }],
  ['priority NORMAL', { priority: 'NORMAL' }, { priority: 'normal' }],
  ['ID', { ID: 'id-1' }, { notif_id: 'id-1' }],
  ['pushType', { pushType: 'voip' }, { push_type: 'voip' }],
  ['development', { development: true }, { development: true }],
  ['fcmOptions', { fcmOptions: { analyticsLabel: 'label' } }, { fcm_options: { analytics_label: 'label' } }],
  ['empty fcmOptions', { fcmOptions: {} }, { fcm_options: {} }],
  ['an empty alert', { alert: {} }, { alert: {} }],
  [
    'alert',
    {
      message: 'm',
      alert: {
        title: 't',
        body: 'b',
        subtitle: 's',
        action: 'a',
        actionLocKey: 'alk',
        launchImage: 'li',
        locKey: 'lk',
        titleLocKey: 'tlk',
        locArgs: ['1', '', '3'],
        titleLocArgs: ['x'],
      },
    },
    {
      message: 'm',
      alert: {
        title: 't',
        body: 'b',
        subtitle: 's',
        action: 'a',
        'action-loc-key': 'alk',
        'launch-image': 'li',
        'loc-key': 'lk',
        'title-loc-key': 'tlk',
        'loc-args': ['1', '', '3'],
        'title-loc-args': ['x'],
      },
    },
  ],
  ['alert.actionLocKey alone', { alert: { actionLocKey: 'alk' } }, { alert: { 'action-loc-key': 'alk' } }],
  ['alert.action alone', { alert: { action: 'a' } }, { alert: { action: 'a' } }],
  [
    'extra, for whatever HTTP has besides',
    {
      extra: struct({
        collapse_id: 'c',
        expiration: 0,
        'url-args': ['u'],
        interruption_level: 'critical',
        volume: 0.5,
      }),
    },
    { collapse_id: 'c', expiration: 0, 'url-args': ['u'], interruption_level: 'critical', volume: 0.5 },
  ],
  ['extra.android', { extra: struct({ android: { ttl: '3.5s' } }) }, { android: { ttl: '3.5s' } }],
  ['extra.priority', { extra: struct({ priority: 'high' }) }, { priority: 'high' }],
  ['a field goes before extra', { message: 'a', extra: struct({ message: 'b' }) }, { message: 'a' }],
  ['extra.to', { extra: struct({ to: 't9' }) }, { to: 't9' }],
];

describe.each(platforms)('for %s', (_name, platform) => {
  test.each(cases)(
    'a gRPC request with %s reaches the provider byte for byte as over HTTP',
    async (_case, request, n) => {
      const http = await overHttp({ tokens: ['t1'], platform, priority: 'normal', ...n });
      const rpc = await overGrpc({ tokens: ['t1'], platform, ...request });
      expect(rpc.pushes).toEqual(http.pushes);
      expect(rpc.pushes.length).toBeGreaterThan(0);
    },
  );
});

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const optional = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined, freq: 2 });
/** Structs hold doubles: whole numbers beyond 2^53 are another number than the digits that JSON would keep. */
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e15, min: -1e15 }),
);
const { data } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    number.filter((n) => !Object.is(n, -0)),
    text,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('data'),
  ),
  data: fc.dictionary(text, tie('value'), { maxKeys: 4 }),
}));

const written = fc.record({
  platform: fc.constantFrom(1, 2, 3),
  message: optional(text),
  title: optional(text),
  // An empty string is no sound on gRPC, where it cannot be told from absent; over HTTP it is sent.
  sound: optional(text.filter((name) => name !== '')),
  badge: optional(fc.integer({ min: -1, max: 100 })),
  topic: optional(fc.stringMatching(/^[a-z]{0,5}$/)),
  contentAvailable: optional(fc.boolean()),
  mutableContent: optional(fc.boolean()),
  high: fc.boolean(),
  data: optional(data as fc.Arbitrary<object>),
});

test('any notification reaches the provider byte for byte as over HTTP', async () => {
  await fc.assert(
    fc.asyncProperty(written, async ({ high, data: json, contentAvailable, mutableContent, ...rest }) => {
      const http = await overHttp({
        tokens: ['t1'],
        ...rest,
        data: json,
        content_available: contentAvailable,
        mutable_content: mutableContent,
        priority: high ? 'high' : 'normal',
      });
      const rpc = await overGrpc({
        tokens: ['t1'],
        ...rest,
        ...(json ? { data: struct(json) } : {}),
        contentAvailable,
        mutableContent,
        priority: high ? 'HIGH' : 'NORMAL',
      });
      expect(rpc.pushes).toEqual(http.pushes);
    }),
    { numRuns: 60 },
  );
});

test('a priority that is neither is passed on as the number it is', async () => {
  const http = await overHttp({ tokens: ['t1'], platform: 1, priority: '7' });
  const rpc = await overGrpc({ tokens: ['t1'], platform: 1, priority: 7 });
  expect(rpc.pushes).toEqual(http.pushes);
});

test('a key named __proto__ is a key like others', async () => {
  const rpc = await overGrpc({ tokens: ['t1'], platform: 1, data: struct(JSON.parse('{"__proto__": {"a": 1}}')) });
  expect(rpc.pushes[0]?.body).toContain('"__proto__":{"a":1}');
});

test('a failed token is told in trailing metadata as HTTP tells it in its logs', async () => {
  const http = await overHttp({ tokens: ['t1', 'dead1'], platform: 1, message: 'hi', priority: 'normal' });
  const { reply, trailer } = await gorushClient(faces.grpcPort)('Send', {
    tokens: ['t1', 'dead1'],
    platform: 1,
    message: 'hi',
  });
  taken();
  const [log] = (http.answer as unknown as { logs: Record<string, unknown>[] }).logs;
  const [failure] = JSON.parse(String(trailer.get('martlet-failures-bin')[0]));
  expect(reply.counts).toBe(http.answer.counts);
  expect(failure).toMatchObject({ token: 'dead1', reason: 'Unregistered', status: 410, invalid_token: true });
  expect(log).toMatchObject(failure);
});

test('a platform that does not exist is answered as over HTTP, with an entry for each token', async () => {
  const http = await overHttp({ tokens: ['a', 'b'], platform: 98 });
  const { reply, trailer } = await gorushClient(faces.grpcPort)('Send', { tokens: ['a', 'b'], platform: 98 });
  expect(reply).toEqual({ success: true, counts: 2 });
  const { logs } = http.answer as unknown as { logs: Record<string, unknown>[] };
  const failures = JSON.parse(String(trailer.get('martlet-failures-bin')[0])) as Record<string, unknown>[];
  expect(failures.map(({ token, reason }) => [token, reason])).toEqual(
    logs.map(({ token, reason }) => [token, reason]),
  );
});

test('both faces count into the same statistics', async () => {
  const before = await faces.stats.read();
  await overGrpc({ tokens: ['t1', 't2'], platform: 1 });
  const after = await faces.stats.read();
  expect(after.ios_success - before.ios_success).toBe(2);
});
