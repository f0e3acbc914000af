import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { oneAtATime } from '../../../src/kit/http/one-at-a-time.ts';

async function start(app: RequestListener, mostOfAll?: number) {
  const counts = { handled: 0, now: 0, most: 0 };
  const server = createServer(
    oneAtATime((req, res) => {
      counts.handled++;
      counts.most = Math.max(counts.most, ++counts.now);
      res.on('close', () => counts.now--);
      app(req, res);
    }, mostOfAll),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (data) => (text += data));
    return { socket, read: () => text };
  };
  return { counts, open };
}

const post = (body: string): string =>
  `POST /${body} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const get = (path: number | string): string => `GET /${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const bodies = (text: string): string[] => [...text.matchAll(/\[(.*?)\]/g)].map(([, body]) => body as string);

/** Answers with the body, a turn or more later. */
const echo: RequestListener = async (req, res) => {
  let body = '';
  for await (const chunk of req) body += chunk;
  await sleep(1);
  res.end(`[${req.method === 'POST' ? body : req.url}]`);
};

test('requests in a row are answered in order, one at a time', async () => {
  const { counts, open } = await start(echo);
  const { socket, read } = open();
  const names = Array.from({ length: 300 }, (_, i) => `${i}`);
  socket.write(names.map((name, i) => (i % 3 === 0 ? get(name) : post(name.padEnd(1000, '.')))).join(''));
  await expect.poll(() => bodies(read()).length).toBe(300);
  expect(bodies(read()).map((body) => Number.parseInt(body.replace('/', ''), 10))).toEqual(names.map(Number));
  expect(counts.most).toBe(1);
});

test('bodies larger than a read from the socket wait for their turn', async () => {
  const { counts, open } = await start(echo);
  const { socket, read } = open();
  const large = Array.from({ length: 6 }, (_, i) => String(i).repeat(300_000));
  for (const body of large) socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await expect.poll(() => bodies(read()).length).toBe(6);
  expect(bodies(read())).toEqual(large);
  expect(counts.most).toBe(1);
});

test('a connection is used again, and the others do not wait for it', async () => {
  const { open } = await start((req, res) => void (req.url === '/hang' || res.end(`[${req.url}]`)));
  const [hanging, other] = [open(), open()];
  hanging.socket.write(get('hang') + get('later'));
  for (let i = 0; i < 3; i++) {
    other.socket.write(get(i));
    await expect.poll(() => bodies(other.read()).length).toBe(i + 1);
  }
  expect(hanging.read()).toBe('');
});

test('a client that reads nothing has one answer on its way, and its other requests stay with it', async () => {
  const { counts, open } = await start((_req, res) => void res.end('x'.repeat(8_000_000)));
  const { socket } = open();
  socket.pause();
  const requests = get('large').repeat(100);
  for (let i = 0; i < 200; i++) socket.write(requests);
  const other = open();
  other.socket.write(get('other'));
  await expect.poll(() => other.read().length).toBeGreaterThan(8_000_000);
  expect(counts.handled).toBe(2);
});

test('where too many wait the connection is cut, but each may have a few', async () => {
  const { counts, open } = await start((req, res) => void (req.url === '/hang' || res.end('[done]')), 40);
  const greedy = Array.from({ length: 4 }, open);
  const closed = greedy.map(({ socket }) => once(socket, 'close'));
  for (const { socket } of greedy) socket.write(get('hang') + get('x').repeat(30));
  await Promise.race(closed);
  const modest = open();
  modest.socket.write(get('x').repeat(16));
  await expect.poll(() => bodies(modest.read()).length).toBe(16);
  // What a connection that is gone had waiting counts no more.
  for (const { socket } of greedy) socket.destroy();
  const after = open();
  await expect.poll(() => counts.now).toBe(0);
  after.socket.write(get('x').repeat(35));
  await expect.poll(() => bodies(after.read()).length).toBe(35);
});
