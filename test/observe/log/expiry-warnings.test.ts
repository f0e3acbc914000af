import { expect, test } from 'vitest';
import { watchExpiries } from '../../../src/observe/log/expiry-warnings.ts';

const DAY = 24 * 3_600_000;

test('an expiry is told once 30, 7 and 1 days ahead, and when it has come', () => {
  const lines: string[] = [];
  const clock = { now: 0 };
  const watch = watchExpiries({
    expiries: () => [{ app: 'acme', provider: 'apns', expiresAt: 40 * DAY }],
    log: { warn: (line) => void lines.push(`warn ${line}`), error: (line) => void lines.push(`error ${line}`) },
    now: () => clock.now,
  });
  const told: [number, string][] = [];
  for (let day = 0; day <= 45; day += 0.5) {
    clock.now = day * DAY;
    watch.look();
    for (const line of lines.splice(0)) told.push([day, line]);
  }
  watch.close();
  const date = new Date(40 * DAY).toISOString();
  expect(told).toEqual([
    [10, `warn the apns certificate of the app acme expires at ${date}, within 30 days`],
    [33, `warn the apns certificate of the app acme expires at ${date}, within 7 days`],
    [39, `error the apns certificate of the app acme expires within a day, at ${date}`],
    [40, `error the apns certificate of the app acme expired at ${date}: its pushes fail`],
  ]);
});
