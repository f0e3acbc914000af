import type protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { gorushProto } from '../../src/grpc/gorush-proto.ts';
import { parseProto } from '../../src/grpc/proto-file.ts';

const { root } = parseProto('gorush.proto', gorushProto());

const numbers = (name: string): Record<string, number> =>
  Object.fromEntries(root.lookupType(name).fieldsArray.map((field: protobuf.Field) => [field.name, field.id]));

test("messages have Gorush's field numbers", () => {
  expect(numbers('proto.NotificationRequest')).toEqual({
    tokens: 1,
    platform: 2,
    message: 3,
    title: 4,
    topic: 5,
    key: 6,
    badge: 7,
    category: 8,
    alert: 9,
    sound: 10,
    contentAvailable: 11,
    threadID: 12,
    mutableContent: 13,
    data: 14,
    image: 15,
    priority: 16,
    ID: 17,
    pushType: 18,
    development: 19,
    fcmOptions: 20,
    extra: 1000,
  });
  expect(Object.keys(numbers('proto.Alert'))).toEqual(
    'title body subtitle action actionLocKey launchImage locKey titleLocKey locArgs titleLocArgs'.split(' '),
  );
  expect(Object.values(numbers('proto.Alert'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(numbers('proto.NotificationReply')).toEqual({ success: 1, counts: 2 });
  expect(numbers('proto.FCMOptions')).toEqual({ analyticsLabel: 1 });
  expect(root.lookupEnum('proto.HealthCheckResponse.ServingStatus').values).toEqual({
    UNKNOWN: 0,
    SERVING: 1,
    NOT_SERVING: 2,
  });
});
