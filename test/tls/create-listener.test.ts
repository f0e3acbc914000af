import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { ConnectionRoom } from '../../src/kit/net/connection-room.ts';
import { createListener } from '../../src/tls/create-listener.ts';
import { until } from '../support/until.ts';
import {
  ask,
  authority,
  configWith,
  http1,
  http2Session,
  Lines,
  type Running,
  sayVersion,
  startListener,
} from './tls-kit.ts';

const url = ({ scheme, port }: Running, path = '/') => `${scheme}://localhost:${port}${path}`;

function connection(port: number, options: tls.ConnectionOptions = {}): tls.TLSSocket {
  const socket = tls.connect({ host: 'localhost', port, servername: 'localhost', ca: authority.ca, ...options });
  socket.on('error', () => {});
  return socket;
}

/** Holds `/slow` until `release`. */
function holding() {
  let release = (): void => {};
  const arrived = Promise.withResolvers<void>();
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const app: RequestListener = (req, res) => {
    if (req.url !== '/slow') return sayVersion(req, res);
    arrived.resolve();
    void held.then(() => res.end('late'));
  };
  return { app, release, arrived: arrived.promise };
}

describe('without core.ssl', () => {
  test('plain HTTP/1.1 is served', async () => {
    const server = await startListener(sayVersion, { 'core.ssl': false });
    expect(await http1(url(server))).toEqual({ status: 200, body: 'GET / by 1.1' });
  });

  test('an address that is taken is an error of listen', async () => {
    const first = await startListener(sayVersion, { 'core.ssl': false });
    const config = configWith({ 'core.address': '127.0.0.1', 'core.port': String(first.port) });
    await expect(createListener({ config, app: sayVersion, log: new Lines() }).listen()).rejects.toThrow('EADDRINUSE');
  });
});

describe('with core.ssl', () => {
  test('HTTP/2 and HTTP/1.1 are served on one port, as the client offers', async () => {
    const server = await startListener(sayVersion);
    expect(await http1(url(server))).toEqual({ status: 200, body: 'GET / by 1.1' });
    expect(await ask(http2Session(server.port), '/x')).toEqual({ status: 200, body: 'GET /x by 2.0' });
  });

  test('a client that offers no protocol gets HTTP/1.1', async () => {
    const { port } = await startListener(sayVersion);
    const socket = connection(port);
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    const [chunk] = await once(socket, 'data');
    expect(String(chunk)).toMatch(/^HTTP\/1\.1 200/);
    expect(socket.alpnProtocol).toBe(false);
    socket.destroy();
  });

  test('TLS 1.1 is refused', async () => {
    const { port } = await startListener(sayVersion);
    const socket = connection(port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    const [error] = await once(socket, 'error');
    expect(String(error)).toMatch(/protocol version|unsupported protocol|no protocols available/i);
  });

  test('a plain HTTP request is told so, and the server lives', async () => {
    const server = await startListener(sayVersion);
    const answer = { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' };
    expect(await http1(`http://localhost:${server.port}/`)).toEqual(answer);
    expect((await http1(url(server))).status).toBe(200);
  });

  test('noise on the TLS port loses its connection, and the server lives', async () => {
    const server = await startListener(sayVersion);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.alloc(300, 7));
    await once(socket, 'close');
    expect((await http1(url(server))).status).toBe(200);
  });

  test('a large body comes whole by HTTP/2', async () => {
    const server = await startListener((req, res) => {
      let size = 0;
      req.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      req.on('end', () => res.end(String(size)));
    });
    const body = 'x'.repeat(3_000_000);
    expect((await ask(http2Session(server.port), '/', { method: 'POST', body })).body).toBe('3000000');
  });

  test('an answer before the end of its request frees the stream', async () => {
    const server = await startListener((_req, res) => {
      res.writeHead(413).end('too large');
    });
    const session = http2Session(server.port);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.write('never ended');
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(413);
    stream.resume();
    await once(stream, 'close');
    expect(stream.rstCode).toBe(0);
  });
});

describe('limits', () => {
  test('a client that never ends its handshake is cut after core.header_timeout', async () => {
    const { port } = await startListener(sayVersion, { 'core.header_timeout': 0.1 });
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'close');
  });

  test('a client that never ends its request head is cut after core.header_timeout', async () => {
    const { port } = await startListener(sayVersion, { 'core.header_timeout': 0.1 });
    const socket = connection(port, { ALPNProtocols: ['http/1.1'] });
    socket.write('GET / HTTP/1.1\r\nhost: ');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await once(socket, 'close');
    expect(answer).toMatch(/^(HTTP\/1\.1 408|$)/);
  });

  test('an idle HTTP/2 connection ends with GOAWAY after core.idle_timeout', async () => {
    const { port } = await startListener(sayVersion, { 'core.idle_timeout': 0.1 });
    const session = http2Session(port);
    await ask(session, '/');
    const [code] = await once(session, 'goaway');
    expect(code).toBe(0);
    await once(session, 'close');
  });

  test('an idle HTTP/1.1 connection ends after core.idle_timeout', async () => {
    const { port } = await startListener(sayVersion, { 'core.idle_timeout': 0.1 });
    const socket = connection(port, { ALPNProtocols: ['http/1.1'] });
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
  });

  test('a connection beyond those that there may be is closed when all have requests, and takes the place of one that has none', async () => {
    const answers: ServerResponse[] = [];
    const app: RequestListener = (req, res) => (req.url === '/wait' ? void answers.push(res) : sayVersion(req, res));
    const { port } = await startListener(app, {}, { room: new ConnectionRoom(1) });
    const first = http2Session(port);
    const waiting = ask(first, '/wait');
    await until(() => answers.length === 1);
    const second = net.connect(port, '127.0.0.1');
    second.on('error', () => {});
    await once(second, 'close');
    for (const res of answers) res.end();
    expect((await waiting).status).toBe(200);
    const gone = once(first, 'close');
    expect((await ask(http2Session(port), '/')).status).toBe(200);
    await gone;
  });
});

