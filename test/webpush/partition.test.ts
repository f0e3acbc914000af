import { expect, test } from 'vitest';
import { partitionOf } from '../../src/webpush/partition.ts';
import type { WebSection } from '../../src/webpush/section.ts';
import { buildConfig } from '../support/config.ts';
import { subscriptionAt } from './web-workplace.ts';

const section: WebSection = { ...buildConfig(({ leaf }) => leaf.default).web, extra_hosts: ['push.example.net'] };

test.each([
  [subscriptionAt('https://fcm.googleapis.com/x'), 'fcm.googleapis.com'],
  [JSON.stringify({ keys: {}, endpoint: 'https://push.example.net/x' }), ''],
  [
    JSON.stringify({ keys: JSON.parse(subscriptionAt('')).keys, endpoint: 'https://push.example.net/x' }),
    'push.example.net',
  ],
  [` ${subscriptionAt('https://push.example.net/x')}`, 'push.example.net'],
  [subscriptionAt('https://push.evil.test/x'), ''],
  [subscriptionAt('nonsense'), ''],
  ['nonsense', ''],
  ['', ''],
])('%s belongs to the lane "%s"', (target, partition) => {
  expect(partitionOf(target, section)).toBe(partition);
});
