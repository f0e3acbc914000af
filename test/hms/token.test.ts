import { expect, test } from 'vitest';
import { createHmsTokenSource, createHmsTokenSources, type HmsTokenOptions } from '../../src/hms/token.ts';
import { type FakeHms, startFakeHms } from './fake-hms.ts';

function clock(start = 0) {
  let ms = start;
  return { now: () => ms, advance: (by: number) => (ms += by) };
}

const options = (hms: FakeHms, more: Partial<HmsTokenOptions> = {}): HmsTokenOptions => ({
  authOrigin: hms.origin,
  dispatcher: hms.agent,
  ...more,
});

test('the form is escaped', async () => {
  await using hms = await startFakeHms();
  await createHmsTokenSource('100 001', 's&=+ é%', options(hms)).get();
  expect(Object.fromEntries(new URLSearchParams(hms.signIns[0]?.text))).toEqual({
    grant_type: 'client_credentials',
    client_id: '100 001',
    client_secret: 's&=+ é%',
  });
  expect(hms.signIns[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
});

test('a token is kept until shortly before it expires', async () => {
  await using hms = await startFakeHms();
  const { now, advance } = clock();
  const source = createHmsTokenSource('1', 's', options(hms, { now }));
  expect(await source.get()).toMatchObject({ token: 'token-1' });
  advance(3_299_000);
  expect(await source.get()).toMatchObject({ token: 'token-1' });
  advance(2000);
  expect(await source.get()).toMatchObject({ token: 'token-2' });
});

test('a token without a readable lifetime is kept for an hour', async () => {
  await using hms = await startFakeHms();
  const { now, advance } = clock();
  const source = createHmsTokenSource('1', 's', options(hms, { now }));
  for (const expires_in of [undefined, 0, -1, 'soon', null, {}]) {
    hms.signInReplies.push({ body: { access_token: 'first', expires_in } });
    expect(await source.get()).toMatchObject({ token: 'first' });
    advance(3_299_000);
    expect(await source.get()).toMatchObject({ token: 'first' });
    source.invalidate('first');
  }
});

test('all who ask at the same time share one sign-in', async () => {
  await using hms = await startFakeHms();
  const source = createHmsTokenSource('1', 's', options(hms));
  await Promise.all(Array.from({ length: 50 }, () => source.get()));
  expect(hms.signIns).toHaveLength(1);
});

test('a refused token is dropped once, however many pushes it failed', async () => {
  await using hms = await startFakeHms();
  const source = createHmsTokenSource('1', 's', options(hms));
  await source.get();
  source.invalidate('token-1');
  await source.get();
  source.invalidate('token-1');
  expect(await source.get()).toMatchObject({ token: 'token-2' });
  expect(hms.signIns).toHaveLength(2);
});

test('a refused sign-in is told with its numbers and without the secret', async () => {
  await using hms = await startFakeHms();
  const source = createHmsTokenSource('1', 'top-secret', options(hms));
  const body = { error: 1101, sub_error: 12304, error_description: 'wrong secret top-secret' };
  hms.signInReplies.push({ status: 400, body });
  expect(await source.get()).toEqual({
    outcome: {
      kind: 'failed',
      category: 'credential',
      reason: 'SignInRefused',
      error: 'HMS sign-in refused (400): 1101 12304 wrong secret ***',
      status: 400,
    },
  });
  expect(source.lastFailure()).toMatchObject({ reason: 'SignInRefused' });
  expect(await source.get()).toMatchObject({ token: 'token-2' });
  expect(source.lastFailure()).toBeUndefined();
});

test.each([
  [{ status: 503, headers: { 'retry-after': '2' } }, 'not_sent', 2000],
  [{ status: 429, body: { error: 1101 } }, 'not_sent', undefined],
  [{ status: 502, body: '<html>' }, 'not_sent', undefined],
  [{ status: 200, body: '<html>' }, 'not_sent', undefined],
  [{ status: 200, body: { access_token: '' } }, 'not_sent', undefined],
  [{ status: 200, body: { access_token: 'a\r\nb' } }, 'not_sent', undefined],
  [{ status: 200, body: { error: 1101 } }, 'credential', undefined],
  [{ status: 404, body: '' }, 'not_sent', undefined],
  [{ status: 403, body: '<html>blocked</html>' }, 'not_sent', undefined],
  [{ status: 400, body: { error: 1101 } }, 'credential', undefined],
  ['cut', 'not_sent', undefined],
] as const)('a sign-in that ends as %j gives no token but an outcome: %s', async (reply, category, retryAfterMs) => {
  await using hms = await startFakeHms();
  hms.signInReplies.push(reply);
  const result = await createHmsTokenSource('1', 's', options(hms)).get();
  expect(result).toMatchObject({ outcome: { category } });
  expect('outcome' in result && result.outcome.retryAfterMs).toBe(retryAfterMs);
});

test('a sign-in without an answer ends at its deadline', async () => {
  await using hms = await startFakeHms();
  hms.signInReplies.push('hang');
  const source = createHmsTokenSource('1', 's', options(hms, { timeoutMs: 50 }));
  expect(await source.get()).toMatchObject({ outcome: { category: 'not_sent', reason: 'SignInUnavailable' } });
});

test('each app has a source of its own, and the one not used for longest is forgotten first', async () => {
  await using hms = await startFakeHms();
  const sources = createHmsTokenSources(options(hms), 2);
  const first = sources.of('1', 's');
  const second = sources.of('1', 't');
  expect(second).not.toBe(first);
  expect(sources.of('1', 's')).toBe(first);
  sources.of('2', 's');
  expect(sources.of('1', 's')).toBe(first);
  expect(sources.of('1', 't')).not.toBe(second);
});
