import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apnsPayload } from '../../../src/apns/payload.ts';
import { fcmMessage } from '../../../src/fcm/payload.ts';
import { hmsBody, hmsMessage } from '../../../src/hms/payload.ts';
import type { JsonObject, Notification } from '../../../src/push/push.ts';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';
import { decodeNotification, encodeNotification } from '../../../src/push/wire/notification-record.ts';

/** Keys that mean something to JavaScript, and a few that do not. */
const key = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'polluted',
  'a',
  'aps',
);
const leaf = fc.constantFrom('"x"', '1', 'true', '"polluted"', '12345678901234567890', '1.0');

/** Texts and not values: an object literal with `__proto__` would lose it before the test began. */
const { object } = fc.letrec<{ object: string; list: string; value: string }>((tie) => ({
  object: fc
    .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name })
    .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`),
  list: fc.array(tie('value'), { maxLength: 2 }).map((items) => `[${items.join()}]`),
  value: fc.oneof({ maxDepth: 4 }, leaf, tie('object'), tie('list')),
}));

const FIELDS = ['data', 'sound', 'content-state', 'attributes', 'apns', 'android', 'webpush', 'notification', 'alert'];

const request = fc
  .tuple(object, fc.dictionary(fc.constantFrom(...FIELDS.slice(1)), object), fc.constantFrom(1, 2, 3), object)
  .map(([data, others, platform, beside]) => {
    const fields = { ...others, data, __proto__evil: beside };
    const text = Object.entries(fields).map(([name, value]) => `,"${name}":${value}`);
    // And the same as keys of the notification and of the body.
    const more = `,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}`;
    return {
      data,
      body: `{"notifications":[{"tokens":["t"],"platform":${platform}${text.join('')}${more}}]${more}}`,
    };
  });

const roots = (): unknown[] =>
  [Object.prototype, Array.prototype, Function.prototype, Object].map((root) => Reflect.ownKeys(root));

const entriesOf = (json: string): [string, unknown][] => Object.entries(JSON.parse(json) as object);

/** Every way that a notification goes once it is decoded. */
function sent(notification: Notification): string[] {
  const fcm = fcmMessage(notification);
  const hms = hmsMessage(notification);
  return [
    apnsPayload(notification),
    fcm.ok ? `${fcm.before}"t"${fcm.after}` : '{}',
    'outcome' in hms ? '{}' : hmsBody(hms, 'token', ['t']).toString(),
  ];
}

test('no key, wherever it is, reaches a prototype; and as a key of data each is delivered', () => {
  const before = roots();
  let taken = 0;
  fc.assert(
    fc.property(request, ({ data, body }) => {
      const decoded = decodePushRequest(body);
      expect(roots()).toEqual(before);
      if (!decoded.ok) return;
      taken++;
      const [notification] = decoded.notifications as [Notification];
      expect(Object.getPrototypeOf(notification)).toBe(Object.prototype);
      expect(Object.hasOwn(notification, '__proto__')).toBe(false);
      const queued = decodeNotification(encodeNotification(notification));
      expect(sent(queued)).toEqual(sent(notification));
      expect(roots()).toEqual(before);

      const wanted = entriesOf(JSON.stringify(notification.data)).filter(([name]) => name !== 'aps');
      expect(wanted.map(([name]) => name)).toEqual(
        entriesOf(data)
          .map(([name]) => name)
          .filter((name) => name !== 'aps'),
      );
      const payload = new Map(entriesOf(apnsPayload(notification)));
      for (const [name, value] of wanted) expect(JSON.stringify(payload.get(name))).toBe(JSON.stringify(value));
      const fcm = fcmMessage(notification);
      if (!fcm.ok) return;
      const message = (JSON.parse(`${fcm.before}"t"${fcm.after}`) as { message: JsonObject }).message;
      expect(Object.keys((message.data ?? {}) as object)).toEqual(Object.keys(notification.data as object));
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(100);
});

test.each(['__proto__', 'constructor', 'prototype'])('%s is a key of data like any other', (name) => {
  const decoded = decodePushRequest(
    `{"notifications":[{"tokens":["t"],"platform":1,"data":{"${name}":{"polluted":1},"n":12345678901234567890}}]}`,
  );
  if (!decoded.ok) expect.unreachable('it was refused');
  else {
    const [notification] = decoded.notifications as [Notification];
    const text = `"${name}":{"polluted":1},"n":12345678901234567890`;
    expect(apnsPayload(notification)).toBe(`{${text},"aps":{}}`);
    const fcm = fcmMessage(notification);
    expect(fcm.ok && String(fcm.before)).toContain(`"${name}":"{\\"polluted\\":1}"`);
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test.each(['android', 'apns'])('%s keeps such keys where the provider’s own object has free ones', (field) => {
  const inner = '{"__proto__":"x","constructor":"y"}';
  const value =
    field === 'android'
      ? `{"data":${inner}}`
      : `{"headers":${inner},"payload":{"aps":{"alert":"a"},"__proto__":{"x":1}}}`;
  const decoded = decodePushRequest(
    `{"notifications":[{"tokens":["t"],"platform":2,"mutable_content":true,"sound":"s","priority":"high","${field}":${value}}]}`,
  );
  if (!decoded.ok) expect.unreachable('it was refused');
  else {
    const fcm = fcmMessage(decoded.notifications[0] as Notification);
    expect(fcm.ok && String(fcm.before)).toContain(inner.slice(1, -1));
    if (field === 'apns') expect(fcm.ok && String(fcm.before)).toContain('"__proto__":{"x":1}');
  }
});
