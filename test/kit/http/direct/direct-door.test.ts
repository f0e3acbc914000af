import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectionRoom } from '../../../../src/kit/net/connection-room.ts';
import { SeededRandom } from '../../../simulation/seeded-random.ts';
import { until } from '../../../support/until.ts';
import { mutated, pieces, SUSPECT } from './mutated-requests.ts';
import { body, compare, exchange, held, request, startTwins } from './twin-servers.ts';

/** As a client that keeps its connection. */
function connect(port: number) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  return { socket, answers: () => text.match(/HTTP\/1\.1 \d+/g) ?? [], text: () => text };
}

test('a plain push is read without node:http, and answered as by it', async () => {
  const twins = await startTwins();
  const [direct, node] = await Promise.all([twins.direct, twins.node].map((port) => exchange(port, [request()])));
  expect(direct).toBe(node);
  expect(direct).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\{"counts":1,"logs":\[\],"success":"ok","request_id":"r"\}$/,
  );
  expect(twins.taken()).toBe(1);
});

test('where connections stay open for any time, the answer says no time', async () => {
  const twins = await startTwins({}, { 'core.idle_timeout': 0 });
  const [direct, node] = await Promise.all([twins.direct, twins.node].map((port) => exchange(port, [request()])));
  expect(direct).toBe(node);
  expect(direct).not.toContain('timeout');
});

test('what readers of HTTP have disagreed about is read and answered as by node:http', async () => {
  const twins = await startTwins();
  for (const text of SUSPECT) {
    const bytes = Buffer.from(text, 'latin1');
    const [direct, node] = await Promise.all([twins.direct, twins.node].map((port) => exchange(port, [bytes])));
    expect({ text, answer: direct }).toEqual({ text, answer: node });
  }
  expect(twins.taken()).toBeGreaterThan(5);
});

test('random changes of such requests are read and answered as by node:http', async () => {
  const twins = await startTwins();
  const random = new SeededRandom(11);
  let left = 2000;
  let shorter = 0;
  const some = async (): Promise<void> => {
    while (left-- > 0) {
      if ((await compare(twins, pieces(mutated(random), random))) === 'shorter') shorter++;
    }
  };
  await Promise.all(Array.from({ length: 16 }, some));
  expect(shorter).toBeLessThan(40);
});

test('a connection with many pushes is read here until something else comes, and by node:http from then on', async () => {
  const twins = await startTwins();
  const { socket, answers } = connect(twins.direct);
  for (let count = 1; count <= 5; count++) {
    socket.write(request(body(`push ${count}`)));
    await until(() => answers().length === count);
  }
  expect(twins.taken()).toBe(5);
  socket.write('GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => answers().length === 6);
  socket.write(request());
  await until(() => answers().length === 7);
  expect(answers()).toEqual([...Array.from({ length: 5 }, () => 'HTTP/1.1 200'), 'HTTP/1.1 404', 'HTTP/1.1 200']);
  expect(twins.taken()).toBe(5);
});

test('what a client sends before it has its answer is answered afterwards, in order', async () => {
  const twins = await startTwins();
  const { socket, answers, text } = connect(twins.direct);
  socket.setNoDelay(true);
  socket.write(request(body('now')));
  socket.write(request(body('a', [])));
  socket.write(request(body('refused')));
  socket.write('GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => answers().length === 4);
  expect(answers()).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 503', 'HTTP/1.1 404']);
  expect(text()).toContain('has no target');
});

test('what comes while a push is under way and is none is read by node:http, once that one is answered', async () => {
  const twins = await startTwins();
  const { socket, answers } = connect(twins.direct);
  socket.setNoDelay(true);
  socket.write(request());
  await until(() => twins.taken() === 1);
  socket.write('GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n');
  socket.write(request());
  await until(() => answers().length === 3);
  expect(answers()).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
});

test('a connection that goes away before its answer disturbs nothing, and its place is free', async () => {
  const room = new ConnectionRoom(10);
  const twins = await startTwins({ room });
  const { socket } = connect(twins.direct);
  socket.write(request(), () => socket.resetAndDestroy());
  await until(() => twins.taken() === 1 && room.open === 0);
  expect(await exchange(twins.direct, [request()])).toContain('200 OK');
});

test('a connection that is between two pushes makes room for a new one, where all places are taken', async () => {
  const room = new ConnectionRoom(1);
  const twins = await startTwins({ room });
  const first = connect(twins.direct);
  first.socket.write(request());
  await until(() => first.answers().length === 1);
  const gone = once(first.socket, 'close');
  const second = connect(twins.direct);
  second.socket.write(request());
  await until(() => second.answers().length === 1);
  await gone;
});

test('from the begin of the shutdown on a connection ends with its next answer, which says so, and one without a request is closed', async () => {
  const { direct, taken, listener } = await startTwins();
  const [idle, next, busy] = [connect(direct), connect(direct), connect(direct)];
  for (const { socket } of [idle, next]) socket.write(request());
  await until(() => idle.answers().length + next.answers().length === 2);
  busy.socket.write(request(body('held')));
  await until(() => taken() === 3);
  listener.retire();
  const gone = [idle, next, busy].map(({ socket }) => once(socket, 'close'));
  next.socket.write(request());
  await gone[1];
  expect(next.text()).toMatch(/Connection: close[\s\S]*"counts":1[\s\S]*$/);
  const closed = listener.close();
  await gone[0];
  held.resolve();
  await gone[2];
  expect(busy.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n\r\n\{"counts":1/);
  await closed;
});

test('a connection without a request is closed after a while, and one between two of them', async () => {
  const twins = await startTwins({}, { 'core.header_timeout': 1, 'core.idle_timeout': 1 });
  const [fresh, used] = [connect(twins.direct), connect(twins.direct)];
  const gone = [fresh, used].map(({ socket }) => once(socket, 'close'));
  used.socket.write(request());
  await until(() => used.answers().length === 1);
  await Promise.all(gone);
  expect(fresh.answers()).toEqual(['HTTP/1.1 408']);
  expect(used.answers()).toEqual(['HTTP/1.1 200']);
});
