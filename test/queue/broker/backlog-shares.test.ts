import { expect, test } from 'vitest';
import { BacklogShares } from '../../../src/queue/broker/backlog-shares.ts';

const of = (app: string): { app: string }[] => [{ app }];

/** Publishes single messages until they are refused. */
function fill(shares: BacklogShares, app: string, size: { now: number }): number {
  for (let taken = 0; ; taken++) {
    try {
      shares.refuseUnlessFits(of(app), size.now);
    } catch {
      return taken;
    }
    shares.published(app, 1);
    size.now++;
  }
}

test('one app is given half of the queue at most, another finds room', () => {
  const shares = new BacklogShares(1000, () => 2);
  const size = { now: 0 };
  expect(fill(shares, 'a', size)).toBe(500);
  expect(fill(shares, 'b', size)).toBeGreaterThanOrEqual(250);
});

test('what other instances published fills what is common and leaves each app its reserve', () => {
  const shares = new BacklogShares(1000, () => 2);
  expect(fill(shares, 'b', { now: 1000 })).toBe(125);
});

test('one app alone may fill all of it', () => {
  const shares = new BacklogShares(100);
  expect(fill(shares, 'default', { now: 0 })).toBe(100);
  expect(() => shares.refuseUnlessFits(of('default'), 100)).toThrow('100 of 100 notifications wait');
});

test('what is handed over, handed back and settled is counted once', () => {
  const shares = new BacklogShares(1000, () => 2);
  shares.published('a', 3);
  shares.handed('a');
  shares.handed('b');
  expect([shares.of('a'), shares.of('b')]).toEqual([3, 1]);
  shares.handedBack('a');
  shares.handed('a');
  expect(shares.of('a')).toBe(3);
  shares.settled('a');
  shares.settled('b');
  expect([shares.of('a'), shares.of('b')]).toEqual([2, 0]);
});

test('what others settled is forgotten once the broker tells how much it keeps', () => {
  const shares = new BacklogShares(1000, () => 2);
  shares.published('a', 300);
  shares.published('b', 100);
  shares.handed('a');
  shares.correct(41);
  expect(shares.of('a') + shares.of('b')).toBeLessThanOrEqual(41);
  expect(shares.of('a')).toBeGreaterThan(shares.of('b'));
  shares.correct(0);
  expect([shares.of('a'), shares.of('b')]).toEqual([1, 0]);
});
