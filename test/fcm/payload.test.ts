import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arePlainTargets, fcmMessage, targetFailure, targetJson } from '../../src/fcm/payload.ts';
import type { JsonObject, Notification, TargetKind } from '../../src/push/push.ts';
import { decodePushRequest } from '../../src/push/wire/decode-push-request.ts';

const push = (fields: Partial<Notification>): Notification => ({ platform: 2, tokens: ['t'], ...fields });

/** The request body for a target, parsed. */
function body(notification: Notification, kind: TargetKind = 'token', target = 't'): JsonObject {
  const message = fcmMessage(notification, kind);
  if (!message.ok) throw new Error(message.outcome.error);
  return JSON.parse(`${message.before}${targetJson(target, kind)}${message.after}`);
}
const sent = (fields: Partial<Notification>): JsonObject => body(push(fields)).message as JsonObject;

function refusal(fields: Partial<Notification>, kind: TargetKind = 'token'): string {
  const message = fcmMessage(push(fields), kind);
  expect(message.ok).toBe(false);
  if (message.ok) return '';
  expect(message.outcome).toMatchObject({ kind: 'failed', category: 'invalid_request', reason: 'InvalidMessage' });
  return message.outcome.error.replace('fcm service send message error: invalid message at index 0: ', '');
}

describe('flags and an apns object of the caller', () => {
  const own = {
    headers: { 'apns-collapse-id': 'c' },
    payload: { aps: { badge: 4, alert: { title: 'PT' } }, x: 1 },
    fcm_options: { analytics_label: 'l' },
  };
  const combinations = [false, true].flatMap((mutable) =>
    [false, true].flatMap((available) =>
      [false, true].flatMap((sound) => [false, true].map((object) => ({ mutable, available, sound, object }))),
    ),
  );

  test.each(combinations)(
    'mutable $mutable, available $available, sound $sound, own object $object: all of it arrives',
    ({ mutable, available, sound, object }) => {
      const message = sent({
        message: 'hi',
        ...(mutable ? { mutable_content: true } : {}),
        ...(available ? { content_available: true } : {}),
        ...(sound ? { sound: 'ding' } : {}),
        ...(object ? { apns: own } : {}),
      });
      const headers = { ...(object ? own.headers : {}), ...(available ? { 'apns-priority': '5' } : {}) };
      const aps = {
        ...(object ? own.payload.aps : {}),
        ...(mutable ? { 'mutable-content': 1 } : {}),
        ...(available ? { 'content-available': 1 } : {}),
        ...(sound ? { sound: 'ding' } : {}),
      };
      const apns = {
        ...(Object.keys(headers).length > 0 ? { headers } : {}),
        payload: { aps, ...(object ? { x: 1 } : {}) },
        ...(object ? { fcm_options: own.fcm_options } : {}),
      };
      expect(message).toEqual({
        notification: { body: 'hi' },
        ...(sound ? { android: { notification: { sound: 'ding' } } } : {}),
        ...(mutable || available || sound || object ? { apns } : {}),
        token: 't',
      });
    },
  );

  test('what the caller wrote there wins', () => {
    const message = sent({
      content_available: true,
      mutable_content: true,
      sound: 'ding',
      data: { badge: 9, k: 'v' },
      apns: {
        headers: { 'APNs-Priority': '10' },
        payload: { aps: { sound: { critical: 1, name: 'own' }, badge: 0, 'mutable-content': 0 } },
      },
    });
    expect(message.apns).toEqual({
      headers: { 'APNs-Priority': '10' },
      payload: {
        aps: { sound: { critical: 1, name: 'own' }, badge: 0, 'mutable-content': 0, k: 'v', 'content-available': 1 },
      },
    });
  });

  test('an empty text in the object of the caller is filled', () => {
    const apns = { payload: { aps: { sound: '' } } };
    expect(sent({ sound: 'ding', apns }).apns).toEqual({ payload: { aps: { sound: 'ding' } } });
  });

  test('an empty sound makes the empty objects that Gorush makes', () => {
    expect(sent({ sound: '' })).toEqual({
      android: { notification: {} },
      apns: { payload: { aps: {} } },
      token: 't',
    });
  });

  test('a sound that is no text is not for FCM', () => {
    expect(sent({ sound: { critical: 1, name: 'x', volume: 1 } })).toEqual({ token: 't' });
  });
});

describe('the legacy keys of the notification object', () => {
  test('go to android.notification, behind what the caller wrote there', () => {
    const message = sent({
      notification: {
        title: 'T',
        icon: 'i',
        color: '#112233',
        android_channel_id: 'ch',
        title_loc_key: 'tk',
        title_loc_args: ['1'],
        body_loc_args: ['2'],
      },
      android: { notification: { icon: 'own' } },
    });
    expect(message.notification).toEqual({ title: 'T' });
    expect(message.android).toEqual({
      notification: { icon: 'own', color: '#112233', channel_id: 'ch', title_loc_key: 'tk', title_loc_args: ['1'] },
    });
  });

  test('are left out where the v1 API would refuse them', () => {
    expect(sent({ notification: { title: 'T', color: 'red' } })).toEqual({ notification: { title: 'T' }, token: 't' });
  });
});

