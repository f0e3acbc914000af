import { describe, expect, test } from 'vitest';
import { apnsHeaders, apnsPayload } from '../../../../src/apns/payload.ts';
import { expoMessage } from '../../../../src/expo/payload.ts';
import { fcmMessage } from '../../../../src/fcm/payload.ts';
import { hmsMessage } from '../../../../src/hms/payload.ts';
import { hmsRefusal } from '../../../../src/hms/sandbox-message.ts';
import type { AcceptedNotification } from '../../../../src/hub/notifications/decide-input.ts';
import { type PushVariant, pushOf } from '../../../../src/hub/notifications/render/push.ts';
import { ntfyMessage } from '../../../../src/ntfy/payload.ts';
import { builtIn } from '../../../../src/providers/registry.ts';
import type { Json, JsonObject, Notification } from '../../../../src/push/push.ts';
import { webPushMessage } from '../../../../src/webpush/payload.ts';
import { input, NOON, policy } from '../decide-cases.ts';

const whole: AcceptedNotification = {
  ...input().notification,
  priority: 'high',
  url: 'https://example.com/i/1',
  image: 'https://example.com/i.png',
  data: { room: 'db-3', type: 'mine', notification_id: 'mine' },
  collapse_key: 'disk-db-3',
  thread: 'db-3',
  category: 'INCIDENT',
  expires_at: '2026-12-01T12:10:00.000Z',
  actions: [{ id: 'ack', title: 'Acknowledge', url: 'https://example.com/ack' }],
};

const variantOf = (platform: string, changes: Partial<PushVariant> = {}): PushVariant => ({
  platform,
  kind: 'alert',
  languages: [],
  ...changes,
});

const render = (
  platform: string,
  changes: Partial<PushVariant> = {},
  notification: Partial<AcceptedNotification> = {},
) => pushOf({ notification: { ...whole, ...notification }, policy }, variantOf(platform, changes), NOON);

/** What leaves for the provider, by the provider's own code. */
const wire: Record<string, (notification: Notification) => JsonObject> = {
  ios: (n) => ({
    ...(JSON.parse(apnsPayload(n)) as JsonObject),
    headers: Object.fromEntries(apnsHeaders(n).map(({ name, value }) => [name, value])),
  }),
  android: (n) => {
    const message = fcmMessage(n);
    if (!message.ok) throw new Error(message.outcome.error);
    return (JSON.parse(`${message.before}"t"${message.after}`) as { message: JsonObject }).message;
  },
  huawei: (n) => {
    const message = hmsMessage(n);
    if (!message.ok) throw new Error(message.outcome.error);
    return (JSON.parse(`${message.before}"token":[]${message.after}`) as { message: JsonObject }).message;
  },
  web: (n) => {
    const message = webPushMessage(n, { app: 'default', ttl: 60, navigate: '' }, NOON);
    if (!message.ok) throw new Error(message.outcome.error);
    const { plaintext, urgency, ttl } = message;
    return { ...(JSON.parse(plaintext.toString()) as JsonObject), urgency, ttl };
  },
  expo: (n) => JSON.parse(JSON.stringify(expoMessage(n))) as JsonObject,
  ntfy: (n) => {
    const message = ntfyMessage(n, 'default');
    if ('failed' in message) throw new Error(message.failed.error);
    return JSON.parse(JSON.stringify(message.fields)) as JsonObject;
  },
};
const platforms = Object.keys(wire);
const sent = (notification: Notification): JsonObject => {
  const platform = builtIn.numbered(notification.platform)?.platform ?? '';
  // As the queue has it, and as /api/push would take it.
  const decoded = builtIn.decoder.decode(JSON.stringify({ notifications: [notification] }));
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.details));
  expect(decoded.notifications).toEqual([JSON.parse(JSON.stringify(notification))]);
  return wire[platform]?.(decoded.notifications[0] as Notification) as JsonObject;
};
const text = (notification: Notification): string => JSON.stringify(sent(notification));

const DATA = { room: 'db-3', type: 'incident.created', url: 'https://example.com/i/1', notification_id: 'n1' };

