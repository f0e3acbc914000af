import { expect, test } from 'vitest';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';
import { authority } from './tls.ts';

test('the client certificate is shown to the peer', async () => {
  const client = authority.leaf(['apns.certificate.test']);
  const peer = await startRawPeer({}, { requestCert: true, rejectUnauthorized: true, ca: authority.ca });
  const pool = testPool(peer.origin, { cert: client.cert, key: client.key });
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections[0]?.socket.getPeerCertificate().subject.CN).toBe('apns.certificate.test');
});