describe('values', () => {
  test('durations keep their length in whatever spelling', () => {
    const android = {
      ttl: '+3.50',
      notification: {
        vibrate_timings: ['0.25s', '00', '1.000000000s', '0.0000000012s'],
        light_settings: {
          color: { red: 0.5 },
          light_on_duration: '1.5s',
          light_off_duration: '-0.0s',
        },
      },
    };
    expect(sent({ android }).android).toEqual({
      ttl: '3.5s',
      notification: {
        vibrate_timings: ['0.25s', '0s', '1s', '0.000000001s'],
        light_settings: {
          color: { red: 0.5, green: 0, blue: 0 },
          light_on_duration: '1.5s',
          light_off_duration: '0s',
        },
      },
    });
  });

  test('numbers in data are written as Go writes them, and integers keep their digits', () => {
    const decoded = decodePushRequest(
      '{"notifications":[{"platform":2,"tokens":["t"],"content_available":true,"data":{"i":12345678901234567890,"f":1e-9,"z":-0.0,"o":{"n":9007199254740993}}}]}',
    );
    if (!decoded.ok) throw new Error('refused');
    const message = fcmMessage(decoded.notifications[0] as Notification);
    if (!message.ok) throw new Error('refused');
    const text = message.before.toString();
    expect(text).toContain('"data":{"i":"12345678901234567890","f":"1e-09","z":"-0","o":"{\\"n\\":9007199254740993}"}');
    expect(text).toContain('"aps":{"i":12345678901234567890,"f":1e-9,');
  });

  test('empty values vanish where the Go client leaves them out, and stay where it keeps them', () => {
    const message = sent({
      data: {},
      notification: { title: '', body: '' },
      android: {
        ttl: '',
        priority: '',
        data: {},
        notification: { sticky: false, body_loc_args: [], notification_count: 0 },
      },
      webpush: { headers: {}, notification: { actions: [{ action: 'a', title: '' }], renotify: false, vibrate: [] } },
      apns: {
        headers: {},
        payload: { aps: { alert: { title: '', body: 'b' }, sound: { name: '', volume: 0 }, badge: 0 } },
      },
      fcm_options: { analytics_label: '' },
    });
    expect(message).toEqual({
      notification: {},
      android: { notification: { notification_count: 0 } },
      webpush: { notification: { actions: [{ action: 'a' }], renotify: false, vibrate: [] } },
      apns: { payload: { aps: { alert: { body: 'b' }, sound: { volume: 0 }, badge: 0 } } },
      fcm_options: {},
      token: 't',
    });
  });

  test('data with the key __proto__ is data', () => {
    const data = JSON.parse('{"__proto__":{"a":1},"b":2}') as JsonObject;
    const message = fcmMessage(push({ data, content_available: true }));
    if (!message.ok) throw new Error('refused');
    expect(message.before.toString()).toContain('"data":{"__proto__":"{\\"a\\":1}","b":"2"}');
    expect(message.before.toString()).toContain('"aps":{"__proto__":{"a":1},"b":2,');
  });
});

