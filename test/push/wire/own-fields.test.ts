import { expect, test } from 'vitest';
import { createPushDecoder } from '../../../src/push/wire/decode-push-request.ts';
import { integer, string } from '../../../src/push/wire/go-types.ts';
import { sharedFields } from '../../../src/push/wire/shared-fields.ts';
import { struct } from '../../../src/push/wire/struct.ts';

const decoder = createPushDecoder({
  platforms: { ios: 1, web: 4 },
  fields: { web: struct({ urgency: string, ttl: integer }), url: sharedFields.url },
});

const decode = (notification: object) => decoder.decode(JSON.stringify({ notifications: [notification] }));

test('a platform is its number or its name, in any case', () => {
  for (const platform of [4, 'web', 'WEB', 'Web']) {
    expect(decode({ platform, tokens: ['t'] })).toEqual({ ok: true, notifications: [{ platform: 4, tokens: ['t'] }] });
  }
  expect(decode({ Platform: 'IOS' })).toMatchObject({ notifications: [{ platform: 1 }] });
});

test('a name that is no platform, and a number as a text, are refused with the names that there are', () => {
  for (const platform of ['watch', '1', '', ' ios', '__proto__', 'constructor']) {
    expect(decode({ platform })).toEqual({
      ok: false,
      details: [{ path: 'notifications[0].platform', reason: 'expected an integer or one of ios, web, got a string' }],
    });
  }
});

test('fields of a provider are found in any case, checked by their decoder, and lose what it does not know', () => {
  expect(decode({ platform: 'web', Web: { Urgency: 'high', TTL: 60, colour: 1 } })).toEqual({
    ok: true,
    notifications: [{ platform: 4, tokens: [], web: { urgency: 'high', ttl: 60 } }],
  });
  expect(decode({ platform: 'web', web: { ttl: '60' } })).toEqual({
    ok: false,
    details: [{ path: 'notifications[0].web.ttl', reason: 'expected an integer, got a string' }],
  });
});

test('a shared field of the wrong type is ignored, as Gorush ignores it', () => {
  expect(decode({ platform: 1, url: 5 })).toEqual({ ok: true, notifications: [{ platform: 1, tokens: [] }] });
});

test('what was decoded is decoded to the same again: it is what the queue keeps', () => {
  const first = decode({ platform: 'web', web: { ttl: 60 }, url: 'https://example.com/' });
  if (!first.ok) return expect.unreachable();
  expect(decoder.decode(JSON.stringify({ notifications: first.notifications }))).toEqual(first);
});
