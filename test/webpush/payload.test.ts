import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { collapseHash } from '../../src/carrier/collapse-hash.ts';
import { webPushMessage } from '../../src/webpush/payload.ts';
import type { WebNotification } from './web-workplace.ts';

const NOW = 1_700_000_000_000;
const DEFAULTS = { app: 'default', ttl: 2_419_200, navigate: '' };

function messageOf(fields: Partial<WebNotification>, defaults: Partial<typeof DEFAULTS> = {}) {
  const message = webPushMessage({ tokens: [], platform: 4, title: 'T', ...fields }, { ...DEFAULTS, ...defaults }, NOW);
  if (!message.ok) throw new Error(message.outcome.reason);
  return { ...message, json: JSON.parse(message.plaintext.toString()) };
}
const reasonOf = (fields: Partial<WebNotification>) => {
  const message = webPushMessage({ tokens: [], platform: 4, title: 'T', ...fields }, DEFAULTS, NOW);
  return message.ok ? undefined : [message.outcome.reason, message.outcome.category];
};

describe('the message', () => {
  test('is a declarative push message, with the number 8030', () => {
    const { json } = messageOf({
      title: 'Deploy',
      message: 'It is done.',
      url: 'https://app.test/deploys/7',
      image: 'https://app.test/i.png',
      collapse_id: 'deploy-7',
      badge: 3,
      notif_id: 'n1',
      data: { type: 'deploy.done', n: '7' },
      actions: [{ action: 'open', title: 'Open', url: 'https://app.test/o' }],
      web: { lang: 'en', icon: 'https://app.test/icon.png', mutable: true },
    });
    expect(json).toEqual({
      web_push: 8030,
      notification: {
        title: 'Deploy',
        body: 'It is done.',
        navigate: 'https://app.test/deploys/7',
        image: 'https://app.test/i.png',
        tag: 'deploy-7',
        lang: 'en',
        icon: 'https://app.test/icon.png',
        actions: [{ action: 'open', title: 'Open', navigate: 'https://app.test/o' }],
        data: { type: 'deploy.done', n: '7', martlet: { id: 'n1', type: 'deploy.done' } },
      },
      app_badge: 3,
      mutable: true,
    });
  });

  test('says web_push only with an absolute URL to lead to, for Safari drops it else', () => {
    expect(messageOf({}).json).toEqual({ notification: { title: 'T' } });
    expect(messageOf({ url: '/inbox' }).json).toEqual({ notification: { title: 'T', navigate: '/inbox' } });
    expect(messageOf({ click_action: 'https://a.test/' }).json.web_push).toBe(8030);
    expect(messageOf({}, { navigate: 'https://a.test/home' }).json).toEqual({
      web_push: 8030,
      notification: { title: 'T', navigate: 'https://a.test/home' },
    });
    expect(messageOf({ web: { navigate: 'https://a.test/n' } }).json.web_push).toBe(8030);
  });

  test('with a message alone has it as its title', () => {
    expect(messageOf({ title: '', message: 'hello' }).json).toEqual({ notification: { title: 'hello' } });
  });

  test('is silent for a passive interruption level', () => {
    expect(messageOf({ interruption_level: 'passive' }).json.notification.silent).toBe(true);
  });

  test('takes what `web` says before what the fields of all platforms say', () => {
    const { json } = messageOf({ collapse_id: 'a', notif_id: 'n', web: { title: 'W', tag: 't', data: { x: 1 } } });
    expect(json.notification).toEqual({ title: 'W', tag: 't', data: { martlet: { id: 'n' }, x: 1 } });
  });

  test('without a text, too large, or over is refused before anything is sent', () => {
    expect(reasonOf({ title: '' })).toEqual(['MissingText', 'invalid_request']);
    expect(reasonOf({ web: { title: 5 } })).toEqual(['MissingText', 'invalid_request']);
    expect(reasonOf({ message: 'a'.repeat(4000) })).toEqual(['PayloadTooLarge', 'invalid_request']);
    expect(reasonOf({ expiration: NOW / 1000 })).toEqual(['Expired', 'expired']);
    const frame = JSON.stringify({ notification: { title: 'T', body: '' } }).length;
    expect(messageOf({ message: 'a'.repeat(3993 - frame) }).plaintext.length).toBe(3993);
    expect(reasonOf({ message: 'a'.repeat(3994 - frame) })?.[0]).toBe('PayloadTooLarge');
  });
});

describe('the headers', () => {
  test('TTL is what is left until the expiration, rounded up, else the default; 0 means now or never', () => {
    expect(messageOf({}).ttl).toBe(2_419_200);
    expect(messageOf({}, { ttl: 60 }).ttl).toBe(60);
    expect(messageOf({ expiration: NOW / 1000 + 90 }).ttl).toBe(90);
    expect(messageOf({ expiration: NOW / 1000 + 90_000_000 }).ttl).toBe(2_592_000);
    expect(messageOf({ expiration: 0 }).ttl).toBe(0);
    expect(messageOf({ web: { ttl: 30 }, expiration: NOW / 1000 + 90 }).ttl).toBe(30);
    expect(reasonOf({ web: { ttl: -1 } })).toEqual(['BadTtl', 'invalid_request']);
    expect(reasonOf({ web: { ttl: 'x' } })?.[0]).toBe('BadTtl');
  });

  test('urgency follows the priority, unless `web.urgency` says which', () => {
    const urgencies = ['critical', 'high', 'medium', 'normal', '', 'low'].map(
      (priority) => messageOf({ priority }).urgency,
    );
    expect(urgencies).toEqual(['high', 'high', 'normal', 'normal', 'normal', 'low']);
    expect(messageOf({ web: { urgency: 'very-low' } }).urgency).toBe('very-low');
    expect(reasonOf({ web: { urgency: 'urgent' } })?.[0]).toBe('BadUrgency');
  });

  test('the topic is the hash of app and collapse id, 32 characters, and absent without one', () => {
    const expected = createHash('sha256').update('default\0order-7').digest().subarray(0, 24).toString('base64url');
    expect(messageOf({ collapse_id: 'order-7' }).topic).toBe(expected);
    expect(messageOf({ collapse_key: 'order-7' }).topic).toBe(expected);
    expect(expected).toMatch(/^[\w-]{32}$/);
    expect(collapseHash('other', 'order-7')).not.toBe(expected);
    expect(messageOf({}).topic).toBeUndefined();
    expect(messageOf({ web: { topic: 'mine' } }).topic).toBe('mine');
    expect(reasonOf({ web: { topic: 'a'.repeat(33) } })?.[0]).toBe('BadTopic');
    expect(reasonOf({ web: { topic: 'a b' } })?.[0]).toBe('BadTopic');
  });
});
