import { expect, test } from 'vitest';
import { errorCodes } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { goaway, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test.each([
  ['NO_ERROR', errorCodes.NO_ERROR],
  ['ENHANCE_YOUR_CALM', errorCodes.ENHANCE_YOUR_CALM],
])('GOAWAY %s on an idle session: it is closed, and the next request gets a fresh one', async (_name, code) => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin);
  await send(pool);
  const [first] = peer.connections;
  first?.send(goaway(1, code), goaway(1, code));
  await until(() => first?.closed === true && pool.stats().sessions === 0);
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(2);
});

test('debug data is kept, whatever it is made of', async () => {
  let connections = 0;
  const peer = await startRawPeer({
    onConnection: (connection) => {
      connections++;
      connection.send(goaway(0, errorCodes.NO_ERROR, `{"reason":"BadCertificate"}\u0000é${'x'.repeat(5000)}`));
    },
  });
  const pool = testPool(peer.origin);
  const [result] = await send(pool);
  expect(result?.fault).toMatchObject({ code: 'GOAWAY', processed: 'no' });
  expect(result?.fault?.message).toContain('{"reason":"BadCertificate"}???xxx');
  expect(result?.fault?.message.length).toBeLessThan(400);
  expect(pool.stats().lastError).toContain('BadCertificate');
  // It was tried a few times before the request was given back, each time after a pause.
  expect(connections).toBeGreaterThanOrEqual(3);
  expect(connections).toBeLessThanOrEqual(4);
});
