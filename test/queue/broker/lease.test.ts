import { expect, test } from 'vitest';
import { Lease } from '../../../src/queue/broker/lease.ts';

function open(length: number | undefined = 1000) {
  let time = 0;
  const lease = new Lease({ lengthMs: () => length, now: () => time });
  return {
    lease,
    at(ms: number): Lease {
      time = ms;
      return lease;
    },
  };
}

test('an instance is sure for three quarters of a lease after the broker heard of it', () => {
  const { lease, at } = open();
  expect(lease.isSure).toBe(false);
  at(100).heard(100);
  expect(at(849).isSure).toBe(true);
  expect(at(850).isSure).toBe(false);
});

test('after a silence it is in doubt, though the broker hears of it again, until what others have was let go', () => {
  const { lease, at } = open();
  lease.heard(0);
  at(5000).heard(5000);
  expect(lease.isDoubted).toBe(true);
  expect(lease.isSure).toBe(false);
  expect(lease.silentMs).toBe(5000);
  lease.clear();
  expect(lease.isSure).toBe(true);
});

test('a word that was said before the silence and is heard after it ends no doubt', () => {
  const { lease, at } = open();
  lease.heard(0);
  at(5000).heard(200);
  lease.clear();
  expect(lease.isSure).toBe(false);
});

test('what was handed over after the last word before the silence is new, whatever is said during the doubt', () => {
  const { lease, at } = open();
  lease.heard(0);
  at(500).heard(500);
  at(5000).heard(5000);
  at(5100).heard(5100);
  expect([lease.isNew(499), lease.isNew(500), lease.isNew(600)]).toEqual([false, true, true]);
});

test('where the broker knows no lease nothing is in doubt', () => {
  const lease = new Lease({ lengthMs: () => undefined, now: () => 1e9 });
  expect(lease.isSure).toBe(true);
});