describe('what Google’s client refuses', () => {
  const cases: [string, Partial<Notification>, string][] = [
    ['a relative image', { image: 'i.png' }, 'invalid image URL: "i.png"'],
    ['a negative ttl', { android: { ttl: '-5s' } }, 'ttl duration must not be negative'],
    ['another priority', { priority: 'urgent' }, "priority must be 'normal' or 'high'"],
    ['priorities in upper case', { android: { priority: 'HIGH' } }, "priority must be 'normal' or 'high'"],
    ['a colour by name', { android: { notification: { color: 'red' } } }, 'color must be in the #RRGGBB form'],
    [
      'arguments without a title key',
      { android: { notification: { title_loc_args: ['x'] } } },
      'titleLocKey is required when specifying titleLocArgs',
    ],
    [
      'arguments without a body key',
      { android: { notification: { body_loc_args: ['x'] } } },
      'bodyLocKey is required when specifying bodyLocArgs',
    ],
    ['an android image', { android: { notification: { image: 'x' } } }, 'invalid image URL: "x"'],
    [
      'a negative vibration',
      { android: { notification: { vibrate_timings: ['1s', '-1s'] } } },
      'vibrateTimingMillis must not be negative',
    ],
    [
      'a light brighter than bright',
      {
        android: {
          notification: { light_settings: { color: { red: 2 }, light_on_duration: '1s', light_off_duration: '1s' } },
        },
      },
      'color must be in #RRGGBB or #RRGGBBAA form',
    ],
    [
      'a light for less than no time',
      {
        android: {
          notification: { light_settings: { color: { red: 1 }, light_on_duration: '1s', light_off_duration: '-1s' } },
        },
      },
      'lightOffDuration must not be negative',
    ],
    ['a direction', { webpush: { notification: { dir: 'up' } } }, "direction must be 'ltr', 'rtl' or 'auto'"],
    ['a link that is empty', { webpush: { notification: {}, fcm_options: {} } }, 'invalid link URL: ""'],
    [
      'a link that is not https',
      { webpush: { notification: {}, fcm_options: { link: 'http://e.com' } } },
      'invalid link URL: "http://e.com"; want scheme: "https"',
    ],
    ['an apns image', { apns: { fcm_options: { image: 'x' } } }, 'invalid image URL: "x"'],
    [
      'a volume above one',
      { apns: { payload: { aps: { sound: { volume: 1.5 } } } } },
      'critical sound volume must be in the interval [0, 1]',
    ],
    [
      'alert arguments without their key',
      { apns: { payload: { aps: { alert: { 'subtitle-loc-args': ['x'] } } } } },
      'subtitleLocKey is required when specifying subtitleLocArgs',
    ],
    [
      'data in the place of a flag',
      { content_available: true, data: { 'content-available': 1 } },
      'multiple specifications for the key "content-available"',
    ],
  ];
  test.each(cases)('%s', (_, fields, error) => {
    expect(refusal(fields)).toBe(error);
  });

  test('a topic and a condition at once', () => {
    const both = { topic: 'news', condition: "'a' in topics" };
    expect(refusal(both, 'topic')).toBe('exactly one of token, topic or condition must be specified');
    expect(fcmMessage(push(both), 'token').ok).toBe(true);
  });
});

describe('targets', () => {
  test('an empty token fails alone, as dead', () => {
    expect(targetFailure('', 'token')).toMatchObject({ category: 'invalid_token', reason: 'MissingTarget' });
    expect(targetFailure('f 1', 'token')).toBeUndefined();
  });

  test('the prefix of a topic goes, and its name is checked', () => {
    expect(body(push({}), 'topic', '/topics/news')).toEqual({ message: { topic: 'news' } });
    expect(targetFailure('/topics/news', 'topic')).toBeUndefined();
    expect(targetFailure('a b', 'topic')?.error).toContain('malformed topic name');
  });

  test('dry_run validates only', () => {
    expect(body(push({ dry_run: true }))).toEqual({ message: { token: 't' }, validate_only: true });
  });
});

test('whatever is decoded becomes JSON or a failure, and nothing throws', () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => value ?? null);
  const objects = fc.dictionary(
    fc.constantFrom(
      'payload',
      'aps',
      'alert',
      'sound',
      'notification',
      'headers',
      'data',
      'ttl',
      'light_settings',
      'color',
      'vibrate_timings',
      'actions',
      'image',
      'title',
      'fcm_options',
      'link',
    ),
    fc.oneof(json, fc.dictionary(fc.string(), json)),
  );
  const notification = fc.record(
    {
      message: fc.string({ unit: 'binary' }),
      title: fc.string(),
      image: fc.string(),
      priority: fc.constantFrom('', 'high', 'urgent'),
      topic: fc.string(),
      condition: fc.string(),
      sound: json,
      content_available: fc.boolean(),
      mutable_content: fc.boolean(),
      dry_run: fc.boolean(),
      data: fc.dictionary(fc.string(), json),
      notification: objects,
      android: objects,
      webpush: objects,
      apns: objects,
      fcm_options: objects,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      notification,
      fc.string({ unit: 'binary' }),
      fc.constantFrom<TargetKind>('token', 'topic', 'condition'),
      (fields, target, kind) => {
        const given = push(fields as Partial<Notification>);
        const before = JSON.stringify(given);
        const message = fcmMessage(given, kind);
        // The relay keeps the notification for a retry.
        expect(JSON.stringify(given)).toBe(before);
        if (!message.ok || targetFailure(target, kind)) return;
        const parsed = JSON.parse(`${message.before}${targetJson(target, kind)}${message.after}`);
        expect(Object.keys(parsed.message)).toContain(kind);
      },
    ),
    { numRuns: 300 },
  );
});

test('tokens are written between quotes as they are where their JSON is just that', () => {
  const token = fc.oneof(fc.stringMatching(/^[\w:-]{1,150}$/), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(token), (tokens) => {
      const isPlain = (text: string): boolean =>
        targetJson(text, 'token') === `"${text}"` && Buffer.byteLength(text) === text.length;
      expect(arePlainTargets(tokens, 'token')).toBe(tokens.length > 0 && tokens.every(isPlain));
    }),
  );
});
