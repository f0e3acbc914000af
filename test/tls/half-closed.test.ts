import type { RequestListener } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';
import { authority, type Running, startListener } from './tls-kit.ts';

/** Answers when it is told to: as a sync request does, whose pushes take their time. */
function holding() {
  const held: (() => void)[] = [];
  const app: RequestListener = (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('error', () => {});
    req.on('end', () => held.push(() => res.end(`got ${Buffer.concat(chunks)}`)));
  };
  return { app, held };
}

const REQUEST = 'POST /api/push HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello';

function connect(server: Running, isTls: boolean): net.Socket {
  const to = { port: server.port, host: '127.0.0.1', allowHalfOpen: true };
  const socket = isTls
    ? tls.connect({ ...to, servername: 'localhost', ca: authority.ca, ALPNProtocols: ['http/1.1'] })
    : net.connect(to);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const textOf = (socket: net.Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).once('end', () => resolve(text));
    socket.once('error', reject);
  });

describe.each([false, true])('with TLS: %s', (isTls) => {
  test('a caller that closes its half after the request gets its answer, and then the other half is closed', async () => {
    const { app, held } = holding();
    const socket = connect(await startListener(app, { 'core.ssl': isTls }), isTls);
    const answer = textOf(socket);
    socket.end(REQUEST);
    await until(() => held.length === 1);
    // The end of its half has arrived as well.
    await new Promise((resolve) => setTimeout(resolve, 50));
    held[0]?.();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*got hello/);
  });

  test('of several requests in a row each is answered', async () => {
    const { app, held } = holding();
    const socket = connect(await startListener(app, { 'core.ssl': isTls }), isTls);
    const answer = textOf(socket);
    socket.end(REQUEST + REQUEST);
    for (let i = 0; i < 2; i++) {
      await until(() => held.length > i);
      held[i]?.();
    }
    expect((await answer).match(/got hello/g)).toHaveLength(2);
  });

  test('half a request is none: the connection ends', async () => {
    const { app, held } = holding();
    const socket = connect(await startListener(app, { 'core.ssl': isTls }), isTls);
    const answer = textOf(socket).catch(() => '');
    socket.end(REQUEST.slice(0, -2));
    expect(await answer).not.toContain('got');
    expect(held).toHaveLength(0);
  });

  test('an idle connection whose caller closes its half ends', async () => {
    const { app } = holding();
    const server = await startListener(app, { 'core.ssl': isTls });
    const socket = connect(server, isTls);
    await new Promise((resolve) => socket.once(isTls ? 'secureConnect' : 'connect', resolve));
    const ended = textOf(socket);
    socket.end();
    expect(await ended).toBe('');
  });
});
