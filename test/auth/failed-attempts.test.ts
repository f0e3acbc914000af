import { expect, test } from 'vitest';
import { FailedAttempts, networkOf } from '../../src/auth/failed-attempts.ts';

function attempts(options: { maxFailures?: number; maxAddresses?: number } = {}) {
  let time = 0;
  const record = new FailedAttempts({ maxFailures: 3, maxLockoutMs: 60_000, ...options, now: () => time });
  return {
    record,
    fail(address: string, times = 1) {
      for (let i = 0; i < times; i++) record.add(address);
    },
    after(ms: number) {
      time += ms;
    },
  };
}

test('the first failures cost nothing, each further one doubles the wait', () => {
  const { record, fail } = attempts();
  fail('192.0.2.1', 2);
  expect(record.waitMs('192.0.2.1')).toBe(0);
  const waits = Array.from({ length: 8 }, () => {
    fail('192.0.2.1');
    return record.waitMs('192.0.2.1');
  });
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('the wait ends, and another address never waits', () => {
  const { record, fail, after } = attempts();
  fail('192.0.2.1', 4);
  expect(record.waitMs('192.0.2.2')).toBe(0);
  after(1500);
  expect(record.waitMs('192.0.2.1')).toBe(500);
  after(500);
  expect(record.waitMs('192.0.2.1')).toBe(0);
  fail('192.0.2.1');
  expect(record.waitMs('192.0.2.1')).toBe(4000);
});

test('whoever has behaved for two of the longest waits begins anew', () => {
  const { record, fail, after } = attempts();
  fail('192.0.2.1', 10);
  after(120_001);
  fail('192.0.2.1');
  expect(record.waitMs('192.0.2.1')).toBe(0);
});

test('an address that is not known is not slowed down, and with 0 nobody is', () => {
  const { record } = attempts();
  for (let i = 0; i < 10; i++) record.add(undefined);
  expect(record.waitMs(undefined)).toBe(0);
  const off = attempts({ maxFailures: 0 });
  off.fail('192.0.2.1', 100);
  expect(off.record.waitMs('192.0.2.1')).toBe(0);
});

test('only so many addresses are remembered, those that failed last', () => {
  const { record, fail } = attempts({ maxAddresses: 100 });
  fail('192.0.2.1', 5);
  for (let i = 0; i < 99; i++) fail(`10.0.0.${i}`);
  expect(record.waitMs('192.0.2.1')).toBeGreaterThan(0);
  fail('10.0.1.1');
  expect(record.size).toBe(100);
  expect(record.waitMs('192.0.2.1')).toBe(0);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
