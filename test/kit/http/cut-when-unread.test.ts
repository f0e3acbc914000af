import { once } from 'node:events';
import { createServer as createHttp1Server, type RequestListener, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { sendText } from '../../../src/kit/http/answer.ts';
import { cutWhenUnread, UNREAD_MS } from '../../../src/kit/http/cut-when-unread.ts';
import { until } from '../../support/until.ts';

const LARGE = 'x'.repeat(16 * 2 ** 20);

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What becomes of an answer, of which nothing more is read. */
function answering() {
  const closed: boolean[] = [];
  const app: RequestListener = (_req, res) => {
    res.on('close', () => closed.push(res.writableFinished));
    cutWhenUnread(res, 100);
    res.end(LARGE);
  };
  return { app, closed };
}

test('an HTTP/1.1 connection whose client reads nothing more is given up', async () => {
  const { app, closed } = answering();
  const port = await listening(createHttp1Server(app));
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(() => closed.length === 1);
  expect(closed).toEqual([false]);
});

test('an HTTP/2 stream whose client reads nothing more is given up', async () => {
  const { app, closed } = answering();
  const port = await listening(createHttp2Server(app as never));
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => {});
  await until(() => closed.length === 1);
  expect(closed).toEqual([false]);
});

test('a slow client that goes on reading gets all of it', async () => {
  const { app, closed } = answering();
  const port = await listening(createHttp1Server(app));
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let read = 0;
  socket.on('data', (chunk) => {
    read += chunk.length;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(() => closed.length === 1);
  await until(() => read > LARGE.length);
  expect(closed).toEqual([true]);
});

test('large answers have that limit, small ones need none', () => {
  const limits: number[] = [];
  const res = {
    setTimeout: (ms: number) => limits.push(ms),
    writeHead: () => {},
    end: () => {},
  } as unknown as ServerResponse;
  sendText(res, 200, 'text/plain', 'small');
  sendText(res, 200, 'text/plain', 'x'.repeat(100_000));
  expect(limits).toEqual([UNREAD_MS]);
});
