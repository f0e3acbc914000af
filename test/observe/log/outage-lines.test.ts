import { expect, test } from 'vitest';
import { createOutageLines } from '../../../src/observe/log/outage-lines.ts';
import { failed, settlement } from '../../support/settlement.ts';

test('an outage is told when it begins, once a minute, and when it is over', () => {
  const said: string[] = [];
  let now = 0;
  const lines = createOutageLines(
    (message, { retries }) => said.push(`${message} ${retries ?? ''}`.trim()),
    () => now,
  );
  const base = settlement(['a', 'b']);
  const retry = (category: 'not_sent' | 'unavailable') =>
    lines.retried({ ...base, lane: undefined, provider: 'apns', failed: failed({ category }), delayMs: 1 } as never);
  retry('unavailable');
  expect(said).toEqual([]);
  retry('not_sent');
  retry('not_sent');
  now = 60_000;
  retry('not_sent');
  lines.settled(base);
  lines.settled(base);
  const down = 'the provider cannot be reached: pushes wait and are tried again';
  expect(said).toEqual([`${down} 2`, `${down} 4`, 'the provider can be reached again']);
});