describe('retire', () => {
  test('the next answer of a kept-alive connection is its last, and new ones are served still', async () => {
    const server = await startListener(sayVersion);
    const idle = connection(server.port, { ALPNProtocols: ['http/1.1'] });
    const told: string[] = [];
    idle.on('data', (chunk) => told.push(String(chunk)));
    idle.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(idle, 'data');
    server.retire();
    expect((await http1(url(server))).status).toBe(200);
    idle.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(idle, 'close');
    expect(told[0]).toContain('Connection: keep-alive');
    expect(told[1]).toContain('Connection: close');
    expect((await http1(url(server))).status).toBe(200);
  });
});

describe('close', () => {
  test.each(['http', 'https'])('%s: an answer that is under way arrives, then the connection ends', async (scheme) => {
    const { app, release, arrived } = holding();
    const server = await startListener(app, { 'core.ssl': scheme === 'https' });
    const answer = http1(url(server, '/slow'));
    await arrived;
    const closed = server.close();
    release();
    expect((await answer).body).toBe('late');
    await closed;
  });

  test('HTTP/2: GOAWAY goes out, the streams that are open are answered', async () => {
    const { app, release, arrived } = holding();
    const server = await startListener(app);
    const session = http2Session(server.port);
    const answer = ask(session, '/slow');
    await arrived;
    const closed = server.close();
    await once(session, 'goaway');
    release();
    expect((await answer).body).toBe('late');
    await closed;
  });

  test('idle connections do not hold it up', async () => {
    const server = await startListener(sayVersion);
    const idle = connection(server.port, { ALPNProtocols: ['http/1.1'] });
    idle.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(idle, 'data');
    await ask(http2Session(server.port), '/');
    await server.close();
  });

  test('a kept-alive connection learns from the next answer that it was the last', async () => {
    const { app, release, arrived } = holding();
    const server = await startListener(app);
    const socket = connection(server.port, { ALPNProtocols: ['http/1.1'] });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    // The second request waits behind the first, and is begun after close.
    socket.write('GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await arrived;
    const closed = server.close();
    socket.write('GET /next HTTP/1.1\r\nhost: localhost\r\n\r\n');
    release();
    await once(socket, 'close');
    expect(text).toContain('late');
    await closed;
  });

  test('cut ends what is left', async () => {
    const { app, arrived } = holding();
    const server = await startListener(app);
    const answer = ask(http2Session(server.port), '/slow');
    const failed = expect(answer).rejects.toThrow();
    await arrived;
    const closed = server.close();
    server.cut();
    await failed;
    await closed;
  });
});

describe('certificates', () => {
  test('a new certificate is shown to new connections, and old ones go on', async () => {
    const server = await startListener(sayVersion);
    const before = http2Session(server.port);
    await ask(before, '/');
    const renewed = authority.leaf(['renewed.example', 'localhost']);
    writeFileSync(join(server.folder, 'cert.pem'), renewed.cert);
    writeFileSync(join(server.folder, 'key.pem'), renewed.key);
    server.reload();
    const socket = connection(server.port);
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subject.CN).toBe('renewed.example');
    socket.destroy();
    expect((await ask(before, '/')).status).toBe(200);
  });

  test('files that change are noticed', async () => {
    const server = await startListener(sayVersion, {}, { watchMs: 20 });
    const renewed = authority.leaf(['renewed.example', 'localhost']);
    writeFileSync(join(server.folder, 'new.pem'), renewed.cert);
    writeFileSync(join(server.folder, 'new.key'), renewed.key);
    renameSync(join(server.folder, 'new.pem'), join(server.folder, 'cert.pem'));
    renameSync(join(server.folder, 'new.key'), join(server.folder, 'key.pem'));
    await expect
      .poll(async () => {
        const socket = connection(server.port);
        await once(socket, 'secureConnect');
        const { CN } = socket.getPeerCertificate().subject;
        socket.destroy();
        return CN;
      })
      .toBe('renewed.example');
    expect(server.log.infos).toHaveLength(1);
  });
});

