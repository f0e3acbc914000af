import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failed } from '../../src/push/push.ts';
import { webPushAnswer, webPushFault, webPushReasons } from '../../src/webpush/reasons.ts';
import type { Vendor } from '../../src/webpush/vendor.ts';

const NOW = 1_700_000_000_000;
const VENDORS: Vendor[] = ['google', 'mozilla', 'apple', 'microsoft', 'other'];

const answer = (vendor: Vendor, status: number, body: unknown = '', headers: Record<string, string> = {}) =>
  webPushAnswer(
    status,
    headers,
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    vendor,
    () => NOW,
  );
const failed = (...parts: Parameters<typeof answer>): Failed => {
  const { outcome } = answer(...parts);
  if (outcome.kind !== 'failed') throw new Error('accepted');
  return outcome;
};
const meaning = (...parts: Parameters<typeof answer>): [string, string] => {
  const { reason, category } = failed(...parts);
  return [reason, category];
};
const autopush = (code: number, errno: number | null, message = '') => ({ code, errno, error: 'x', message });

describe('whatever the vendor', () => {
  test.each(VENDORS)('%s: any 2xx is accepted, and its Location is the id', (vendor) => {
    for (const status of [200, 201, 202, 204]) expect(answer(vendor, status).outcome.kind).toBe('accepted');
    expect(answer(vendor, 201, '', { location: 'https://p.test/m/1' }).outcome).toEqual({
      kind: 'accepted',
      providerId: 'https://p.test/m/1',
    });
  });

  test.each(VENDORS)('%s: 404 and 410 are dead, and no other status is, whatever the body says', (vendor) => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const { outcome } = answer(vendor, status, body);
        const isDead = outcome.kind === 'failed' && outcome.category === 'invalid_token';
        return isDead === (status === 404 || status === 410);
      }),
    );
    for (const reason of Object.keys(webPushReasons)) {
      expect(meaning(vendor, 400, { reason })[1], reason).not.toBe('invalid_token');
    }
  });

  test.each(VENDORS)('%s: 408, 425, 429 and 5xx are later, with Retry-After in seconds or as a date', (vendor) => {
    for (const status of [408, 425, 429, 500, 502, 503, 507]) expect(meaning(vendor, status)[1]).toBe('unavailable');
    expect(failed(vendor, 429, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000);
    const date = new Date(NOW + 30_000).toUTCString();
    expect(failed(vendor, 503, '', { 'retry-after': date }).retryAfterMs).toBe(30_000);
  });

  test.each(VENDORS)('%s: a redirect is a mistake, 413 is too large, another 4xx is the request', (vendor) => {
    expect(meaning(vendor, 307, '', { location: 'http://169.254.169.254/' })).toEqual(['Redirect', 'invalid_request']);
    expect(meaning(vendor, 413)).toEqual(['PayloadTooLarge', 'invalid_request']);
    expect(meaning(vendor, 418)[1]).toBe('invalid_request');
  });
});

describe('a subscription of another key is KeyMismatch, and never dead', () => {
  test.each([
    ['apple', 400, { reason: 'VapidPkHashMismatch' }],
    [
      'google',
      403,
      'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n',
    ],
    [
      'google',
      403,
      'the key in the authorization header does not correspond to the sender ID used to subscribe this user.',
    ],
    ['mozilla', 401, autopush(401, 109, 'VAPID public key mismatch')],
  ] as const)('%s %i %j', (vendor, status, body) => {
    expect(meaning(vendor, status, body)).toEqual(['KeyMismatch', 'credential']);
  });

  test('microsoft answers any bad signature with 401', () => {
    const headers = { 'x-wns-error-description': 'JWT Authentication Failed, unable to validate token signature' };
    expect(meaning('microsoft', 401, '', headers)).toEqual(['KeyMismatch', 'credential']);
    const expired = answer('microsoft', 401, '', { 'x-wns-error-description': 'JWT token has expired' });
    expect(expired.outcome).toMatchObject({ reason: 'ExpiredToken', category: 'stale_credential' });
  });
});

