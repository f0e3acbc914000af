import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { giveBack, readBody } from '../../../src/kit/http/read-body.ts';

/** What `readBody` called back with, and when each request was over. */
async function listen(version: 1 | 2, limit = 10) {
  const bodies: string[] = [];
  const over = Promise.withResolvers<void>();
  const take = (req: IncomingMessage, res: { end(): unknown }): void => {
    readBody(req, { limit }, (body) => {
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

test.each([
  ['announced', true],
  ['not announced', false],
])('a body in many pieces comes whole by both protocols, its length %s', async (_what, isAnnounced) => {
  const size = 1_500_000;
  const text = Buffer.from(Array.from({ length: size }, (_, at) => 97 + ((at * 31 + (at >> 8)) % 26))).toString();
  const [first, second] = [await listen(1, size), await listen(2, size)];
  const length = isAnnounced ? { 'content-length': size } : {};
  const call = request({ port: first.port, host: '127.0.0.1', method: 'POST', agent: false, headers: length });
  const stream = http2Client(second.port).request({ ':method': 'POST', ':path': '/', ...length });
  for (const [at, end] of [
    [0, 1],
    [1, 700_000],
    [700_000, 1_200_000],
  ] as const) {
    for (const to of [call, stream]) to.write(text.slice(at, end));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const to of [call, stream]) to.end(text.slice(1_200_000));
  await Promise.all([first.over, second.over]);
  expect([first.bodies[0] === text, second.bodies[0] === text]).toEqual([true, true]);
});

test('only the memory of bytes that share it with nobody is given back', () => {
  const own = Buffer.from(new ArrayBuffer(8));
  const shared = Buffer.from(new ArrayBuffer(8)).subarray(0, 4);
  giveBack(own);
  giveBack(shared);
  giveBack(own);
  expect([own.length, shared.length]).toEqual([0, 4]);
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
