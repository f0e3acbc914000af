import { expect, test } from 'vitest';
import { isLinkLocal } from '../../../src/kit/net/link-local.ts';

test.each([
  ['169.254.169.254', true],
  ['169.254.170.2', true],
  ['fe80::1', true],
  ['fe80::1%eth0', true],
  ['[fd00:ec2::254]', true],
  ['fd00:ec2::254', true],
  ['metadata.google.internal', true],
  ['169.253.1.1', false],
  ['10.0.0.1', false],
  ['127.0.0.1', false],
  ['fd00:ec2::253', false],
  ['metadata.google.internal.example', false],
  ['', false],
])('%s is never routed: %j', (host, expected) => {
  expect(isLinkLocal(host)).toBe(expected);
});
