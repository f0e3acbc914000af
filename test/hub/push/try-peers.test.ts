import { expect, test } from 'vitest';
import { tryPeers } from '../../../src/hub/push/try-peers.ts';
import { createDispatcher } from '../../../src/outbound/dispatcher.ts';
import { startGorush } from './scripted-gorush.ts';

test('each Gorush is asked for its health and whether it takes the key, and gets nothing to send', async () => {
  const dispatcher = createDispatcher({ proxyFor: () => undefined });
  const fine = await startGorush(({ notifications }) => ({ status: notifications.length > 0 ? 200 : 400 }));
  const locked = await startGorush(() => ({ status: 401 }));
  const other = await startGorush(() => ({ status: 404 }));
  const gone = await startGorush();
  await gone.stop();
  const urls = [fine, locked, other, gone].map(({ url }) => url);
  const troubles = await tryPeers(urls, { apiKey: 'k', dispatcher });
  expect(troubles).toMatchObject([
    { name: locked.url, kind: 'key' },
    { name: other.url, kind: 'path' },
    { name: gone.url, kind: 'unreachable', why: expect.stringContaining(gone.url) },
  ]);
  expect(fine.seen).toMatchObject([{ notifications: [], headers: { 'x-api-key': 'k' } }]);
  await dispatcher.destroy();
});
