import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

async function handshake(ca: string, host: string, leaf: { cert: string; key: string }): Promise<boolean> {
  const server = tls.createServer(leaf, (socket) => socket.end()).on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = tls.connect({ port, host: '127.0.0.1', servername: host === '127.0.0.1' ? '' : host, ca });
  const checked = await new Promise<boolean>((resolve) => {
    socket.once('secureConnect', () => resolve(socket.authorized));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  server.close();
  return checked;
}

test('a leaf is trusted by name and by address under its own authority', async () => {
  const authority = makeAuthority();
  const leaf = authority.leaf(['localhost', '127.0.0.1']);
  expect(await handshake(authority.ca, 'localhost', leaf)).toBe(true);
  expect(await handshake(authority.ca, '127.0.0.1', leaf)).toBe(true);
});

test('a leaf is not trusted under another authority', async () => {
  expect(await handshake(makeAuthority().ca, 'localhost', makeAuthority().leaf(['localhost']))).toBe(false);
});

test('a leaf names its hosts and is no authority', () => {
  const authority = makeAuthority();
  const leaf = new X509Certificate(authority.leaf(['api.push.apple.com', '127.0.0.1']).cert);
  const root = new X509Certificate(authority.ca);
  expect(leaf.subject).toBe('CN=api.push.apple.com');
  expect(leaf.subjectAltName).toBe('DNS:api.push.apple.com, IP Address:127.0.0.1');
  expect(leaf.ca).toBe(false);
  expect(root.ca).toBe(true);
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
});

test('two authorities share nothing', () => {
  expect(makeAuthority().ca).not.toBe(makeAuthority().ca);
});
