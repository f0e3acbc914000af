import { expect, test } from 'vitest';
import { adviceFor } from '../../src/providers/advice.ts';
import { builtIn } from '../../src/providers/registry.ts';

test('the environment decides what a bad token means', () => {
  const advice = (environment: 'production' | 'development') =>
    adviceFor({ reason: 'BadDeviceToken', category: 'invalid_token', provider: 'apns', environment, status: 400 });
  expect(advice('production')).toContain('set `development: true`');
  expect(advice('development')).toContain('set `production: true`');
});

test('every provider has its table, and the relay its own', () => {
  expect(adviceFor({ reason: 'UNREGISTERED', category: 'invalid_token', provider: 'fcm' })).toContain(
    'delete the token',
  );
  expect(adviceFor({ reason: '80300007', category: 'invalid_token', provider: 'hms' })).toContain('Delete the tokens');
  expect(adviceFor({ reason: 'Expired', category: 'expired', provider: 'fcm' })).toContain('queue.max_age');
});

test('what is wrong with the token is not what is wrong with the message', () => {
  const of = (category: 'invalid_token' | 'invalid_request') =>
    adviceFor({ reason: 'INVALID_ARGUMENT', category, provider: 'fcm', status: 400 });
  expect(of('invalid_token')).toContain('delete it');
  expect(of('invalid_request')).toContain('Correct the field');
});

test('an unknown word is advised by its category, else by its status', () => {
  expect(adviceFor({ reason: 'ConnectRefused', category: 'not_sent', provider: 'apns' })).toContain('firewall');
  expect(adviceFor({ reason: 'NewWord', category: 'invalid_request', provider: 'apns', status: 410 })).toBe(
    'Delete the token.',
  );
  expect(adviceFor({ reason: 'toString', category: 'invalid_request' })).toBeUndefined();
});

test('what is given up is not said to be sent again, by whatever word, and what else there is to do is said', () => {
  const finals = builtIn.rows.flatMap(({ name: provider, reasons }) =>
    Object.entries(reasons)
      .filter(([, { category }]) => category === 'unavailable' || category === 'unanswered')
      .map(([reason, { category }]) => adviceFor({ reason, category, provider, isFinal: true })),
  );
  expect(finals.length).toBeGreaterThan(50);
  for (const advice of finals)
    expect(advice).toMatch(
      /^No retry was left: send it again later(?: \(the device may have it\))?, or raise `[a-z]+\.max_retry`\./,
    );
  const promises = finals.filter((advice) =>
    /nothing to do|is sent|are sent|resent|go on|by itself/i.test(advice ?? ''),
  );
  expect(promises).toEqual([]);
  const quota = { reason: 'QUOTA_EXCEEDED', category: 'unavailable', provider: 'fcm' } as const;
  expect(adviceFor({ ...quota, isFinal: true })).toContain('send fewer');
  const overloaded = { reason: 'UNAVAILABLE', category: 'unavailable', provider: 'fcm' } as const;
  expect(adviceFor(overloaded)).toBe('FCM is overloaded. Nothing to do: it is sent again.');
  expect(adviceFor({ ...overloaded, isFinal: true })).toBe(
    'No retry was left: send it again later, or raise `android.max_retry`. FCM is overloaded.',
  );
  expect(adviceFor({ reason: 'Unregistered', category: 'invalid_token', provider: 'apns', isFinal: true })).toMatch(
    /^Delete the token,/,
  );
});
