import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apnsFault, apnsOutcome, apnsReasons, isApnsRefusal, unknownReason } from '../../src/apns/reasons.ts';
import type { StreamFault } from '../../src/http2/http2-pool.ts';
import { ACCEPTED, type Failed } from '../../src/push/push.ts';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Failed =>
  apnsOutcome(status, headers, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), () => 0) as Failed;

test('200 with an empty body is the one shared success', () => {
  expect(apnsOutcome(200, { 'apns-id': 'x' }, Buffer.from(''))).toBe(ACCEPTED);
  expect(apnsOutcome(200, {}, Buffer.from(''))).toBe(ACCEPTED);
  expect(apnsOutcome(200, {}, Buffer.from('{}'))).toBe(ACCEPTED);
});

describe('the reason', () => {
  test.each([
    [400, 'BadDeviceToken', 'invalid_token'],
    [400, 'DeviceTokenNotForTopic', 'invalid_token'],
    [410, 'Unregistered', 'invalid_token'],
    [410, 'ExpiredToken', 'invalid_token'],
    [400, 'BadTopic', 'invalid_request'],
    [413, 'PayloadTooLarge', 'invalid_request'],
    [403, 'InvalidProviderToken', 'credential'],
    [403, 'BadEnvironmentKeyInToken', 'credential'],
    [403, 'ExpiredProviderToken', 'stale_credential'],
    [429, 'TooManyRequests', 'unavailable'],
    [429, 'TooManyProviderTokenUpdates', 'unavailable'],
    [503, 'Shutdown', 'unavailable'],
    [400, 'IdleTimeout', 'unavailable'],
  ])('%i %s is %s, and the error is the word itself', (status, reason, category) => {
    expect(answer(status, { reason })).toEqual({ kind: 'failed', category, reason, error: reason, status });
  });

  test('a word that is not in the table means what its status means', () => {
    expect(answer(400, { reason: 'SomethingNew' })).toMatchObject({
      category: 'invalid_request',
      error: 'SomethingNew',
    });
    expect(answer(410, { reason: 'toString' })).toMatchObject({ category: 'invalid_token', reason: 'toString' });
    const categories = [403, 408, 429, 500, 599, 404, 301].map((status) => unknownReason(status).category);
    expect(categories.join(' ')).toBe(
      'credential unavailable unavailable unavailable unavailable invalid_request invalid_request',
    );
  });

  test('no reason is told as Gorush tells it, with an empty error', () => {
    const ofApns = { 'apns-id': 'A0' };
    for (const body of ['', {}, 'null', { reason: '' }, { reason: null }]) {
      expect(answer(400, body, ofApns)).toMatchObject({ category: 'invalid_request', reason: 'NoReason', error: '' });
    }
    expect(answer(410, '', ofApns)).toMatchObject({ category: 'invalid_token', error: '' });
    expect(answer(503, '', ofApns)).toMatchObject({ category: 'unavailable', reason: 'NoReason' });
  });

  test('an answer without the form of APNs is no verdict about the push, whatever its status', () => {
    for (const status of [200, 301, 400, 401, 403, 404, 405, 407, 410, 413, 429, 500, 502, 503])
      for (const body of ['<html>oops</html>', 'oops', '[1]', '"x"', { reason: 5 }]) {
        expect(answer(status, body)).toMatchObject({ category: 'unavailable', reason: 'InvalidAnswer', status });
        expect(answer(status, body).error).not.toBe('');
      }
    for (const status of [400, 403, 404, 410, 503])
      for (const body of ['', {}, 'null', { error: 'no route' }])
        expect(answer(status, body)).toMatchObject({ category: 'unavailable', reason: 'InvalidAnswer' });
  });
});

test('the timestamp of a 410 is told as ISO 8601, unless it is no point in time', () => {
  const at = (timestamp: unknown) => answer(410, { reason: 'Unregistered', timestamp }).unregisteredAt;
  expect(at(1_700_000_000_000)).toBe('2023-11-14T22:13:20.000Z');
  for (const odd of ['1700000000000', 9e15, -9e15, null, {}]) expect(at(odd)).toBeUndefined();
});

test('Retry-After is read as seconds or as a date', () => {
  const wait = (value: string) => answer(429, '', { 'retry-after': value }).retryAfterMs;
  expect(wait('3')).toBe(3000);
  expect(wait('Thu, 01 Jan 1970 00:00:05 GMT')).toBe(5000);
  expect(wait('soon')).toBeUndefined();
});

test('a failure carries the apns-id', () => {
  expect(answer(400, { reason: 'BadTopic' }, { 'apns-id': 'A0' }).providerId).toBe('A0');
});

test('a fault says whether APNs may have taken the push', () => {
  expect(apnsFault({ code: 'CONNECT_FAILED', processed: 'no', message: 'no connection' })).toEqual({
    kind: 'failed',
    category: 'not_sent',
    reason: 'ConnectFailed',
    error: 'no connection',
  });
  expect(apnsFault({ code: 'REQUEST_TIMEOUT', processed: 'maybe', message: '' })).toMatchObject({
    category: 'unanswered',
    reason: 'RequestTimeout',
    error: 'REQUEST_TIMEOUT',
  });
});

test('every reason has one sentence of advice', () => {
  for (const { advice } of Object.values(apnsReasons)) expect(advice).toMatch(/^[A-Z].*\.$/);
});

test('no answer, however odd, throws', () => {
  const headers = fc.record({ 'retry-after': fc.string(), 'apns-id': fc.string() }, { requiredKeys: [] });
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json(),
    fc.json().map((reason) => `{"reason":${reason},"timestamp":${reason}}`),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 999 }), headers, body, (status, fields, bytes) => {
      const outcome = apnsOutcome(status, fields, Buffer.from(bytes as string));
      const isForeign = outcome.kind === 'failed' && outcome.reason === 'InvalidAnswer';
      expect(outcome.kind).toBe(status === 200 && !isForeign ? 'accepted' : 'failed');
    }),
  );
});

describe('a verdict about us that ends a connection', () => {
  const fault = (more: Partial<StreamFault>): StreamFault => ({ code: 'X', processed: 'no', message: 'm', ...more });
  const goaway = (text: string) => fault({ code: 'GOAWAY', refusal: { by: 'goaway', text } });

  test('by TLS alert is a refused credential, whether or not the request was written', () => {
    for (const processed of ['no', 'maybe'] as const)
      expect(apnsFault(fault({ processed, refusal: { by: 'certificate', text: 'certificate revoked' } }))).toEqual({
        kind: 'failed',
        category: 'credential',
        reason: 'CertificateRefused',
        error: 'the provider refuses our certificate: certificate revoked',
      });
  });

  test('by GOAWAY is one if APNs says so of the credential, and of a request that it returned', () => {
    expect(apnsFault(goaway('{"reason":"BadCertificate"}'))).toMatchObject({
      category: 'credential',
      reason: 'BadCertificate',
    });
    for (const text of ['{"reason":"Shutdown"}', '{"reason":"BadDeviceToken"}', '{"reason":5}', 'Maximum streams', '{'])
      expect(apnsFault(goaway(text))).toMatchObject({ category: 'not_sent', reason: 'Goaway' });
    expect(apnsFault({ ...goaway('{"reason":"BadCertificate"}'), processed: 'maybe' }).category).toBe('unanswered');
  });

  test('is known to the pool, which then asks no other connection', () => {
    expect(isApnsRefusal('{"reason":"InvalidProviderToken"}')).toBe(true);
    expect(isApnsRefusal('{"reason":"IdleTimeout"}')).toBe(false);
  });
});
