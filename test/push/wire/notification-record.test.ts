import { expect, test } from 'vitest';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';
import { decodeNotification, encodeNotification } from '../../../src/push/wire/notification-record.ts';

const accepted = (notification: string) => {
  const decoded = decodePushRequest(`{"notifications":[${notification}]}`);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.details));
  return decoded.notifications[0]!;
};

test('a record keeps the digits of custom data and gives numbers where numbers belong', () => {
  const notification = accepted(
    '{"tokens":["a"],"platform":1,"expiration":9007199254740993,"relevance-score":1e21,"volume":0.5,"data":{"n":9007199254740993,"f":1e21,"e":1e20}}',
  );
  const record = encodeNotification(notification);
  const read = decodeNotification(record);
  expect(read).toMatchObject({ expiration: 9_007_199_254_740_992, 'relevance-score': 1e21, volume: 0.5 });
  expect(JSON.stringify(read.data)).toBe('{"n":9007199254740993,"f":1e+21,"e":100000000000000000000}');
  expect(encodeNotification(read)).toBe(record);
});

test('a record without such numbers is read as it is', () => {
  const notification = accepted(
    '{"platform":2,"tokens":["a"],"message":"hi","android":{},"data":{"__proto__":{"x":1}}}',
  );
  expect(encodeNotification(decodeNotification(encodeNotification(notification)))).toBe(
    encodeNotification(notification),
  );
});

test('what is no record is an error', () => {
  expect(() => decodeNotification('{')).toThrow(SyntaxError);
});
