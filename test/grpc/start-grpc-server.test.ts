import { once } from 'node:events';
import { connect } from 'node:net';
import { credentials, status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConfigError } from '../../src/kit/errors.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { gorushClient } from './clients.ts';
import { serve } from './grpc-server.ts';

const push = { tokens: ['a'], platform: 1 };
const accepted = { requestId: 'r1', counts: 1, logs: [] };

describe('listening', () => {
  test('an empty address is every interface', async () => {
    const { port } = await serve({ address: '' });
    await gorushClient(port)('Send', push);
  });

  test('a port that is taken is told by its setting', async () => {
    const { port } = await serve();
    const second = serve({ port });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(
      new RegExp(`^grpc\\.port: ${port} is taken by another program: .*listen EADDRINUSE`),
    );
  });

  test('IPv6 addresses are understood', async () => {
    const { port } = await serve({ address: '::1' });
    expect(port).toBeGreaterThan(0);
  });
});

describe('TLS', () => {
  const authority = makeAuthority();
  const trusting = (ca: string) => credentials.createSsl(Buffer.from(ca));

  test('serves with the certificate it was given, and nothing in cleartext', async () => {
    const { port } = await serve({ tls: authority.leaf(['localhost']) });
    await gorushClient(port, 'Gorush', trusting(authority.ca))('Send', push);
    await expect(gorushClient(port)('Send', push)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('a new certificate is shown to connections from then on', async () => {
    const { port, replaceTls } = await serve({ tls: authority.leaf(['localhost']) });
    const other = makeAuthority();
    replaceTls(other.leaf(['localhost']));
    await gorushClient(port, 'Gorush', trusting(other.ca))('Send', push);
    expect(() => replaceTls({ cert: 'x', key: 'y' })).toThrow();
    await gorushClient(port, 'Gorush', trusting(other.ca))('Send', push);
  });

  test('with an authority for clients, only those with its certificate come in', async () => {
    const { port } = await serve({ tls: { ...authority.leaf(['localhost']), clientCa: authority.ca } });
    const own = authority.leaf(['client']);
    const known = credentials.createSsl(Buffer.from(authority.ca), Buffer.from(own.key), Buffer.from(own.cert));
    await gorushClient(port, 'Gorush', known)('Send', push);
    const stranger = gorushClient(port, 'Gorush', trusting(authority.ca))('Send', push);
    await expect(stranger).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('a certificate that cannot be used is refused at the start', async () => {
    await expect(serve({ tls: { cert: 'x', key: 'y' } })).rejects.toThrow();
  });
});

describe('closing', () => {
  test('waits for calls under way', async () => {
    const outcome = Promise.withResolvers<typeof accepted>();
    const accept = vi.fn(() => outcome.promise);
    const { port, close } = await serve({ accept, syncMs: 60_000 });
    const answer = gorushClient(port)('Send', push);
    await eventually(() => expect(accept).toHaveBeenCalled());
    const closed = close(60_000);
    outcome.resolve(accepted);
    expect((await answer).reply.success).toBe(true);
    await closed;
  });

  test('cuts calls that take longer than the grace', async () => {
    const accept = vi.fn(() => new Promise<typeof accepted>(() => {}));
    const { port, close } = await serve({ accept, syncMs: 60_000 });
    const answer = gorushClient(port)('Send', push).catch((error) => error);
    await eventually(() => expect(accept).toHaveBeenCalled());
    await close(10);
    expect((await answer).code).not.toBe(status.OK);
  });

  test('takes no call after it began', async () => {
    const { port, close } = await serve();
    const client = gorushClient(port);
    await client('Send', push);
    await close(1000);
    await expect(client('Send', push)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('is not held up by a connection that never says a word', async () => {
    const { port, close } = await serve({ tls: makeAuthority().leaf(['localhost']) });
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    await close(10);
  });

  test('twice is once', async () => {
    const { close } = await serve();
    expect(close(0)).toBe(close(0));
  });
});
