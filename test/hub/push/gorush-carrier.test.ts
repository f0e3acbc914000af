import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { Pace } from '../../../src/hub/push/pace.ts';
import { maskToken } from '../../../src/observe/log/redaction.ts';
import type { Notification } from '../../../src/push/push.ts';
import { batchOf } from './carrier-bench.ts';
import { openGorushCarrier } from './gorush-bench.ts';
import { failing, startGorush } from './scripted-gorush.ts';

const tokens = (count: number, prefix = 't'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test('batches travel together, each push is taken once, and the key is sent in both forms', async () => {
  const gorush = await startGorush();
  const { carrier, heard } = openGorushCarrier([gorush.url], { api_key: 'secret' });
  expect(await carrier.send([batchOf('b1', ['a', 'b']), batchOf('b2', ['c'])])).toEqual([]);
  expect(heard.words.toSorted()).toEqual(['a: ok', 'b: ok', 'c: ok']);
  expect(carrier.holds('b1')).toBe(false);
  expect(gorush.seen).toHaveLength(1);
  expect(gorush.seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-api-key': 'secret' });
  expect(gorush.seen[0]?.notifications).toMatchObject([
    { tokens: ['a', 'b'], platform: 1, message: 'hi' },
    { tokens: ['c'] },
  ]);
});

test('batch_size counts tokens, and a token is in a request once', async () => {
  const gorush = await startGorush();
  const { carrier, heard } = openGorushCarrier([gorush.url], { batch_size: 10 });
  await carrier.send([batchOf('b1', tokens(25)), batchOf('b2', tokens(4, 'u')), batchOf('b3', ['u0', 'v'])]);
  expect(heard.ended).toHaveLength(31);
  for (const { notifications } of gorush.seen) {
    const all = notifications.flatMap((notification) => notification.tokens);
    expect(all.length).toBeLessThanOrEqual(10);
    expect(new Set(all).size).toBe(all.length);
  }
});

test('rate_limit counts tokens: a request holds those of a second at most, and what would wait for long is given back', async () => {
  const gorush = await startGorush();
  const { carrier, heard } = openGorushCarrier([gorush.url], { rate_limit: 20 });
  await carrier.send([batchOf('b1', tokens(20))]);
  expect(heard.ended).toHaveLength(20);
  const later = carrier.send([batchOf('b2', tokens(700)), batchOf('b3', ['a'])]);
  await carrier.close();
  expect(await later).toMatchObject([{ batch: 'b2' }, { batch: 'b3', why: 'hub.push.rate_limit is used up' }]);
  expect(gorush.seen).toHaveLength(1);
  expect(carrier.holds('b2')).toBe(false);
});

test('the pace counts on: what went out at once is made up for by waiting', async () => {
  let now = 0;
  const pace = new Pace(100, () => now);
  await pace.turn(50, AbortSignal.timeout(1));
  expect(pace.waitMs).toBe(500);
  now = 490;
  await pace.turn(1, new AbortController().signal);
  expect(pace.waitMs).toBe(20);
  now = 2000;
  expect(pace.waitMs).toBe(0);
});

test('dead tokens are known from the answer of a synchronous Gorush, masked or not', async () => {
  const long = tokens(3, 'a-token-that-is-long-enough-to-be-masked-');
  const words = { [long[0] as string]: 'Unregistered', [long[1] as string]: 'TooManyRequests' };
  for (const mask of [maskToken, (token: string) => token]) {
    const masked = new Set(long.map(maskToken)).size;
    const gorush = await startGorush(failing({ [long[0] as string]: words[long[0] as string] as string }, mask));
    const { carrier, heard } = openGorushCarrier([gorush.url]);
    await carrier.send([batchOf('b1', masked === 3 || mask !== maskToken ? long : [long[0] as string, 'other'])]);
    expect(heard.ended.find(({ target }) => target === long[0])).toMatchObject({
      batch: 'b1',
      attempts: 1,
      outcome: { kind: 'failed', category: 'invalid_token', reason: 'Unregistered' },
    });
    expect(heard.words.filter((word) => word.endsWith(': ok'))).toHaveLength(heard.ended.length - 1);
  }
});

test.each([
  ['Requested entity was not found.', 'invalid_token'],
  ['The registration token is not a valid FCM registration token', 'invalid_token'],
  ['SenderId mismatch', 'invalid_token'],
  ['some new word', 'invalid_request'],
])('of an Android push "%s" is %s', async (error, category) => {
  const gorush = await startGorush(failing({ a: error }));
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  const notification: Notification = { platform: 2, tokens: ['a', 'b'], message: 'hi' };
  await carrier.send([batchOf('b1', [], { notification })]);
  expect(heard.ended.find(({ target }) => target === 'a')?.outcome).toMatchObject({ category, error });
  expect(heard.ended.find(({ target }) => target === 'b')?.outcome).toMatchObject({ kind: 'accepted' });
});

test('when FCM cannot be asked at all, every token is sent again', async () => {
  const gorush = await startGorush(() => ({
    body: {
      success: 'ok',
      counts: 2,
      logs: [{ type: 'failed-push', token: '', error: 'fcm service send message error: dial tcp' }],
    },
  }));
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  await carrier.send([batchOf('b1', ['a', 'b'])]);
  expect(heard.retries).toMatchObject([{ targets: ['a', 'b'], attempts: 1, failed: { category: 'unavailable' } }]);
});

test('a platform that is off there is not one that was served', async () => {
  const gorush = await startGorush(() => ({ body: { success: 'ok', counts: 0, logs: [] } }));
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  await carrier.send([batchOf('b1', ['a'])]);
  expect(heard.ended[0]?.outcome).toMatchObject({ category: 'disabled', reason: 'PlatformDisabled' });
});

test("a Martlet's answer has categories, ids and dates; what is pending there goes on there", async () => {
  const entry = (token: string, more: object) => ({ type: 'failed-push', token, error: 'why', ...more });
  const martlet = await startGorush(
    () => ({
      body: {
        success: 'ok',
        counts: 3,
        logs: [
          entry('dead', {
            category: 'invalid_token',
            reason: 'Unregistered',
            status: 410,
            unregistered_at: '2026-01-02T03:04:05.000Z',
          }),
          entry('waits', { category: 'pending', reason: 'Pending' }),
        ],
      },
    }),
    { martlet: true },
  );
  const { carrier, heard } = openGorushCarrier([martlet.url]);
  await carrier.send([batchOf('b1', ['dead', 'waits', 'fine'], { app: 'shop' })]);
  expect(heard.words.toSorted()).toEqual(['dead: Unregistered', 'fine: ok', 'waits: ok']);
  expect(heard.ended[0]?.outcome).toMatchObject({ status: 410, unregisteredAt: '2026-01-02T03:04:05.000Z' });
  expect(martlet.seen[0]?.notifications[0]).toMatchObject({ app: 'shop' });
  expect(martlet.seen[0]?.headers['idempotency-key']).toMatch(/^hub-/);
});

test('only a Martlet gets pushes of other apps and to platforms that Gorush does not have', async () => {
  const gorush = await startGorush();
  const martlet = await startGorush(failing({}), { martlet: true });
  const { carrier, heard } = openGorushCarrier([gorush.url, martlet.url]);
  const web: Notification = { platform: 4, tokens: ['w'], message: 'hi' };
  for (let i = 0; i < 4; i++) await carrier.send([batchOf(`b${i}`, [`a${i}`], { app: 'shop' })]);
  await carrier.send([batchOf('web', [], { notification: web })]);
  expect(martlet.tokens().toSorted()).toEqual(['a0', 'a1', 'a2', 'a3', 'w']);
  expect(carrier.can('shop', 'ios')).toBe(true);
  expect(carrier.can('default', 'email')).toBe(false);
  const alone = openGorushCarrier([gorush.url]);
  await alone.carrier.send([batchOf('b5', ['a'])]);
  expect(alone.carrier.can('default', 'ios')).toBe(true);
  expect(alone.carrier.can('default', 'web')).toBe(false);
  expect(alone.carrier.can('shop', 'ios')).toBe(false);
  await alone.carrier.send([batchOf('web', [], { notification: web })]);
  expect(alone.heard.ended.at(-1)?.outcome).toMatchObject({ category: 'disabled' });
  expect(gorush.tokens()).toEqual(['a']);
  expect(heard.ended).toHaveLength(5);
});

test('those that are well take turns; one that refuses connections is left out, and nothing is sent twice', async () => {
  const [one, two] = [await startGorush(), await startGorush()];
  const { carrier, heard, lines } = openGorushCarrier([one.url, two.url], { health_interval: 0.05 });
  for (let i = 0; i < 6; i++) await carrier.send([batchOf(`b${i}`, [`a${i}`])]);
  expect([one.seen.length, two.seen.length]).toEqual([3, 3]);
  await two.stop();
  for (let i = 6; i < 12; i++) expect(await carrier.send([batchOf(`b${i}`, [`a${i}`])])).toEqual([]);
  expect(carrier.health().status).toBe('warn');
  await two.start();
  await expect.poll(() => carrier.health().status).toBe('pass');
  for (let i = 12; i < 16; i++) await carrier.send([batchOf(`b${i}`, [`a${i}`])]);
  expect(two.seen.length).toBe(5);
  expect([...one.tokens(), ...two.tokens()].toSorted()).toEqual(tokens(16, 'a').toSorted());
  expect(heard.ended).toHaveLength(16);
  expect(lines).toMatchObject([expect.stringMatching(/^warn .* is not used/), expect.stringMatching(/^info .* again/)]);
});

test('one that does not answer may have sent it: it goes to another', async () => {
  const cutting = await startGorush(() => 'cut');
  const fine = await startGorush();
  const { carrier, heard } = openGorushCarrier([cutting.url, fine.url]);
  expect(await carrier.send([batchOf('b1', ['a'])])).toEqual([]);
  expect([cutting.tokens(), fine.tokens()]).toEqual([['a'], ['a']]);
  expect(heard.words).toEqual(['a: ok']);
});

test('one that is full is left alone for as long as it says', async () => {
  const full = await startGorush(() => ({ status: 503, headers: { 'retry-after': '60' } }));
  const fine = await startGorush();
  const { carrier, lines } = openGorushCarrier([full.url, fine.url]);
  for (let i = 0; i < 4; i++) await carrier.send([batchOf(`b${i}`, [`a${i}`])]);
  expect([full.seen.length, fine.seen.length]).toEqual([1, 4]);
  expect(lines).toEqual([expect.stringContaining('it answers 503')]);
});

test('while all are down everything is given back, and taken once one is up', async () => {
  const gorush = await startGorush();
  gorush.health = 500;
  const { carrier, heard } = openGorushCarrier([gorush.url], { health_interval: 0.05 });
  const given = await carrier.send([batchOf('b1', ['a']), batchOf('b2', ['b'])]);
  expect(given).toMatchObject([
    { batch: 'b1', why: expect.stringContaining('/healthz answers 500') },
    { batch: 'b2', retryAfterMs: 50 },
  ]);
  expect(carrier.holds('b1')).toBe(false);
  expect(carrier.health().status).toBe('fail');
  gorush.health = 200;
  await expect.poll(() => carrier.health().status).toBe('pass');
  expect(await carrier.send([batchOf('b1', ['a']), batchOf('b2', ['b'])])).toEqual([]);
  expect(heard.words.toSorted()).toEqual(['a: ok', 'b: ok']);
});

test('a key that is refused is said, and nothing is lost', async () => {
  const gorush = await startGorush(() => ({ status: 401 }));
  const { carrier, heard } = openGorushCarrier([gorush.url], { api_key: 'wrong', health_interval: 60 });
  const given = await carrier.send([batchOf('b1', ['a'])]);
  expect(given).toMatchObject([{ batch: 'b1', why: expect.stringContaining('hub.push.api_key is refused') }]);
  expect(heard.ended).toEqual([]);
});

test('what is not like a Gorush is not used', async () => {
  const portal = createServer((_, res) => res.end('<html>please sign in</html>'));
  await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
  const address = portal.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { carrier } = openGorushCarrier([`http://127.0.0.1:${port}/`], { health_interval: 60 });
  expect(await carrier.send([batchOf('b1', ['a'])])).toMatchObject([
    { why: expect.stringContaining('does not answer like a Gorush') },
  ]);
  portal.closeAllConnections();
  portal.close();
});

test('a notification that is refused does not take those beside it along', async () => {
  const gorush = await startGorush((request) =>
    request.notifications.some(({ message }) => message === 'bad') ? { status: 400 } : failing({})(request),
  );
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  const bad: Notification = { platform: 1, tokens: ['x'], message: 'bad' };
  await carrier.send([batchOf('b1', ['a']), batchOf('b2', [], { notification: bad }), batchOf('b3', ['c'])]);
  expect(heard.words.toSorted()).toEqual(['a: ok', 'c: ok', 'x: Refused']);
  expect(heard.ended.find(({ target }) => target === 'x')?.outcome).toMatchObject({ category: 'invalid_request' });
});

test('what fails for now is sent again if it is still wanted, and held meanwhile', async () => {
  let down = true;
  const gorush = await startGorush((request) =>
    failing(down ? { a: 'ServiceUnavailable', b: 'ServiceUnavailable' } : {})(request),
  );
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  heard.answer = (target) => target !== 'b';
  await carrier.send([batchOf('b1', ['a', 'b', 'c'])]);
  expect(heard.words).toEqual(['c: ok']);
  expect(heard.retries).toMatchObject([{ batch: 'b1', targets: ['a', 'b'], attempts: 1 }]);
  expect(carrier.holds('b1')).toBe(true);
  // The same batch, handed over again while a part of it is here: only the rest is sent.
  expect(await carrier.send([batchOf('b1', ['a', 'b'])])).toEqual([]);
  down = false;
  await expect.poll(() => heard.words.toSorted()).toEqual(['a: ok', 'b: Cancelled', 'c: ok']);
  expect(heard.ended.find(({ target }) => target === 'a')?.attempts).toBe(2);
  expect(gorush.tokens()).toEqual(['a', 'b', 'c', 'a']);
  expect(carrier.holds('b1')).toBe(false);
});

test('a queue that is full at the other end gives back by its answer', async () => {
  const gorush = await startGorush(failing({ a: 'max capacity reached' }));
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  await carrier.send([batchOf('b1', ['a'])]);
  expect(heard.retries).toMatchObject([{ failed: { category: 'not_sent', reason: 'QueueFull' } }]);
});

test('what has expired is not sent, and the expiry goes along', async () => {
  const gorush = await startGorush();
  const { carrier, heard } = openGorushCarrier([gorush.url]);
  const soon = Date.now() + 60_000;
  await carrier.send([batchOf('b1', ['a'], { expiresAt: Date.now() - 1 }), batchOf('b2', ['b'], { expiresAt: soon })]);
  expect(heard.words.toSorted()).toEqual(['a: Expired', 'b: ok']);
  expect(gorush.seen[0]?.notifications).toMatchObject([{ tokens: ['b'], expiration: Math.ceil(soon / 1000) }]);
});

test('log lines hold no token, no key and no text', async () => {
  const gorush = await startGorush(() => ({ status: 500, body: { message: 'TOKEN-a1b2c3 is bad' } }));
  const { carrier, lines } = openGorushCarrier([gorush.url], { api_key: 'KEY-123' });
  await carrier.send([batchOf('b1', ['TOKEN-a1b2c3'])]);
  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toMatch(/TOKEN|KEY-123|hi/);
});
