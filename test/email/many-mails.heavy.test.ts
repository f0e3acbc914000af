import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { heapOfManyMails } from './many-mails.ts';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;

test('the memory of 100,000 mails through one pool is that of 20,000', async () => {
  const { early, late } = await heapOfManyMails(100_000);
  console.log(
    `heap after 20,000 mails: ${(early / 2 ** 20).toFixed(1)} MiB, after 100,000: ${(late / 2 ** 20).toFixed(1)} MiB`,
  );
  // A kept promise or timer for each mail would be 100 bytes or more: 8 MB for these 80,000.
  expect(late - early).toBeLessThan(4 * 2 ** 20);
}, 1_500_000);
