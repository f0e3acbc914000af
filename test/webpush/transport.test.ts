import { describe, expect, test } from 'vitest';
import type { Failed } from '../../src/push/push.ts';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { makeBrowser, push, reasonsOf, startPushService, startTransport, subscriptionAt } from './web-workplace.ts';

const HOUR = 3_600_000;
const GOOGLE = 'https://fcm.googleapis.com/fcm/send/';
const MOZILLA = 'https://updates.push.services.mozilla.com/wpush/v2/';
const APPLE = 'https://web.push.apple.com/';
const MICROSOFT = 'https://wns2-par02p.notify.windows.com/w/';
const ALL = [GOOGLE, MOZILLA, APPLE, MICROSOFT];

async function start(now?: () => number) {
  const service = await startPushService(now);
  const { current, old, origin } = service;
  const vapid = [
    { ...current, state: 'current' as const },
    { ...old, state: 'old' as const },
  ];
  const transport = startTransport({ vapid, ways: { endpoint: origin }, ...(now ? { now } : {}) });
  return { ...service, transport, vapid };
}

describe('a push', () => {
  test('reaches the browser of each vendor, encrypted, signed and with its headers', async () => {
    const { transport, deliveries } = await start();
    const targets = ALL.map((at) => subscriptionAt(`${at}sandbox-one`));
    const fields = { collapse_id: 'c', priority: 'high', web: { ttl: 60 }, url: 'https://app.test/' };
    const outcomes = await push(transport, targets, fields);
    expect(reasonsOf(outcomes)).toEqual(Array(4).fill('accepted'));
    const arrived = deliveries.list();
    expect(arrived.map(({ target }) => target).sort()).toEqual(ALL.map((at) => `${at}sandbox-one`).sort());
    for (const { payload } of arrived) {
      expect(payload).toEqual({
        web_push: 8030,
        notification: { title: 'T', body: 'B', navigate: 'https://app.test/', tag: 'c' },
      });
    }
    expect(outcomes[0]).toMatchObject({ providerId: expect.stringMatching(/^https:\/\/fcm\.googleapis\.com\/m\//) });
  });

  test('to several hundred subscriptions of many keys settles each, the malformed ones among them', async () => {
    const { transport, deliveries } = await start();
    const targets = Array.from({ length: 300 }, (_, index) => {
      if (index % 50 === 7) return 'not a subscription';
      const { keys } = makeBrowser();
      return subscriptionAt(`${GOOGLE}x${index}`, { keys });
    });
    const outcomes = await push(transport, targets);
    expect(reasonsOf(outcomes).filter((reason) => reason === 'accepted').length).toBe(294);
    expect(reasonsOf(outcomes)[7]).toBe('InvalidSubscription invalid_request');
    expect(deliveries.total).toBe(294);
    expect(transport.status()).toMatchObject({ status: 'pass', inFlight: 0 });
  });

  test('for a key that is no point of the curve fails alone', async () => {
    const { transport } = await start();
    const bad = Buffer.alloc(65, 1);
    bad[0] = 4;
    const keys = { p256dh: bad.toString('base64url'), auth: makeBrowser().keys.auth };
    const targets = [`${GOOGLE}a`, `${GOOGLE}b`, `${GOOGLE}c`].map((at, index) =>
      subscriptionAt(at, index === 1 ? { keys } : {}),
    );
    expect(reasonsOf(await push(transport, targets))).toEqual([
      'accepted',
      'InvalidSubscription invalid_request',
      'accepted',
    ]);
  });

  test('to a host that is not listed is refused here', async () => {
    const { transport, deliveries } = await start();
    const targets = ['https://push.evil.test/x', 'https://u:p@fcm.googleapis.com/x', 'http://fcm.googleapis.com/x'];
    const outcomes = await push(
      transport,
      targets.map((at) => subscriptionAt(at)),
    );
    expect(reasonsOf(outcomes)).toEqual(Array(3).fill('BlockedHost invalid_request'));
    expect(deliveries.total).toBe(0);
  });

  test('that cannot be built fails for all targets', async () => {
    const { transport } = await start();
    const outcomes = await push(transport, [subscriptionAt(`${GOOGLE}a`), 'x'], { title: '', message: '' });
    expect(reasonsOf(outcomes)).toEqual(Array(2).fill('MissingText invalid_request'));
  });
});

describe('what becomes of it is what the vendor says', () => {
  test.each([
    ['unregistered', /^(Gone|Errno106|Unregistered) invalid_token$/],
    ['bad-token', /^(NotFound|Errno102|BadPath) invalid_token$/],
    ['wrong-topic', /^KeyMismatch credential$/],
    ['busy', /^(TooManyRequests|Errno999) unavailable$/],
    ['down', /^(ServiceUnavailable|Errno202) unavailable$/],
    ['stale-credential', /^(ExpiredToken|BadJwtToken) /],
    ['bad-credential', /^(Forbidden|Errno109|BadJwtToken|KeyMismatch) credential$/],
  ])('%s', async (fate, expected) => {
    const { transport } = await start();
    for (const at of ALL)
      expect(reasonsOf(await push(transport, [subscriptionAt(`${at}sandbox-${fate}-${ALL.indexOf(at)}`)]))[0]).toMatch(
        expected,
      );
  });

  test('an answer that never comes, and a connection that is cut, may have been seen', async () => {
    const { origin, current } = await startPushService();
    const transport = startTransport({ vapid: [current], ways: { endpoint: origin, request_timeout: 0.3 } });
    const outcomes = await push(transport, [subscriptionAt(`${GOOGLE}sandbox-silent`)]);
    expect(reasonsOf(outcomes)).toEqual(['RequestTimeout unanswered']);
    const other = startTransport({ vapid: [current], ways: { endpoint: origin } });
    expect(reasonsOf(await push(other, [subscriptionAt(`${GOOGLE}sandbox-cut`)]))[0]).toMatch(/ unanswered$/);
  });

  test('429 with Retry-After holds the lane for so long, of this origin', async () => {
    const { transport } = await start();
    expect(transport.status().heldMs).toBeUndefined();
    await push(transport, [subscriptionAt(`${GOOGLE}sandbox-busy`)]);
    expect(transport.status().heldMs).toBeGreaterThan(500);
    expect(transport.status().heldMs).toBeLessThanOrEqual(1000);
  });
});

describe('VAPID pairs', () => {
  test('a subscription is signed with the one that it names; one of no pair of ours is not sent', async () => {
    const { transport, current, old, deliveries } = await start();
    const targets = [current.public_key, old.public_key, generateVapidPair().public_key].map((key, index) =>
      subscriptionAt(`${MOZILLA}n${index}`, { application_server_key: key }),
    );
    const outcomes = await push(transport, targets);
    expect(reasonsOf(outcomes)).toEqual(['accepted', 'accepted', 'KeyMismatch credential']);
    expect(outcomes[2]).toMatchObject({ sparesLane: true });
    expect(deliveries.total).toBe(2);
  });

  test.each(ALL)('%s: one that names none and was made with an old pair is found, and remembered', async (at) => {
    const service = await startPushService();
    const { current, old, origin } = service;
    const vapid = [generateVapidPair(), { ...current, state: 'old' as const }, { ...old, state: 'old' as const }];
    const transport = startTransport({ vapid, ways: { endpoint: origin } });
    const target = subscriptionAt(`${at}old`);
    expect(reasonsOf(await push(transport, [target]))).toEqual(['accepted']);
    const before = transport.status().connections?.connects ?? 0;
    expect(reasonsOf(await push(transport, [target, target]))).toEqual(['accepted', 'accepted']);
    expect(transport.status().connections?.connects).toBe(before);
    expect(service.deliveries.total).toBe(3);
  });

  test('one that names its pair is not offered under another', async () => {
    const { origin, current } = await startPushService();
    const own = generateVapidPair();
    const transport = startTransport({
      vapid: [own, { ...current, state: 'old' as const }],
      ways: { endpoint: origin },
    });
    const target = subscriptionAt(`${APPLE}x`, { application_server_key: own.public_key });
    expect(reasonsOf(await push(transport, [target]))).toEqual(['KeyMismatch credential']);
  });

  test('a rotation loses no subscription: those of before and those of after all get their pushes', async () => {
    const service = await startPushService();
    const { current: after, old: before, origin } = service;
    const olds = Array.from({ length: 40 }, (_, index) =>
      subscriptionAt(`${ALL[index % 4]}o${index}`, index % 2 ? { application_server_key: before.public_key } : {}),
    );
    const first = startTransport({ vapid: [before], ways: { endpoint: origin } });
    expect(new Set(reasonsOf(await push(first, olds)))).toEqual(new Set(['accepted']));
    const vapid = [after, { ...before, state: 'old' as const }];
    const second = startTransport({ vapid, ways: { endpoint: origin } });
    const news = olds.map((_, index) =>
      subscriptionAt(`${ALL[index % 4]}n${index}`, { application_server_key: after.public_key }),
    );
    expect(new Set(reasonsOf(await push(second, [...olds, ...news])))).toEqual(new Set(['accepted']));
    expect(service.deliveries.total).toBe(120);
  });

  test('a pair that a service refuses five times in a row waits, and other pairs and origins go on', async () => {
    const { origin, current, old, steering } = await startPushService();
    const refused: string[] = [];
    const transport = startTransport({
      vapid: [current, { ...old, state: 'old' as const }],
      ways: { endpoint: origin },
      onPairRefused: ({ id }, origin) => void refused.push(`${id} at ${origin}`),
    });
    for (let index = 0; index < 5; index++) {
      steering.script(`bad${index}`, { status: 403, headers: { date: new Date().toUTCString() }, body: 'refused' });
      const [outcome] = await push(transport, [subscriptionAt(`${GOOGLE}bad${index}`)]);
      expect(outcome).toMatchObject({ reason: 'Forbidden', category: 'credential', sparesLane: true });
    }
    expect(refused).toEqual([expect.stringMatching(/^[0-9a-f]{16} at https:\/\/fcm\.googleapis\.com$/)]);
    const [paused] = await push(transport, [subscriptionAt(`${GOOGLE}good`)]);
    expect(paused).toMatchObject({ reason: 'CredentialPaused', category: 'not_sent', sparesLane: true });
    expect((paused as Failed).retryAfterMs).toBeGreaterThan(0);
    const others = [
      subscriptionAt(`${GOOGLE}good`, { application_server_key: old.public_key }),
      subscriptionAt(`${MOZILLA}good`),
    ];
    expect(reasonsOf(await push(transport, others))).toEqual(['accepted', 'accepted']);
    await expect
      .poll(async () => reasonsOf(await push(transport, [subscriptionAt(`${GOOGLE}good`)]))[0], { timeout: 10_000 })
      .toBe('accepted');
    expect(reasonsOf(await push(transport, [subscriptionAt(`${GOOGLE}good`)]))).toEqual(['accepted']);
  });

  test('the same subscription refused again and again is its own trouble', async () => {
    const { transport } = await start();
    for (let round = 0; round < 8; round++) await push(transport, [subscriptionAt(`${GOOGLE}sandbox-bad-credential`)]);
    expect(reasonsOf(await push(transport, [subscriptionAt(`${GOOGLE}good`)]))).toEqual(['accepted']);
  });
});

describe('a clock that is wrong', () => {
  test.each([-30, 20])('by %i hours: the service says so, and the next push is signed by its clock', async (hours) => {
    const service = await startPushService();
    const now = () => Date.now() + hours * HOUR;
    const transport = startTransport({ vapid: [service.current], ways: { endpoint: service.origin }, now });
    const target = subscriptionAt(`${MOZILLA}a`);
    expect(reasonsOf(await push(transport, [target]))).toEqual(['ExpiredToken stale_credential']);
    expect(reasonsOf(await push(transport, [target]))).toEqual(['accepted']);
    expect(reasonsOf(await push(transport, [target]))).toEqual(['accepted']);
  });

  test('that is refused again after it was signed again is a credential', async () => {
    const { transport, steering } = await start();
    const date = new Date().toUTCString();
    steering.script('x', { status: 401, headers: { date }, body: { errno: 109, message: 'Invalid VAPID expiry' } });
    const target = subscriptionAt(`${MOZILLA}x`);
    expect(reasonsOf(await push(transport, [target]))).toEqual(['ExpiredToken stale_credential']);
    expect(reasonsOf(await push(transport, [target]))).toEqual(['ExpiredToken credential']);
  });
});

test('hosts that devices invent do not keep their connections', async () => {
  const { transport } = await start();
  for (let index = 0; index < 60; index++) {
    expect(reasonsOf(await push(transport, [subscriptionAt(`https://wns${index}.notify.windows.com/w/a`)]))).toEqual([
      'accepted',
    ]);
  }
  expect(transport.status().sessions).toBeLessThanOrEqual(32);
});

test('a thread that is lost fails nothing for good', async () => {
  const { origin, current } = await startPushService();
  const encryption = { encrypt: (_: Uint8Array, __: Uint8Array, done: (answer: undefined) => void) => done(undefined) };
  const transport = startTransport({ vapid: [current], ways: { endpoint: origin }, encryption });
  expect(reasonsOf(await push(transport, [subscriptionAt(`${GOOGLE}a`)]))).toEqual(['NotEncrypted not_sent']);
});

test('after close nothing is sent, and what waits comes back', async () => {
  const { transport, deliveries } = await start();
  const under = push(transport, [subscriptionAt(`${GOOGLE}a`)]);
  await transport.close();
  expect(reasonsOf(await under)[0]).toMatch(/ not_sent$/);
  expect(reasonsOf(await push(transport, [subscriptionAt(`${GOOGLE}a`)]))).toEqual(['PoolClosed not_sent']);
  expect(deliveries.total).toBe(0);
});
