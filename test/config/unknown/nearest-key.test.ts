import { expect, test } from 'vitest';
import { nearestKey } from '../../../src/config/unknown/nearest-key.ts';

const known = [
  'core.port',
  'core.sync',
  'ios.enabled',
  'android.enabled',
  'ios.key_id',
  'queue.redis.addr',
  'log.hide_token',
];

test.each([
  ['ios.enabeld', 'ios.enabled'],
  ['ios.enable', 'ios.enabled'],
  ['core.prot', 'core.port'],
  ['core.hide_token', 'log.hide_token'],
  ['queue.redis.adr', 'queue.redis.addr'],
  ['ios.keyid', 'ios.key_id'],
  ['core.nonsense', undefined],
  ['whatever', undefined],
  ['x', undefined],
])('%s was meant to be %s', (unknown, expected) => {
  expect(nearestKey(unknown, known)).toBe(expected);
});
