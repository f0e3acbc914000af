import { once } from 'node:events';
import http2 from 'node:http2';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { AcmeFolder } from '../../src/tls/acme-folder.ts';
import { authority, folderWith, sayVersion, startListener } from './tls-kit.ts';

const HOST = 'push.martlet.example';

test.each([
  ['goes', (socket: tls.TLSSocket) => socket.end()],
  ['stays', () => {}],
])('an authority that has seen the answer to its challenge and %s leaves no connection behind', async (_, then) => {
  const folder = folderWith({});
  const { cert, key } = authority.leaf([HOST]);
  new AcmeFolder(folder).keepChallengePair(HOST, { cert, key });
  const server = await startListener(sayVersion, {
    'core.ssl': false,
    'core.auto_tls.enabled': true,
    'core.auto_tls.host': HOST,
    'core.auto_tls.folder': folder,
    'core.auto_tls.port': '0',
    'core.auto_tls.http_port': '',
    'core.auto_tls.directory': 'https://127.0.0.1:1/dir',
  });
  const to = { host: '127.0.0.1', port: server.port, servername: HOST, ca: authority.ca, allowHalfOpen: true };
  const socket = tls.connect({ ...to, ALPNProtocols: ['acme-tls/1'] });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('acme-tls/1');
  then(socket);
  // Resolves when the last connection is gone.
  await server.close();
});

/** As a load balancer's health check does, and a browser that changes its mind. */
const greet = (port: number, protocol: string, go: (socket: tls.TLSSocket) => void): Promise<void> =>
  new Promise((resolve) => {
    const to = { host: '127.0.0.1', port, servername: 'localhost', ca: authority.ca };
    const socket = tls.connect({ ...to, ALPNProtocols: [protocol] }, () => go(socket));
    socket.on('error', () => {}).once('close', () => resolve());
  });

describe.each(['h2', 'http/1.1'])('clients of %s leave no connection behind', (protocol) => {
  test.each([
    ['in the middle of the handshake', (socket: tls.TLSSocket) => socket.destroy()],
    ['after the handshake', (socket: tls.TLSSocket) => socket.end()],
    ['when the server has spoken', (socket: tls.TLSSocket) => setTimeout(() => socket.destroy(), 2)],
  ])('that go %s', async (_, go) => {
    const server = await startListener(sayVersion);
    for (let i = 0; i < 100; i++) await greet(server.port, protocol, go);
    await server.close();
  });
});

test('an answer without an end is over when its client of HTTP/2 has gone', async () => {
  let open = 0;
  const server = await startListener((_, res) => {
    open++;
    res.write('data: 1\n\n');
    const more = setInterval(() => res.write('data: 2\n\n'), 10);
    res.once('close', () => {
      clearInterval(more);
      open--;
    });
  });
  for (const go of ['end', 'destroy'] as const) {
    const to = { host: '127.0.0.1', port: server.port, servername: 'localhost', ca: authority.ca };
    const socket = tls.connect({ ...to, ALPNProtocols: ['h2'] });
    const session = http2.connect('https://localhost', { createConnection: () => socket }).on('error', () => {});
    const stream = session.request({ ':path': '/' }).on('error', () => {});
    await once(stream, 'response');
    expect(open).toBe(1);
    socket[go]();
    await expect.poll(() => open).toBe(0);
  }
});

test('a client of HTTP/2 that is idle, and stays after the goodbye, is cut', async () => {
  const server = await startListener(sayVersion, { 'core.idle_timeout': 1 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const to = { host: '127.0.0.1', port: server.port, servername: 'localhost', ca: authority.ca, allowHalfOpen: true };
  const socket = tls.connect({ ...to, ALPNProtocols: ['h2'] });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}).resume();
  await once(socket, 'end');
  vi.advanceTimersByTime(300_000);
  vi.useRealTimers();
  await server.close();
});
