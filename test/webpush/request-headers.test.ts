import { expect, test } from 'vitest';
import { RequestHeaders } from '../../src/webpush/request-headers.ts';
import type { Vendor } from '../../src/webpush/vendor.ts';

const headersOf = (vendor: Vendor, ttl: number, topic?: string): Record<string, unknown> => {
  const message = { ttl, urgency: 'high', topic } as Parameters<RequestHeaders['of']>[0];
  return Object.fromEntries(
    new RequestHeaders(vendor).of(message, 'vapid t=x', 120).map(({ name, value }) => [name, value]),
  );
};

test('a push has its TTL, its urgency and, with a collapse id, its topic', () => {
  expect(headersOf('google', 0, 'abc')).toEqual({
    ...{ 'content-type': 'application/octet-stream', 'content-encoding': 'aes128gcm', 'content-length': '120' },
    ...{ authorization: 'vapid t=x', urgency: 'high', ttl: '0', topic: 'abc' },
  });
  expect(headersOf('google', 60)).not.toHaveProperty('topic');
});

test('Microsoft gets a TTL of 1 at least, and is asked to keep what it cannot deliver now', () => {
  expect(headersOf('microsoft', 0)).toMatchObject({ ttl: '1', 'x-wns-cache-policy': 'cache' });
  expect(headersOf('microsoft', 60)).toMatchObject({ ttl: '60' });
});
