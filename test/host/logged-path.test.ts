import { expect, test } from 'vitest';
import { loggedPath } from '../../src/host/logged-path.ts';

test.each([
  ['/api/push', '/api/push'],
  ['/api/push/apns', '/api/push/apns'],
  ['/api/push/apns/', '/api/push/apns/'],
  ['/api/push/test/', '/api/push/test/'],
  ['/api/push/apns/00aa11bb', '/api/push/apns/…'],
  ['/api/push/gcm/token:APA91b/', '/api/push/gcm/…'],
  ['/api/push/gcm/a/b\nc', '/api/push/gcm/…'],
  ['/u/c2VhbGVk', '/u/…'],
  ['/v1/users/ada', '/v1/users/ada'],
])('%s is logged as %s', (path, logged) => {
  expect(loggedPath(path)).toBe(logged);
});