describe('what each platform gets', () => {
  test('iOS', () => {
    expect(sent(render('ios'))).toEqual({
      aps: {
        alert: { title: 'Disk full', body: 'db-3 has 2 % left' },
        'mutable-content': 1,
        sound: 'default',
        'thread-id': 'db-3',
        'interruption-level': 'active',
        category: 'INCIDENT',
      },
      ...DATA,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'apns-push-type': 'alert',
        'apns-topic': 'com.example.app',
        'apns-priority': '10',
        'apns-expiration': String(Date.parse('2026-12-01T12:10:00Z') / 1000),
        'apns-collapse-id': 'disk-db-3',
      },
    });
  });

  test('Android', () => {
    expect(sent(render('android'))).toEqual({
      token: 't',
      data: DATA,
      notification: { title: 'Disk full', body: 'db-3 has 2 % left', image: 'https://example.com/i.png' },
      android: {
        collapse_key: 'disk-db-3',
        priority: 'high',
        ttl: '600s',
        notification: { tag: 'disk-db-3', sound: 'default' },
      },
    });
  });

  test.each([
    { title: undefined },
    { message: undefined },
    { confidential: true },
    { title: undefined, message: undefined },
  ])('Huawei, which takes no notice without a title and a text: %o', (notification) => {
    const push = render('huawei', {}, notification as Partial<AcceptedNotification>);
    const message = hmsMessage(push);
    if (!message.ok) throw new Error(message.outcome.error);
    expect(hmsRefusal(JSON.parse(`${message.before}"token":["t"]${message.after}`))).toBeUndefined();
    expect(sent(push).android).toHaveProperty('urgency', 'HIGH');
  });

  test('Huawei', () => {
    const { data, android } = sent(render('huawei')) as { data: string; android: JsonObject };
    expect(JSON.parse(data)).toEqual(DATA);
    expect(android).toMatchObject({
      urgency: 'HIGH',
      category: 'INCIDENT',
      ttl: '600s',
      notification: {
        title: 'Disk full',
        body: 'db-3 has 2 % left',
        tag: 'disk-db-3',
        group: 'db-3',
        importance: 'HIGH',
        click_action: { type: 2, url: 'https://example.com/i/1' },
        foreground_show: true,
      },
    });
  });

  test('the web', () => {
    expect(sent(render('web'))).toEqual({
      web_push: 8030,
      notification: {
        title: 'Disk full',
        body: 'db-3 has 2 % left',
        navigate: 'https://example.com/i/1',
        image: 'https://example.com/i.png',
        tag: 'disk-db-3',
        actions: [{ action: 'ack', title: 'Acknowledge', navigate: 'https://example.com/ack' }],
        data: { ...DATA, martlet: { id: 'n1', type: 'incident.created' } },
      },
      urgency: 'normal',
      ttl: 600,
    });
  });

  test('Expo', () => {
    expect(sent(render('expo'))).toEqual({
      title: 'Disk full',
      body: 'db-3 has 2 % left',
      data: DATA,
      sound: 'default',
      expiration: Date.parse('2026-12-01T12:10:00Z') / 1000,
      priority: 'high',
      interruptionLevel: 'active',
      categoryId: 'INCIDENT',
      collapseId: 'disk-db-3',
      richContent: { image: 'https://example.com/i.png' },
    });
  });

  test('ntfy', () => {
    expect(sent(render('ntfy'))).toEqual({
      title: 'Disk full',
      message: 'db-3 has 2 % left',
      priority: 4,
      click: 'https://example.com/i/1',
      icon: 'https://example.com/i.png',
      actions: [{ action: 'view', label: 'Acknowledge', url: 'https://example.com/ack' }],
      sequence_id: 'disk-db-3',
    });
  });
});

