import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hmsBody, hmsMessage } from '../../src/hms/payload.ts';
import type { JsonObject, Notification } from '../../src/push/push.ts';

const push = (fields: Partial<Notification>): Notification => ({ tokens: ['h1'], platform: 3, ...fields });

function bodyOf(fields: Partial<Notification>): { message: { android: JsonObject & { notification: JsonObject } } } {
  const message = hmsMessage(push(fields));
  if (!message.ok) throw new Error(message.outcome.error);
  return JSON.parse(hmsBody(message, 'token', ['h1']).toString());
}

const shownOf = (fields: Partial<Notification>): JsonObject => bodyOf(fields).message.android.notification;

const mistakeOf = (fields: Partial<Notification>): string | undefined => {
  const message = hmsMessage(push(fields));
  return message.ok ? undefined : message.outcome.error;
};

const DEFAULTS = {
  default_sound: true,
  click_action: { type: 1, action: 'Action' },
  auto_cancel: true,
  importance: 'NORMAL',
  use_default_vibrate: true,
  use_default_light: true,
  visibility: 'PRIVATE',
  foreground_show: true,
};

describe('the message', () => {
  test('without anything to show has no notification', () => {
    expect(bodyOf({})).toEqual({
      validate_only: false,
      message: { android: { urgency: 'NORMAL', ttl: '86400s' }, token: ['h1'] },
    });
  });

  test('with a text, a title or an image has the default notification', () => {
    expect(shownOf({ message: 'hi', title: 'T', image: 'https://e.com/x.png' })).toEqual({
      ...DEFAULTS,
      title: 'T',
      body: 'hi',
      image: 'https://e.com/x.png',
    });
    expect(shownOf({ image: 'https://e.com/x.png' })).toEqual({ ...DEFAULTS, image: 'https://e.com/x.png' });
  });

  test('with the name of a sound alone has the default notification too', () => {
    expect(shownOf({ sound: 'ding' })).toEqual({ ...DEFAULTS, sound: 'ding' });
    expect(bodyOf({ sound: { name: 'ding' } }).message.android.notification).toBeUndefined();
  });

  test('with an own notification has none of the defaults but click action, sound and visibility', () => {
    expect(shownOf({ huawei_notification: { title: 'HT', body: 'HB', big_body: '', auto_clear: 0 } })).toEqual({
      title: 'HT',
      body: 'HB',
      default_sound: true,
      click_action: { type: 1, action: 'Action' },
      visibility: 'PRIVATE',
      foreground_show: false,
    });
    expect(shownOf({ huawei_notification: {} })).toMatchObject({ default_sound: true, foreground_show: false });
  });

  test('lays text and title over an own notification', () => {
    expect(
      shownOf({ huawei_notification: { title: 'HT', body: 'HB', icon: 'i' }, message: 'hi', title: 'T' }),
    ).toMatchObject({ title: 'T', body: 'hi', icon: 'i' });
  });

  test('keeps default_sound false beside the name of a sound', () => {
    const own = { sound: 's', default_sound: false };
    expect(shownOf({ huawei_notification: own })).toMatchObject({ sound: 's', default_sound: false });
    expect(shownOf({ huawei_notification: own, sound: 'ding' })).toMatchObject({ sound: 'ding', default_sound: false });
    expect(shownOf({ huawei_notification: { default_sound: false } })).toMatchObject({ default_sound: true });
  });

  test('writes zeroes of colours and drops what go-hms-push does not know', () => {
    const light_settings = { color: { red: 1 }, light_on_duration: '1', light_off_duration: '2s' };
    const shown = shownOf({ huawei_notification: { light_settings, when: 'x', buttons: [] } });
    expect(shown.light_settings).toEqual({ ...light_settings, color: { alpha: 0, red: 1, green: 0, blue: 0 } });
    expect(shown).not.toHaveProperty('when');
    expect(shown).not.toHaveProperty('buttons');
  });

  test('carries data, urgency, category, ttl, tag and target', () => {
    const body = bodyOf({
      huawei_data: '{"a":1}',
      priority: 'high',
      category: 'IM',
      huawei_ttl: '300s',
      bi_tag: 'b',
      fast_app_target: 1,
      huawei_collapse_key: -1,
    });
    expect(body.message).toMatchObject({ data: '{"a":1}' });
    expect(body.message.android).toEqual({
      collapse_key: -1,
      urgency: 'HIGH',
      category: 'IM',
      ttl: '300s',
      bi_tag: 'b',
      fast_app_target: 1,
    });
  });

  test('names a topic or a condition in the place of tokens', () => {
    const message = hmsMessage(push({ topic: 'news' }));
    if (!message.ok) throw new Error('refused');
    expect(JSON.parse(hmsBody(message, 'topic', ['news']).toString()).message).toMatchObject({ topic: 'news' });
    expect(JSON.parse(hmsBody(message, 'condition', ["'a' in topics"]).toString()).message).toMatchObject({
      condition: "'a' in topics",
    });
  });
});

