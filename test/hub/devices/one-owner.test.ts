import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import { directory } from '../directory.ts';
import { histories, play } from './owner-histories.ts';

test('100 histories of sign-in, sign-out, refresh, move and late verdicts leave each token with whom the model says', async () => {
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => undefined });
  const hub = directory(store);
  let played = 0;
  await fc.assert(
    fc.asyncProperty(histories, (steps) => play(hub, `app-${++played}`, steps)),
    { numRuns: 100, seed: 20261101 },
  );
  expect(played).toBe(100);
  await store.close();
});