describe('kinds of devices', () => {
  test.each([
    ['alert', 'com.example.app', 'alert'],
    ['voip', 'com.example.app.voip', 'voip'],
    ['liveactivity', 'com.example.app.push-type.liveactivity', 'liveactivity'],
  ] as const)('%s has the topic %s', (kind, topic, type) => {
    expect(sent(render('ios', { kind })).headers).toMatchObject({ 'apns-topic': topic, 'apns-push-type': type });
    const own = { overrides: { ios: { topic: 'com.example.other' } } };
    const suffix = topic.slice('com.example.app'.length);
    expect(render('ios', { kind }, own).topic).toBe(`com.example.other${suffix}`);
  });

  test('a device that says its environment goes there', () => {
    expect(render('ios', { environment: 'development' }).development).toBe(true);
    expect(render('ios', { environment: 'production' }).production).toBe(true);
    expect(render('ios')).not.toHaveProperty('production');
  });

  test('a device of several people is told whose it is, and the caller cannot say so', () => {
    for (const platform of platforms)
      expect(text(render(platform, { user: 'ada' }))).toMatch(platform === 'ntfy' ? /./ : /ada/);
    const claimed = { data: { user_id: 'eve', notification_id: 'eve', type: 'eve', url: 'eve' } };
    expect(render('android', { user: 'ada' }, claimed).data).toEqual({
      user_id: 'ada',
      notification_id: 'n1',
      type: 'incident.created',
      url: 'https://example.com/i/1',
    });
  });

  test('names of the hub in data that it does not use are not the caller’s, in its overrides neither', () => {
    const data = { user_id: 'eve', url: 'eve', room: '7' };
    const claimed = { url: '', data, overrides: { android: { data: { ...data, floor: '2' } } } };
    expect(render('android', {}, claimed).data).toEqual({
      room: '7',
      floor: '2',
      notification_id: 'n1',
      type: 'incident.created',
    });
  });
});

describe('priorities', () => {
  const of = (priority: AcceptedNotification['priority']) =>
    Object.fromEntries(platforms.map((platform) => [platform, sent(render(platform, {}, { priority }))]));

  test('reach each platform in its own words', () => {
    const table = (['low', 'medium', 'high', 'critical'] as const).map((priority) => {
      const { ios, android, huawei, expo, ntfy } = of(priority) as Record<string, Record<string, JsonObject>>;
      return [
        priority,
        ios?.headers?.['apns-priority'],
        android?.android?.priority,
        huawei?.android?.urgency,
        expo?.priority as Json,
        ntfy?.priority as Json,
      ];
    });
    expect(table).toEqual([
      ['low', '5', 'normal', 'NORMAL', 'normal', 2],
      ['medium', '10', 'normal', 'NORMAL', 'normal', 3],
      ['high', '10', 'high', 'HIGH', 'high', 4],
      ['critical', '10', 'high', 'HIGH', 'high', 5],
    ]);
  });

  test('have their sound, level, urgency and category from the policy', () => {
    const own = {
      ...policy,
      priorities: {
        ...policy.priorities,
        high: {
          ...policy.priorities.high,
          sound: 'horn',
          category: 'HIGH',
          interruption_level: 'time-sensitive',
          urgency: 'high',
        },
      },
    } as const;
    const { category: _, ...bare } = whole;
    const push = (platform: string) => sent(pushOf({ notification: bare, policy: own }, variantOf(platform), NOON));
    expect(push('ios').aps).toMatchObject({ sound: 'horn', category: 'HIGH', 'interruption-level': 'time-sensitive' });
    expect(push('android')).toMatchObject({ android: { notification: { sound: 'horn' } } });
    expect(push('expo')).toMatchObject({ sound: 'horn', categoryId: 'HIGH', interruptionLevel: 'time-sensitive' });
    expect(push('web').urgency).toBe('high');
    const digest = pushOf({ notification: { ...bare, type: 'digest' }, policy: own }, variantOf('web'), NOON);
    expect(sent(digest).urgency).toBe('very-low');
  });
});

