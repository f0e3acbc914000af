import { describe, expect, test } from 'vitest';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';

function decoded(fields: object) {
  const result = decodePushRequest(JSON.stringify({ notifications: [fields] }));
  return result.ok ? result.notifications[0] : result.details.map(({ path }) => path.replace('notifications[0].', ''));
}

const android = (notification: object) => ({ android: { notification } });
const aps = (fields: object) => ({ apns: { payload: { aps: fields } } });
const white = { red: 1, green: 1, blue: 1, alpha: 1 };
const lights = { color: white, light_on_duration: '1s', light_off_duration: '0.5s' };

describe('android', () => {
  test.each(['3600s', '3600', '3.5s', '0.250s', '1.0s', '-1s', '+5s', ''])('takes the ttl %j as written', (ttl) => {
    expect(decoded({ android: { ttl } })).toMatchObject({ android: { ttl } });
  });

  test.each(['abc', 's', '.5s', '1.s', '1.2.3s', ' 1s', '1ss', '3.-5s', '99999999999999999999s', 5])(
    'refuses the ttl %j',
    (ttl) => {
      expect(decoded({ android: { ttl } })).toEqual(['android.ttl']);
    },
  );

  test('keeps the empty object, drops unknown keys, and turns null in its data into an empty text', () => {
    expect(decoded({ android: {} })).toMatchObject({ android: {} });
    expect(decoded({ android: { channelId: 'x', data: { a: null, b: 'c' } } })).toMatchObject({
      android: { data: { a: '', b: 'c' } },
    });
  });

  test.each([
    [{ visibility: 'NOPE' }, 'visibility'],
    [{ visibility: 'VISIBILITY_UNSPECIFIED' }, 'visibility'],
    [{ proxy: 'allow' }, 'proxy'],
    [{ notification_priority: 'PRIORITY_UNSPECIFIED' }, 'notification_priority'],
    [{ notification_count: '1' }, 'notification_count'],
    [{ sticky: 1 }, 'sticky'],
    [{ vibrate_timings: ['1s', 'x'] }, 'vibrate_timings[1]'],
    [{ vibrate_timings: [null] }, 'vibrate_timings[0]'],
    [{ light_settings: { ...lights, color: null } }, 'light_settings.color'],
    [{ light_settings: { ...lights, light_on_duration: '' } }, 'light_settings.light_on_duration'],
    [{ light_settings: { ...lights, color: { red: '1' } } }, 'light_settings.color.red'],
  ])('refuses %j in its notification', (fields, path) => {
    expect(decoded(android(fields))).toEqual([`android.notification.${path}`]);
  });

  test('takes lights, also dark ones without alpha', () => {
    const dark = { ...lights, color: { red: 0, green: 0.5 } };
    expect(decoded(android({ light_settings: dark }))).toMatchObject(android({ light_settings: dark }));
  });

  test.each(['2024-02-29T23:59:59.123456789Z', '0000-01-01T00:00:00.000000000Z', ''])(
    'takes the time %j',
    (event_time) => {
      expect(decoded(android({ event_time }))).toMatchObject(android({ event_time }));
    },
  );

  test.each([
    '2023-02-29T00:00:00.000000000Z',
    '2024-13-01T00:00:00.000000000Z',
    '2024-01-01T24:00:00.000000000Z',
    '2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00.000000000+00:00',
  ])('refuses the time %j', (event_time) => {
    expect(decoded(android({ event_time }))).toEqual(['android.notification.event_time']);
  });
});

describe('apns', () => {
  test('keeps custom keys, nulls and flags that switch nothing on', () => {
    const fields = {
      'content-available': 0,
      'mutable-content': 5,
      alert: '',
      badge: null,
      'interruption-level': 'x',
      n: null,
    };
    expect(decoded(aps(fields))).toMatchObject(aps(fields));
  });

  test('keeps a key of another case and also reads it', () => {
    expect(decoded(aps({ Badge: 1, CATEGORY: '', 'Content-Available': 0 }))).toMatchObject(
      aps({ Badge: 1, badge: 1, CATEGORY: '', 'Content-Available': 0 }),
    );
    expect(decoded(aps({ CATEGORY: '' }))).not.toHaveProperty('apns.payload.aps.category');
  });

  test('drops unknown keys of an alert and of a sound', () => {
    expect(
      decoded(aps({ alert: { title: 't', 'summary-arg': 's' }, sound: { critical: 1, name: 'n', volume: 0.5, x: 1 } })),
    ).toMatchObject(aps({ alert: { title: 't' }, sound: { critical: 1, name: 'n', volume: 0.5 } }));
    expect(decoded(aps({ sound: { critical: 2 } }))).toMatchObject(aps({ sound: {} }));
  });

  test.each([
    [{ 'content-available': true }, 'content-available'],
    [{ 'mutable-content': '1' }, 'mutable-content'],
    [{ badge: '1' }, 'badge'],
    [{ alert: 5 }, 'alert'],
    [{ alert: [] }, 'alert'],
    [{ alert: { title: 1 } }, 'alert.title'],
    [{ sound: { critical: true } }, 'sound.critical'],
    [{ Category: 1 }, 'category'],
  ])('refuses %j in aps', (fields, path) => {
    expect(decoded(aps(fields))).toEqual([`apns.payload.aps.${path}`]);
  });
});

describe('webpush', () => {
  test('keeps custom keys and false flags of its notification', () => {
    const webpush = {
      notification: { renotify: false, timestamp: 0, mine: { a: [1] }, actions: [null, { action: 'a' }] },
    };
    expect(decoded({ webpush })).toMatchObject({ webpush });
  });

  test('drops unknown keys of an action and reads null as 0 in a pattern', () => {
    expect(
      decoded({ webpush: { notification: { actions: [{ action: 'a', x: 1 }], vibrate: [1, null] } } }),
    ).toMatchObject({
      webpush: { notification: { actions: [{ action: 'a' }], vibrate: [1, 0] } },
    });
  });

  test('refuses wrong types', () => {
    expect(decoded({ webpush: { headers: { TTL: 15 }, notification: { vibrate: ['1'], silent: 0 } } })).toEqual([
      'webpush.headers.TTL',
      'webpush.notification.vibrate[0]',
      'webpush.notification.silent',
    ]);
  });
});
