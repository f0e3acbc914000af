import { describe, expect, test } from 'vitest';
import type { Notification } from '../../../src/push/push.ts';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';
import { decodeMessage, encodeMessage, messagesOf } from '../../../src/queue/broker/broker-message.ts';
import { entryOf, gorushMessage, gorushNotification } from './broker-entries.ts';

const request = { id: 'r"1', app: 'shop', acceptedAt: 1_700_000_000_000 };

const notificationsIn = (message: Uint8Array): Notification[] =>
  (JSON.parse(Buffer.from(decodeMessage(message, '', 0).body).toString()) as { notifications: Notification[] })
    .notifications;

describe('a message', () => {
  test('comes back with request, notification and progress', () => {
    const notification = { platform: 1, tokens: ['a', 'b'], message: 'Grüße 👋' };
    const decoded = decodeMessage(encodeMessage(request, notification, Uint8Array.of(2)), 'other', 1);
    expect(decoded).toMatchObject(request);
    expect(JSON.parse(Buffer.from(decoded.body).toString())).toEqual({ notifications: [notification] });
    expect([...(decoded.done ?? [])]).toEqual([2]);
  });

  test('says which notification of its request it is, also when it is handed back', () => {
    const again = (message: Uint8Array) => decodeMessage(message, 'other', 1);
    const [sent] = messagesOf({ ...entryOf({ platform: 1, tokens: ['a'] }), index: 3 }) as [Buffer];
    const first = again(sent);
    expect(first.first).toBe(3);
    expect(again(encodeMessage(first, { platform: 1, tokens: ['a'] }, Uint8Array.of(0))).first).toBe(3);
  });

  test('carries the trace of its request', () => {
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' };
    const message = encodeMessage({ ...request, ...trace }, { platform: 1, tokens: ['a'] });
    expect(decodeMessage(message, '', 0)).toMatchObject(trace);
  });

  test('keeps the digits of large integers', () => {
    const body = '{"notifications":[{"platform":1,"tokens":["a"],"data":{"id":12345678901234567890}}]}';
    const decoded = decodePushRequest(body);
    const [notification] = decoded.ok ? decoded.notifications : [];
    const again = decodeMessage(encodeMessage(request, notification as Notification), '', 0).body;
    expect(Buffer.from(again).toString()).toContain('12345678901234567890');
  });

  test('is what a Gorush reads: its notification as base64 in `body`, and how to run it', () => {
    const notification = { platform: 2, tokens: ['a'], message: 'hi' };
    const { body, martlet, ...job } = JSON.parse(encodeMessage(request, notification).toString());
    expect(JSON.parse(Buffer.from(body, 'base64').toString())).toEqual(notification);
    expect(martlet).toEqual({ id: request.id, app: request.app, at: request.acceptedAt });
    const { body: _, ...gorush } = JSON.parse(gorushMessage(notification));
    expect(job).toEqual(gorush);
  });

  test("a Gorush's own is a push of the default app, by the broker's name and time", () => {
    const decoded = decodeMessage(gorushMessage(gorushNotification), '1700000000000-0', 1_700_000_000_000);
    expect(decoded).toMatchObject({ id: '1700000000000-0', app: 'default', acceptedAt: 1_700_000_000_000 });
    const read = decodePushRequest(decoded.body);
    expect(read).toMatchObject({ ok: true, notifications: [{ tokens: ['old'], platform: 1, message: 'hi' }] });
  });

  test.each(['', 'x', '[]', '"text"', 'null', '{}', '{"body":1}', '{"body":"bm8="}', '{"body":"WzFd"}'])(
    'refuses %j',
    (text) => {
      expect(() => decodeMessage(text, '', 0)).toThrow();
    },
  );
});

describe('a notification with many tokens', () => {
  const tokens = Array.from({ length: 250 }, (_, n) => `t${n}`);

  test('goes in parts of one slice each', () => {
    const parts = messagesOf(entryOf({ platform: 2, tokens, message: 'hi' })).flatMap(notificationsIn);
    expect(parts.map((part) => part.tokens.length)).toEqual([100, 100, 50]);
    expect(parts.flatMap((part) => part.tokens)).toEqual(tokens);
    expect(parts.every((part) => part.message === 'hi')).toBe(true);
  });

  test('sends what goes to a topic or to `to` once', () => {
    const parts = messagesOf(entryOf({ platform: 2, tokens, topic: 'news', to: 'one more' })).flatMap(notificationsIn);
    expect(parts.map((part) => part.topic)).toEqual(['news', undefined, undefined]);
    expect(parts.flatMap((part) => part.tokens)).toEqual([...tokens, 'one more']);
    expect(parts.every((part) => part.to === undefined)).toBe(true);
  });

  test('keeps the bundle id in every part for iOS', () => {
    const parts = messagesOf(entryOf({ platform: 1, tokens, topic: 'com.example' })).flatMap(notificationsIn);
    expect(parts.map((part) => part.topic)).toEqual(['com.example', 'com.example', 'com.example']);
  });

  test('stays one message where its targets are of a kind that only its provider knows', () => {
    const subscriptions = tokens.map((token) => ({ endpoint: `https://push.example/${token}` }));
    const entry = entryOf({ platform: 4, tokens: [], subscriptions } as unknown as Notification);
    const groups = [{ kind: 'subscription' as const, targets: subscriptions.map((each) => JSON.stringify(each)) }];
    const parts = messagesOf({ ...entry, groups, open: tokens.length }).flatMap(notificationsIn);
    expect(parts).toEqual([{ platform: 4, tokens: [], subscriptions }]);
  });

  test('stays one message up to a slice', () => {
    expect(messagesOf(entryOf({ platform: 1, tokens: tokens.slice(0, 100) }))).toHaveLength(1);
  });
});