describe('silent', () => {
  const loud = {
    overrides: {
      ios: { sound: 'alarm.caf', name: 'alarm.caf', volume: 1, interruption_level: 'critical', category: 'OWN' },
      android: { priority: 'high', android: { notification: { sound: 'alarm', click_action: 'OPEN' } } },
      huawei: { huawei_notification: { importance: 'HIGH', channel_id: 'c' } },
      web: { silent: false, urgency: 'high', icon: 'i' },
      expo: { sound: 'alarm', priority: 'high', interruptionLevel: 'critical' },
      ntfy: { priority: 5, tags: ['x'] },
    },
  };

  test.each([{}, loud])('has no sound and a passive level, whatever the sender asks for', (own) => {
    const push = (platform: string) => sent(render(platform, { silent: true }, own));
    expect(push('ios')).toMatchObject({ aps: { 'interruption-level': 'passive' }, headers: { 'apns-priority': '5' } });
    expect(push('ios').aps).not.toHaveProperty('sound');
    expect(push('android').android).toMatchObject({
      priority: 'normal',
      notification: { notification_priority: 'PRIORITY_LOW' },
    });
    expect(JSON.stringify(push('android'))).not.toContain('sound');
    expect(push('huawei').android).toMatchObject({
      urgency: 'NORMAL',
      notification: { importance: 'LOW' },
    });
    expect(push('web')).toMatchObject({ urgency: 'low', notification: { silent: true } });
    expect(push('expo')).toMatchObject({ priority: 'normal', interruptionLevel: 'passive' });
    expect(push('expo')).not.toHaveProperty('sound');
    expect(push('ntfy').priority).toBe(2);
  });

  test.each(['data', 'overrides'])('has none by `aps` in %s either', (where) => {
    const loudAps = {
      sound: { critical: 1, name: 'alarm.caf', volume: 1 },
      'interruption-level': 'critical',
      badge: 3,
    };
    const data = { aps: loudAps, room: 'db-3' };
    const own = where === 'data' ? { data } : { overrides: { ios: { data } } };
    const { aps, room } = sent(render('ios', { silent: true }, own));
    expect(aps).toMatchObject({ 'interruption-level': 'passive', badge: 3 });
    expect(aps).not.toHaveProperty('sound');
    expect(room).toBe('db-3');
    expect(sent(render('ios', {}, own)).aps).toMatchObject({ 'interruption-level': 'critical' });
  });

  test('leaves what makes no noise as the sender has it', () => {
    const push = (platform: string) => sent(render(platform, { silent: true }, loud));
    expect(push('ios').aps).toMatchObject({ category: 'OWN' });
    expect(push('android').android).toMatchObject({ notification: { click_action: 'OPEN', tag: 'disk-db-3' } });
    expect(push('web').notification).toMatchObject({ icon: 'i' });
    expect(push('ntfy').tags).toEqual(['x']);
  });
});

describe("a sender's own fields", () => {
  test('lie over what the hub makes, and take nothing of its names away', () => {
    const overrides = {
      ios: { badge: 7, title: 'Own', data: { room: 'x', notification_id: 'x' } },
      web: { icon: 'i', ttl: 5, message: 'shorter' },
      ntfy: { tags: ['warning'] },
      expo: { channelId: 'alerts' },
    };
    const ios = sent(render('ios', {}, { overrides }));
    expect(ios).toMatchObject({ ...DATA, room: 'x', aps: { badge: 7, alert: { title: 'Own' } } });
    expect(sent(render('web', {}, { overrides }))).toMatchObject({
      ttl: 5,
      notification: { icon: 'i', body: 'shorter' },
    });
    expect(sent(render('ntfy', {}, { overrides }))).toMatchObject({ tags: ['warning'], priority: 4 });
    expect(sent(render('expo', {}, { overrides }))).toMatchObject({ channelId: 'alerts', sound: 'default' });
    expect(sent(render('android', {}, { overrides }))).toEqual(sent(render('android')));
  });
});

