import { Expo } from 'expo-server-sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expoMessage, isExpoToken } from '../../src/expo/payload.ts';
import type { Notification } from '../../src/push/push.ts';

const message = (fields: object) =>
  JSON.parse(JSON.stringify(expoMessage({ tokens: [], platform: 5, ...fields } as Notification)));

test('fields of the request become those of Expo', () => {
  expect(
    message({
      title: 'Order',
      message: 'ready',
      image: 'https://example.com/i.png',
      priority: 'high',
      data: { order: '42' },
      url: 'https://example.com',
      badge: 0,
      sound: 'default',
      category: 'ORDER',
      collapse_id: 'order-42',
      expiration: 1_900_000_000,
      interruption_level: 'time-sensitive',
      content_available: true,
      mutable_content: true,
    }),
  ).toEqual({
    title: 'Order',
    body: 'ready',
    richContent: { image: 'https://example.com/i.png' },
    priority: 'high',
    data: { url: 'https://example.com', order: '42' },
    badge: 0,
    sound: 'default',
    categoryId: 'ORDER',
    collapseId: 'order-42',
    expiration: 1_900_000_000,
    interruptionLevel: 'time-sensitive',
    _contentAvailable: true,
    mutableContent: true,
  });
});

test('an expiration of 0 means now or never', () => {
  expect(message({ message: 'hi', expiration: 0 })).toEqual({ body: 'hi', ttl: 0 });
});

test("the provider's own object goes over the others, and cannot set who gets it", () => {
  expect(message({ message: 'hi', expo: { body: 'ho', channelId: 'orders', ttl: 60, to: 'x', nonsense: 1 } })).toEqual({
    body: 'ho',
    channelId: 'orders',
    ttl: 60,
  });
});

describe("tokens are those that Expo's own client takes", () => {
  test.each([
    ['ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'],
    ['ExpoPushToken[xxxxxxxxxxxxxxxxxxxxxx]'],
    ['f5ee2d4c-7e5d-4a6f-9d8e-0a1b2c3d4e5f'],
    ['ExponentPushToken'],
    ['ExponentPushToken[abc'],
    ['abc'],
    [''],
  ])('%s', (token) => {
    expect(isExpoToken(token)).toBe(Expo.isExpoPushToken(token));
  });

  test('and none that it refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((inside) => `ExponentPushToken[${inside}]`),
        ),
        (text) => {
          if (isExpoToken(text)) expect(Expo.isExpoPushToken(text)).toBe(true);
        },
      ),
    );
  });
});
