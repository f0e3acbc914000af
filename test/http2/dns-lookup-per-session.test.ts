import { expect, test } from 'vitest';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('the name is looked up again for each new session', async () => {
  const names: string[] = [];
  const lookup = ((name: string, options: { all?: boolean }, done: (error: null, list: unknown) => void) => {
    names.push(name);
    done(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1');
  }) as never;
  const peer = await startRawPeer();
  const pool = testPool(peer.origin, {}, { lookup });
  for (let i = 0; i < 3; i++) {
    await send(pool);
    peer.connections[i]?.socket.destroy();
    while (pool.stats().sessions > 0) await new Promise(setImmediate);
  }
  expect(names).toEqual(['localhost', 'localhost', 'localhost']);
});