describe('what a push must not carry', () => {
  const secrets = {
    title: 'SECRET title',
    message: 'SECRET message',
    url: 'https://secret.example/SECRET',
    image: 'https://secret.example/SECRET.png',
    data: { amount: 'SECRET', card: { number: 'SECRET' } },
    thread: 'SECRET',
    category: 'SECRET',
    type: 'SECRET.type',
    actions: [{ id: 'SECRET', title: 'SECRET' }],
    locales: { de: { title: 'SECRET', message: 'SECRET' } },
    overrides: {
      ios: { title: 'SECRET', alert: { subtitle: 'SECRET' }, sound: 'ping', data: { more: 'SECRET' } },
      android: { notification: { body: 'SECRET' }, android: { data: { x: 'SECRET' } } },
      huawei: { huawei_data: 'SECRET' },
      web: { body: 'SECRET', icon: 'SECRET', urgency: 'high' },
      expo: { subtitle: 'SECRET', channelId: 'alerts' },
      ntfy: { tags: ['SECRET'], attach: 'SECRET' },
    },
  } satisfies Partial<AcceptedNotification>;

  test.each([{ confidential: true }, { redact: { push: ['*'] } }])('%j: a neutral text and the id', (how) => {
    for (const platform of platforms) {
      const push = render(platform, { languages: ['de'] }, { ...secrets, ...how });
      expect(text(push)).not.toContain('SECRET');
      expect(text(push)).toContain('New notification');
      expect(push.data ?? JSON.parse(push.huawei_data ?? '{}')).toEqual({ notification_id: 'n1' });
    }
    expect(sent(render('ios', {}, { ...secrets, ...how })).aps).toMatchObject({ sound: 'ping' });
  });

  test("paths take out fields, also of the sender's own words; the rest stays", () => {
    const redact = { push: ['data.amount', 'data.card.number', 'message', 'data.none'] };
    const ios = sent(render('ios', {}, { ...secrets, locales: {}, redact }));
    expect(ios).toMatchObject({ aps: { alert: { title: 'SECRET' } }, card: {}, more: 'SECRET' });
    expect(JSON.stringify(ios)).not.toContain('SECRET message');
    expect(ios).not.toHaveProperty('amount');
    expect(text(render('web', {}, { ...secrets, redact }))).not.toContain('"body"');
  });

  test('without any text left, the neutral one stands for it', () => {
    const redact = { push: ['title', 'message'] };
    expect(sent(render('android', {}, { ...secrets, overrides: {}, redact })).notification).toMatchObject({
      body: 'New notification',
    });
  });
});

describe('languages', () => {
  const locales = { de: { title: 'Platte voll' }, 'pt-BR': { title: 'Disco cheio', message: 'cheio' } };
  const title = (...languages: (string | undefined)[]) => render('android', { languages }, { locales }).title;

  test('the first that has a text, exactly or by its language; else the main text', () => {
    expect(title('de-AT', 'pt-BR')).toBe('Platte voll');
    expect(title('fr', 'pt_br')).toBe('Disco cheio');
    expect(title('pt')).toBe('Disk full');
    expect(title(undefined, 'not a tag')).toBe('Disk full');
    const ours = pushOf(
      { notification: { ...whole, locales }, policy: { ...policy, locale: 'de' } },
      variantOf('web'),
      NOON,
    );
    expect(ours).toMatchObject({ title: 'Platte voll', message: 'db-3 has 2 % left', web: { lang: 'de' } });
  });
});

test('a push without any text wakes the app and shows nothing', () => {
  const { title: _, message: __, image: ___, ...silent } = whole;
  const push = (platform: string) => sent(pushOf({ notification: silent, policy }, variantOf(platform), NOON));
  expect(push('ios')).toMatchObject({
    aps: { 'content-available': 1 },
    headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
  });
  expect(push('ios').aps).not.toHaveProperty('sound');
  expect(push('android')).not.toHaveProperty('notification');
});

test('a collapse key that APNs does not take is hashed; the badge goes where there is one', () => {
  const key = { collapse_key: 'Ä'.repeat(60) };
  expect(render('ios', {}, key).collapse_id).toMatch(/^[\w-]{32}$/);
  expect(sent(render('ios', { badge: 0 })).aps).toMatchObject({ badge: 0 });
  expect(sent(render('web', { badge: 3 }))).toMatchObject({ app_badge: 3 });
  expect(sent(render('android', { badge: 3 }))).toMatchObject({ android: { notification: { notification_count: 3 } } });
});
