import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hmsFault, hmsOutcome } from '../../src/hms/reasons.ts';
import type { Delivery, Failed, Outcome } from '../../src/push/push.ts';

const tokens = (...targets: string[]): Pick<Delivery, 'kind' | 'targets'> => ({ kind: 'token', targets });

function outcomes(status: number, body: unknown, to = tokens('h1', 'h2'), headers = {}): Outcome[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return to.targets.map(hmsOutcome(status, headers, Buffer.from(text), to, () => 0));
}

const failureOf = (status: number, body: unknown, headers = {}): Failed =>
  outcomes(status, body, tokens('h1'), headers)[0] as Failed;

describe('success', () => {
  test('is told with the id of the request', () => {
    expect(outcomes(200, { code: '80000000', msg: 'Success', requestId: 'r' })).toEqual([
      { kind: 'accepted', providerId: 'r' },
      { kind: 'accepted', providerId: 'r' },
    ]);
  });

  test('counts without an id and as a number too', () => {
    expect(outcomes(200, { code: 80000000 })[0]).toEqual({ kind: 'accepted' });
  });
});

describe('80100000', () => {
  const partial = (msg: unknown) => ({ code: '80100000', msg, requestId: 'r' });

  test('fails the tokens that it names and no other', () => {
    const msg = JSON.stringify({ success: 2, failure: 1, illegal_tokens: ['h2'] });
    const [first, second, third] = outcomes(200, partial(msg), tokens('h1', 'h2', 'h3'));
    expect([first?.kind, third?.kind]).toEqual(['accepted', 'accepted']);
    expect(second).toMatchObject({ category: 'invalid_token', reason: '80100000', status: 200, providerId: 'r' });
  });

  test('fails every occurrence of a token', () => {
    const msg = '{"success":1,"failure":2,"illegal_tokens":["h1"]}';
    expect(outcomes(200, partial(msg), tokens('h1', 'h2', 'h1')).map(({ kind }) => kind)).toEqual([
      'failed',
      'accepted',
      'failed',
    ]);
  });

  test('without a readable list fails all, and calls none of them dead', () => {
    for (const msg of ['', '{', '{"failure":1}', '{"illegal_tokens":[]}', 'null', 7, null]) {
      for (const outcome of outcomes(200, partial(msg))) {
        expect(outcome).toMatchObject({ kind: 'failed', category: 'invalid_request', reason: '80100000' });
      }
    }
  });

  test('never repeats a device token in its text', () => {
    const msg = '{"failure":1,"illegal_tokens":["h1"]}';
    expect(JSON.stringify(outcomes(200, partial(msg), tokens('h1')))).not.toContain('h1');
  });
});

describe('the code decides, whatever the status', () => {
  test.each([
    ['80100001', 'invalid_request'],
    ['80100017', 'unavailable'],
    ['80200001', 'stale_credential'],
    ['80200003', 'stale_credential'],
    ['80200005', 'stale_credential'],
    ['80300002', 'invalid_request'],
    ['80300007', 'invalid_token'],
    ['80300008', 'invalid_request'],
    ['80600003', 'unavailable'],
    ['81000001', 'unavailable'],
  ])('%s is %s', (code, category) => {
    for (const status of [200, 400, 401, 500]) {
      expect(failureOf(status, { code, msg: 'm' })).toMatchObject({
        category,
        reason: code,
        error: `${code}: m`,
        status,
      });
    }
  });

  test('a topic is never a dead token', () => {
    const to = { kind: 'topic', targets: ['news'] } as const;
    expect(hmsOutcome(400, {}, Buffer.from('{"code":"80300007"}'), to)('news')).toMatchObject({
      category: 'invalid_request',
    });
  });

  test('a text that repeats a device token is not told', () => {
    expect(failureOf(400, { code: '80300007', msg: 'h1 is bad' }).error).toBe('80300007: refused by HMS');
  });
});

describe('without a known code the status decides, and without any it was not HMS that answered', () => {
  test.each([
    [200, {}, 'unavailable', 'InvalidAnswer'],
    [200, '<html>', 'unavailable', 'InvalidAnswer'],
    [400, '', 'unavailable', 'InvalidAnswer'],
    [401, '', 'unavailable', 'InvalidAnswer'],
    [403, { error: 'denied' }, 'unavailable', 'InvalidAnswer'],
    [404, '<html>', 'unavailable', 'InvalidAnswer'],
    [401, { code: '99999999' }, 'stale_credential', '99999999'],
    [429, '', 'unavailable', 'TooManyRequests'],
    [500, '', 'unavailable', 'InternalServerError'],
    [502, '<html>bad gateway</html>', 'unavailable', 'BadGateway'],
    [503, 'null', 'unavailable', 'ServiceUnavailable'],
    [590, '[]', 'unavailable', 'Status590'],
    [200, { code: '99999999', msg: 'new' }, 'invalid_request', '99999999'],
    [503, { code: '99999999' }, 'unavailable', '99999999'],
    [200, { code: 'toString' }, 'invalid_request', 'toString'],
  ])('%i %j', (status, body, category, reason) => {
    expect(failureOf(status, body)).toMatchObject({ category, reason, status });
  });

  test('Retry-After counts in seconds or as a date', () => {
    expect(failureOf(503, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000);
    expect(failureOf(503, '', { 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }).retryAfterMs).toBe(9000);
    expect(failureOf(503, '', { 'retry-after': 'soon' })).not.toHaveProperty('retryAfterMs');
    expect(failureOf(400, { code: '80100001' }, { 'retry-after': '7' })).not.toHaveProperty('retryAfterMs');
  });
});

test('any answer gives every target an outcome', () => {
  const body = fc.oneof(
    fc.json().map(String),
    fc.string(),
    fc.record({ code: fc.jsonValue(), msg: fc.jsonValue() }).map((v) => JSON.stringify(v)),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 999 }), body, fc.array(fc.string()), (status, text, targets) => {
      for (const outcome of outcomes(status, text, tokens(...targets))) {
        if (outcome.kind === 'failed') expect([outcome.reason, outcome.error]).not.toContain('');
      }
    }),
  );
});

test('a request without an answer counts when HMS may have seen it', () => {
  expect(hmsFault({ code: 'CONNECT_FAILED', processed: 'no', message: 'm' })).toEqual({
    kind: 'failed',
    category: 'not_sent',
    reason: 'ConnectionFailed',
    error: 'm',
  });
  expect(hmsFault({ code: 'CLOSED', processed: 'no', message: 'm' })).toMatchObject({ category: 'not_sent' });
  expect(hmsFault({ code: 'TIMEOUT', processed: 'maybe', message: 'm' })).toMatchObject({
    category: 'unanswered',
    reason: 'Timeout',
  });
  expect(hmsFault({ code: 'CONNECTION_LOST', processed: 'maybe', message: '' })).toMatchObject({
    category: 'unanswered',
    reason: 'ConnectionLost',
    error: 'CONNECTION_LOST',
  });
});