describe('core.client_ca', () => {
  const clients = (values: Record<string, unknown> = {}) =>
    startListener(sayVersion, values).then(async (plain) => {
      const path = join(plain.folder, 'clients.pem');
      writeFileSync(path, authority.ca);
      return startListener(sayVersion, { 'core.client_ca': path, ...values });
    });

  test('a request without a client certificate gets 401, with one it is served', async () => {
    const server = await clients();
    const client = authority.leaf(['backend.example']);
    expect((await http1(url(server))).status).toBe(401);
    expect((await ask(http2Session(server.port), '/')).status).toBe(401);
    expect((await http1(url(server), client)).status).toBe(200);
    expect((await ask(http2Session(server.port, client), '/')).status).toBe(200);
  });

  test('a certificate of another authority is none', async () => {
    const { makeAuthority } = await import('../../src/sandbox/certificates.ts');
    const stranger = makeAuthority('Stranger').leaf(['backend.example']);
    const server = await clients();
    expect((await http1(url(server), stranger)).status).toBe(401);
    expect((await ask(http2Session(server.port, stranger), '/')).status).toBe(401);
  });

  test('health checks need none', async () => {
    const server = await clients({ 'api.health_uri': '/alive' });
    expect((await http1(url(server, '/alive?x=1'))).status).toBe(200);
    expect((await http1(url(server, '/readyz'))).status).toBe(200);
    expect((await http1(url(server, '/healthz'))).status).toBe(401);
    expect((await ask(http2Session(server.port), '/alive', { method: 'POST' })).status).toBe(401);
  });

  test('a file that holds no certificate is a mistake by name', () => {
    const config = configWith({ 'core.ssl': true, 'core.client_ca': '/nowhere/clients.pem' });
    expect(() => createListener({ config, app: sayVersion, log: new Lines() })).toThrow(/^core\./);
  });
});
