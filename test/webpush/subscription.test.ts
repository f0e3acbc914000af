import { createECDH } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOnCurve, parseSubscription, readSubscription } from '../../src/webpush/subscription.ts';

const ecdh = createECDH('prime256v1');
ecdh.generateKeys();
const p256dh = ecdh.getPublicKey();
const auth = Buffer.from('0123456789abcdef');
const good = {
  endpoint: 'https://push.example.net/p/1',
  keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') },
};

const mistakeOf = (value: unknown) => {
  const read = readSubscription(value);
  return read.ok ? undefined : read.mistake;
};

describe('a subscription', () => {
  test('is read as a browser writes it', () => {
    const read = parseSubscription(JSON.stringify({ ...good, expirationTime: null }));
    expect(read).toEqual({
      ok: true,
      subscription: { endpoint: good.endpoint, place: 'https://push.example.net', path: '/p/1', p256dh, auth },
    });
  });

  test('may have its keys in base64url or base64, with or without padding', () => {
    for (const form of ['base64url', 'base64'] as const) {
      for (const pad of ['', '=']) {
        const keys = {
          p256dh: p256dh.toString(form).replace(/=*$/, pad),
          auth: auth.toString(form).replace(/=*$/, pad),
        };
        expect(mistakeOf({ ...good, keys }), `${form}${pad}`).toBeUndefined();
      }
    }
  });

  test('may name the key that it was made with, under both names', () => {
    for (const name of ['application_server_key', 'applicationServerKey']) {
      const read = readSubscription({ ...good, [name]: p256dh.toString('base64') });
      expect(read.ok && read.subscription.applicationServerKey).toBe(p256dh.toString('base64url'));
    }
    expect(mistakeOf({ ...good, applicationServerKey: null })).toBeUndefined();
    expect(mistakeOf({ ...good, application_server_key: 'abcd' })?.field).toBe('application_server_key');
  });

  test.each([
    [{ ...good, endpoint: undefined }, 'endpoint'],
    [{ ...good, endpoint: 'push.example.net' }, 'endpoint'],
    [{ ...good, endpoint: 'ftp://push.example.net/1' }, 'endpoint'],
    [{ ...good, endpoint: `https://push.example.net/${'a'.repeat(2100)}` }, 'endpoint'],
    [{ endpoint: good.endpoint }, 'keys'],
    [{ ...good, keys: { ...good.keys, p256dh: `${good.keys.p256dh}!` } }, 'keys.p256dh'],
    [{ ...good, keys: { ...good.keys, p256dh: good.keys.auth } }, 'keys.p256dh'],
    [{ ...good, keys: { ...good.keys, p256dh: Buffer.alloc(65, 2).toString('base64url') } }, 'keys.p256dh'],
    [{ ...good, keys: { ...good.keys, auth: 'abc' } }, 'keys.auth'],
    [{ ...good, keys: { ...good.keys, auth: `${good.keys.auth}aa` } }, 'keys.auth'],
    [{ ...good, contentEncoding: 'aesgcm' }, 'contentEncoding'],
    [{ ...good, supportedContentEncodings: ['aesgcm'] }, 'contentEncoding'],
    [null, ''],
    [[good], ''],
    ['x', ''],
  ])('%j is refused for its %s', (value, field) => {
    expect(mistakeOf(value)?.field).toBe(field);
  });

  test('of whatever text is read or refused, and never quoted', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const read = parseSubscription(text);
        return read.ok || !(text.length > 8 && read.mistake.why.includes(text));
      }),
    );
  });
});

test('a point of the curve differs from 65 other bytes', () => {
  expect(isOnCurve(p256dh)).toBe(true);
  expect(isOnCurve(Buffer.alloc(65, 4))).toBe(false);
  expect(isOnCurve(Buffer.alloc(3))).toBe(false);
});
