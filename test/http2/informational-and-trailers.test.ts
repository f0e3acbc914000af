import { expect, test } from 'vitest';
import { DATA, END_HEADERS, END_STREAM, HEADERS } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { echo, startNodePeer } from './node-peer.ts';
import { literals, rawFrame, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('informational answers are passed over', async () => {
  const peer = await startNodePeer((stream, headers) => {
    stream.additionalHeaders({ ':status': 103, link: '</x>' });
    stream.additionalHeaders({ ':status': 102 });
    echo(stream, headers);
  });
  const [result] = await send(testPool(peer.origin));
  expect(result).toMatchObject({ status: 200, body: 'body 0' });
  expect(result?.headers).not.toHaveProperty('link');
});

test('trailers end an answer and are not among its headers', async () => {
  const peer = await startNodePeer((stream) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond({ ':status': 200, 'x-head': '1' }, { waitForTrailers: true });
    stream.end('body');
  });
  const results = await send(testPool(peer.origin), { count: 20 });
  for (const { status, headers, body } of results) {
    expect([status, headers?.['x-head'], headers?.['grpc-status'], body]).toEqual([200, '1', undefined, 'body']);
  }
});

test('trailers without a body', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) =>
      connection.send(
        rawFrame(HEADERS, END_HEADERS, id, [0x88]),
        rawFrame(HEADERS, END_HEADERS | END_STREAM, id, literals([['x-trailer', '1']])),
      ),
  });
  expect((await send(testPool(peer.origin)))[0]).toMatchObject({ status: 200, body: '' });
});

test('headers repeated are joined, and names of Object.prototype are just names', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) =>
      connection.respond(id, {
        headers: [
          ['warning', 'a'],
          ['warning', 'b'],
          ['__proto__', 'p'],
          ['constructor', 'c'],
        ],
      }),
  });
  const { headers } = (await send(testPool(peer.origin)))[0] ?? {};
  expect(Object.entries(headers ?? {})).toEqual([
    ['warning', 'a, b'],
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
});

test('an answer of many small parts is put together', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.send(rawFrame(HEADERS, END_HEADERS, id, [0x88]));
      for (const part of ['{"name":', '"projects/', 'x/messages/1"', '}'])
        connection.send(rawFrame(DATA, 0, id, Buffer.from(part)));
      connection.send(rawFrame(DATA, END_STREAM, id));
    },
  });
  const [result] = await send(testPool(peer.origin));
  expect(result?.body).toBe('{"name":"projects/x/messages/1"}');
});
