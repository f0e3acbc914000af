import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { sheltered } from '../../../src/kit/http/sheltered.ts';
import { collectUncaught } from '../../support/uncaught.ts';

async function serve(app: RequestListener) {
  const uncaught = collectUncaught();
  const errors: unknown[] = [];
  const server = createServer(sheltered(app, (error) => errors.push(error)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/`, errors, uncaught };
}

const thrower: RequestListener = () => {
  throw new TypeError('no');
};

test('a handler that throws is answered with 500, and is no error of the process', async () => {
  const { url, errors, uncaught } = await serve(thrower);
  expect((await fetch(url)).status).toBe(500);
  expect(errors).toHaveLength(1);
  expect(uncaught).toEqual([]);
});

test('a handler that throws after the head of its answer has its connection cut', async () => {
  const { url, uncaught } = await serve((req, res) => {
    res.writeHead(200, { 'Content-Length': 10 }).write('half');
    thrower(req, res);
  });
  await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  expect(uncaught).toEqual([]);
});

test('an answer that is written after its end is no error of the process', async () => {
  let written = false;
  const { port, uncaught } = await serve((_req, res) => {
    res.end('once');
    res.write('twice');
    written = true;
  });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await once(socket.resume(), 'close');
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(true);
  expect(uncaught).toEqual([]);
});
