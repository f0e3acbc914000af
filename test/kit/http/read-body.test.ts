import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readBody } from '../../../src/kit/http/read-body.ts';

/** What `readBody` called back with, and when each request was over. */
async function listen(version: 1 | 2) {
  const bodies: string[] = [];
  const over = Promise.withResolvers<void>();
  const take = (req: IncomingMessage, res: { end(): unknown }): void => {
    readBody(req, { limit: 10 }, (body) => {
      bodies.push(typeof body === 'string' ? body : body.toString());
      res.end();
    });
    req.on('close', () => setImmediate(over.resolve));
  };
  const server = version === 1 ? createServer(take) : http2.createServer(take as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { bodies, over: over.promise, port: (server.address() as AddressInfo).port };
}

function http2Client(port: number): http2.ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

test.each([
  ['whole', '0123456789'],
  ['empty', ''],
])('a body comes whole by both protocols: %s', async (_what, text) => {
  const [first, second] = [await listen(1), await listen(2)];
  request({ port: first.port, host: '127.0.0.1', method: 'POST', agent: false }).end(text);
  const stream = http2Client(second.port).request({ ':method': 'POST', ':path': '/' });
  stream.end(text);
  await Promise.all([first.over, second.over]);
  expect([first.bodies, second.bodies]).toEqual([[text], [text]]);
});

test('a body that is too large is refused, announced or not', async () => {
  const { bodies, over, port } = await listen(1);
  request({ port, host: '127.0.0.1', method: 'POST', agent: false, headers: { 'content-length': 11 } }).end(
    '01234567890',
  );
  await over;
  const other = await listen(2);
  http2Client(other.port).request({ ':method': 'POST', ':path': '/' }).end('01234567890');
  await other.over;
  expect([bodies, other.bodies]).toEqual([['too_large'], ['too_large']]);
});

test('a body that breaks off is never taken for a whole one', async () => {
  const first = await listen(1);
  const call = request({ port: first.port, host: '127.0.0.1', method: 'POST', agent: false });
  call.on('error', () => {});
  call.write('{}', () => setTimeout(() => call.destroy(), 20));
  const second = await listen(2);
  const session = http2Client(second.port);
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  stream.on('error', () => {});
  stream.write('{}', () => setTimeout(() => session.destroy(), 20));
  await Promise.all([first.over, second.over]);
  expect([first.bodies, second.bodies]).toEqual([[], []]);
});
