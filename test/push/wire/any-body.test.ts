import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DecodedRequest } from '../../../src/push/wire/decode-push-request.ts';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';
import { decodeNotification, encodeNotification } from '../../../src/push/wire/notification-record.ts';

const valid = JSON.stringify({
  notifications: [
    {
      platform: 1,
      tokens: ['a1', 'b2'],
      message: 'hi',
      badge: 1,
      alert: { title: 't', 'loc-args': ['x'] },
      volume: 0.5,
    },
    {
      platform: 2,
      tokens: ['f1'],
      data: { a: { b: [1, null, true] }, n: 1e20 },
      android: { ttl: '3.5s', data: { a: 'b' }, notification: { vibrate_timings: ['1s'], visibility: 'PUBLIC' } },
      apns: { headers: { 'apns-priority': '5' }, payload: { aps: { badge: 0, sound: { critical: 1 } }, x: 1 } },
      webpush: { notification: { actions: [{ action: 'a' }], renotify: false } },
    },
    { platform: 3, tokens: ['h1'], huawei_notification: { click_action: { type: 1 } }, huawei_ttl: '1s' },
  ],
});

const ownKeys = Object.getOwnPropertyNames(Object.prototype).length;

/** The properties that hold for every body whatever it is. */
function check(decoded: DecodedRequest): void {
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(ownKeys);
  if (!decoded.ok) {
    expect(decoded.details.length).toBeGreaterThan(0);
    expect(decoded.details.length).toBeLessThanOrEqual(20);
    return;
  }
  for (const notification of decoded.notifications) {
    expect(Array.isArray(notification.tokens)).toBe(true);
    expect(Number.isInteger(notification.platform)).toBe(true);
    const record = encodeNotification(notification);
    expect(encodeNotification(decodeNotification(record))).toBe(record);
    const again = decodePushRequest(`{"notifications":[${record}]}`);
    expect(again.ok && encodeNotification(again.notifications[0]!)).toBe(record);
  }
}

test('no bytes make the decoder throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => check(decodePushRequest(bytes))));
});

test('no JSON makes the decoder throw', () => {
  fc.assert(fc.property(fc.json(), (json) => check(decodePushRequest(`{"notifications":[${json}]}`))));
});

test('no damage to a valid request makes the decoder throw', () => {
  const bytes = Buffer.from(valid);
  const edit = fc.tuple(fc.nat(bytes.length), fc.nat(8), fc.uint8Array({ maxLength: 6 }));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let damaged = bytes;
      for (const [at, length, insert] of edits)
        damaged = Buffer.concat([damaged.subarray(0, at), insert, damaged.subarray(at + length)]);
      check(decodePushRequest(damaged));
    }),
    { numRuns: 500 },
  );
});

test('no value of any type in any known field makes the decoder throw', () => {
  const names = [...valid.matchAll(/"([\w-]+)":/g)].map((match) => match[1] as string);
  const key = fc.oneof(
    fc.constantFrom(...names, 'dry_run', 'sound', '__proto__', 'relevance-score', 'fcm_options'),
    fc.string(),
  );
  const number = fc.oneof(
    fc.constantFrom('1.0', '1e2', '1e400', '-0', '9007199254740993', '9223372036854775807', '99999999999999999999'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  );
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      number,
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc.constantFrom('null', 'true', '"\\ud800"', '"5s"', '{}', '[]'),
      fc.array(tie('value')).map((items) => `[${items}]`),
      fc
        .array(fc.tuple(key, tie('value')))
        .map((entries) => `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${item}`)}}`),
    ),
  }));
  const notification = fc
    .array(fc.tuple(key, value))
    .map((entries) => `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${item}`)}}`);
  fc.assert(
    fc.property(notification, (json) => check(decodePushRequest(`{"notifications":[${json}]}`))),
    { numRuns: 2_000 },
  );
});
