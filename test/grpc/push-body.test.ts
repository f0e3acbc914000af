import type protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { gorushProto } from '../../src/grpc/gorush-proto.ts';
import { parseProto } from '../../src/grpc/proto-file.ts';
import { type NotificationRequest, pushBody } from '../../src/grpc/push-body.ts';

const type = parseProto('gorush.proto', gorushProto()).root.lookupType('proto.NotificationRequest');

/** What is on the wire once this was sent: fields at zero are there when they are given. */
const bodyOf = (request: object): unknown => {
  const bytes = type.encode(type.fromObject(request)).finish();
  return JSON.parse(pushBody(type.decode(bytes) as unknown as NotificationRequest)).notifications[0];
};

describe('zero values', () => {
  test('are absent, as in Gorush', () => {
    const zeroes = { tokens: [], platform: 0, message: '', sound: '', development: false, contentAvailable: false };
    expect(bodyOf(zeroes)).toEqual({ priority: 'normal' });
  });

  test('but a badge of 0 on the wire takes the badge away', () => {
    expect(bodyOf({ badge: 0 })).toEqual({ badge: 0, priority: 'normal' });
    expect(bodyOf({})).toEqual({ priority: 'normal' });
  });
});

test('every field of the .proto but key has its place in the notification', () => {
  const struct = { fields: { a: { number_value: 1 } } };
  const sample = (field: protobuf.Field): unknown => {
    if (field.type === 'google.protobuf.Struct') return struct;
    if (field.type === 'Alert') return { body: 'x' };
    if (field.type === 'FCMOptions') return { analyticsLabel: 'x' };
    if (field.type === 'Priority' || field.type === 'int32') return 1;
    if (field.type === 'bool') return true;
    return field.repeated ? ['x'] : 'x';
  };
  const plain = JSON.stringify(bodyOf({}));
  const lost = type.fieldsArray
    .filter((field) => JSON.stringify(bodyOf({ [field.name]: sample(field.resolve() as protobuf.Field) })) === plain)
    .map(({ name }) => name);
  expect(lost).toEqual(['key']);
});

test('actionLocKey is itself, not action', () => {
  expect(bodyOf({ alert: { action: 'a', actionLocKey: 'k' } })).toMatchObject({
    alert: { action: 'a', 'action-loc-key': 'k' },
  });
});

test('a Value without a kind is null, and the last of two kinds counts', () => {
  const value = Buffer.from([0x0a, 1, 97, 0x12, 4, 0x20, 1, 0x1a, 0]);
  const data = Buffer.concat([Buffer.from([0x0a, value.length]), value]);
  const bytes = Buffer.concat([Buffer.from([0x72, data.length]), data]);
  expect(JSON.parse(pushBody(type.decode(bytes) as unknown as NotificationRequest)).notifications[0].data).toEqual({
    a: '',
  });
  expect(bodyOf({ data: { fields: { a: {} } } })).toMatchObject({ data: { a: null } });
});

describe('extra', () => {
  test('lies under the fields', () => {
    const extra = { fields: { message: { string_value: 'b' }, collapse_id: { string_value: 'c' } } };
    expect(bodyOf({ message: 'a', extra })).toEqual({ message: 'a', collapse_id: 'c', priority: 'normal' });
  });

  test('has the say about the priority unless the field says HIGH', () => {
    const extra = { fields: { priority: { string_value: '' } } };
    expect(bodyOf({ extra })).toEqual({ priority: '' });
    expect(bodyOf({ extra, priority: 1 })).toEqual({ priority: 'high' });
  });
});