describe('words of', () => {
  test('Apple', () => {
    expect(meaning('apple', 403, { reason: 'BadJwtToken' })).toEqual(['BadJwtToken', 'credential']);
    expect(meaning('apple', 400, { reason: 'BadWebPushTopic' })).toEqual(['BadWebPushTopic', 'invalid_request']);
    expect(meaning('apple', 429, { reason: 'TooManyRequests' })).toEqual(['TooManyRequests', 'unavailable']);
    expect(meaning('apple', 410, { reason: 'Unregistered' })).toEqual(['Unregistered', 'invalid_token']);
    expect(meaning('apple', 403, '<html>')).toEqual(['Forbidden', 'credential']);
  });

  test('Mozilla: errno where there is one, else the status', () => {
    expect(meaning('mozilla', 410, autopush(410, 103, 'Request did not validate'))).toEqual([
      'Errno103',
      'invalid_token',
    ]);
    expect(meaning('mozilla', 413, autopush(413, 104))).toEqual(['Errno104', 'invalid_request']);
    expect(meaning('mozilla', 503, autopush(503, 201))).toEqual(['Errno201', 'unavailable']);
    expect(meaning('mozilla', 401, autopush(401, 109, 'Invalid VAPID audience'))).toEqual(['Errno109', 'credential']);
    expect(meaning('mozilla', 503, autopush(503, null, 'Please try later'))).toEqual([
      'ServiceUnavailable',
      'unavailable',
    ]);
    expect(meaning('mozilla', 404, autopush(404, 999))).toEqual(['Errno999', 'invalid_token']);
  });

  test('Google', () => {
    const gone = failed('google', 410, 'push subscription has unsubscribed or expired.\n');
    expect(gone).toMatchObject({ reason: 'Gone', error: 'Gone: push subscription has unsubscribed or expired.' });
  });

  test('Microsoft', () => {
    const dropped = failed('microsoft', 406, '', { 'x-wns-notificationstatus': 'channelthrottled' });
    expect(dropped).toMatchObject({ reason: 'Throttled', category: 'unavailable', error: 'channelthrottled' });
    expect(meaning('microsoft', 410)).toEqual(['Gone', 'invalid_token']);
  });

  test('an ntfy server: 507 is later and not dead', () => {
    const body = {
      code: 50701,
      http: 507,
      error: 'cannot publish to UnifiedPush topic without previously active subscriber',
    };
    expect(failed('other', 507, body)).toMatchObject({ category: 'unavailable', reason: 'InsufficientStorage' });
    expect(failed('other', 507, body).error).toContain('without previously active subscriber');
  });
});

describe('a clock that is wrong', () => {
  test('is found by the words of the refusal, and by the date of the answer', () => {
    const date = new Date(NOW - 3_600_000).toUTCString();
    expect(answer('apple', 403, { reason: 'BadJwtToken' }, { date })).toMatchObject({
      outcome: { reason: 'ExpiredToken', category: 'stale_credential' },
      clock: { at: NOW - 3_600_000 },
    });
    expect(answer('mozilla', 401, autopush(401, 109, 'Invalid VAPID expiry')).clock).toEqual({ at: undefined });
    expect(answer('mozilla', 401, autopush(401, 109, 'The VAPID token expiration is too long')).clock).toBeDefined();
    expect(
      answer('apple', 403, { reason: 'BadJwtToken' }, { date: new Date(NOW).toUTCString() }).clock,
    ).toBeUndefined();
  });
});

test('no error quotes an endpoint', () => {
  const said = 'Subscription https://push.test/secret-abc is gone';
  for (const vendor of VENDORS) {
    for (const body of [said, { message: said, error: said, errno: 103 }]) {
      expect(JSON.stringify(failed(vendor, 410, body))).not.toContain('secret-abc');
    }
  }
});

test('a request without an answer is not_sent or unanswered', () => {
  expect(webPushFault({ code: 'CONNECT_FAILED', processed: 'no', message: 'no' })).toMatchObject({
    category: 'not_sent',
    reason: 'ConnectFailed',
  });
  expect(webPushFault({ code: 'TIMEOUT', processed: 'maybe', message: 'no' }).category).toBe('unanswered');
});
