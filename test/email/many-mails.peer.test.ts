import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { heapOfManyMails } from './many-mails.ts';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;

test('the memory of 5,000 mails through one pool is that of 1,000', async () => {
  const { early, late } = await heapOfManyMails(5000);
  expect(late - early).toBeLessThan(4 * 2 ** 20);
});