describe('a message that HMS would refuse fails in the words of go-hms-push', () => {
  const own = (huawei_notification: JsonObject): Partial<Notification> => ({ huawei_notification });
  const light = { color: {}, light_on_duration: '1', light_off_duration: '1' };
  const cases: [string, Partial<Notification>][] = [
    ['token, topics or condition must be choice one', { topic: 'n', condition: "'a' in topics" }],
    ['collapse_key must be in interval [-1 - 100]', { huawei_collapse_key: 101 }],
    ['collapse_key must be in interval [-1 - 100]', { huawei_collapse_key: -2 }],
    ['malformed ttl', { huawei_ttl: 'abc' }],
    ['invalid fast_app_target', { fast_app_target: 3 }],
    ['invalid fast_app_target', { fast_app_target: -1 }],
    ['big_title must not be empty when style is 1', own({ style: 1 })],
    ['big_body must not be empty when style is 1', own({ style: 1, big_title: 'b' })],
    ["Importance must be 'HIGH', 'NORMAL' or 'LOW'", own({ importance: 'MAX' })],
    ["vibrate_timings can't be more than 10 elements", own({ vibrate_config: Array(11).fill('1') })],
    ['malformed vibrate_timings', own({ vibrate_config: ['1', ''] })],
    ['visibility must be VISIBILITY_UNSPECIFIED, PRIVATE, PUBLIC or SECRET', own({ visibility: 'NOPE' })],
    ["light_settings.color can't be nil", own({ light_settings: {} })],
    [
      'light_settings.light_on_duration is empty or malformed',
      own({ light_settings: { ...light, light_on_duration: 'x' } }),
    ],
    [
      'light_settings.light_off_duration is empty or malformed',
      own({ light_settings: { color: {}, light_on_duration: '1' } }),
    ],
    ['color must be in the form #RRGGBB', own({ color: 'red' })],
    ['at least one of intent and action is not empty when type is 1', own({ click_action: { type: 1 } })],
    ['url must not be empty when type is 2', own({ click_action: { type: 2 } })],
    ['rich_resource must not be empty when type is 4', own({ click_action: { type: 4 } })],
    ['type must be in the interval [1 - 4]', own({ click_action: { type: 9 } })],
    ['type must be in the interval [1 - 4]', own({ click_action: {} })],
    // The first mistake in go-hms-push's order is the one told.
    ['malformed ttl', { huawei_ttl: 'abc', ...own({ color: 'red' }) }],
    ["Importance must be 'HIGH', 'NORMAL' or 'LOW'", own({ importance: 'MAX', click_action: {} })],
  ];

  test.each(cases)('%s', (error, fields) => {
    const message = hmsMessage(push(fields));
    expect(message).toEqual({
      ok: false,
      outcome: { kind: 'failed', category: 'invalid_request', reason: 'InvalidMessage', error },
    });
  });

  test('what its unanchored pattern lets pass, passes', () => {
    expect(mistakeOf({ huawei_ttl: 'in 5 minutes' })).toBeUndefined();
    expect(mistakeOf({ huawei_notification: { click_action: { type: 2, url: 'http://e.com' } } })).toBeUndefined();
  });
});

test('whatever the fields are, there is a message or a reason', () => {
  const keys = [
    'light_settings',
    'click_action',
    'badge',
    'vibrate_config',
    'style',
    'color',
    'multi_lang_key',
    'title',
  ];
  const own = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(own, fc.jsonValue(), fc.string(), (huawei_notification, sound, message) => {
      const built = hmsMessage(
        push({ huawei_notification: huawei_notification as JsonObject, sound: sound as never, message }),
      );
      if (built.ok) JSON.parse(hmsBody(built, 'token', [message]).toString());
      else expect(built.outcome.error).not.toBe('');
    }),
  );
});

interface Case {
  name: string;
  requests: { body: { notifications: Notification[] } }[];
  recorded: { upstream?: Upstream[] };
  expect?: { upstream?: Upstream[]; any?: true };
}
type Upstream = { host: string; body: { message: { token?: string[]; topic?: string; condition?: string } } };

const corpus = new URL('../contract/corpus/hms.json', import.meta.url);

/** Single pushes of the corpus: what Gorush sent is what this builds, and what it did not send is refused. */
describe('the recorded requests', () => {
  const { cases } = JSON.parse(readFileSync(corpus, 'utf8')) as { cases: Case[] };
  const single = cases.filter(
    ({ requests, expect: e }) => requests.length === 1 && requests[0]?.body.notifications.length === 1 && !e?.any,
  );
  test.each(single)('$name', ({ requests, recorded, expect: wanted }) => {
    const notification = requests[0]?.body.notifications[0] as Notification;
    const upstream = [wanted?.upstream ?? recorded.upstream ?? []].flat().filter((one) => typeof one === 'object');
    const message = hmsMessage({ ...notification, tokens: notification.tokens ?? [] });
    const isSent = upstream.length > 0 || notification.tokens?.length === 0 || wanted?.upstream !== undefined;
    expect(message.ok).toBe(isSent);
    for (const { body } of message.ok ? upstream : []) {
      const { token, topic, condition } = body.message;
      const kind = token ? 'token' : topic ? 'topic' : 'condition';
      const built = hmsBody(message as typeof message & { ok: true }, kind, token ?? [topic ?? (condition as string)]);
      expect(JSON.parse(built.toString())).toEqual(body);
    }
  });
});
