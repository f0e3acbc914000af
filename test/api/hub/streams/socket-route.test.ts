import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { eventually } from '../../../support/eventually.ts';
import { type SeedRelay, startSeedRelay } from '../seed-relay.ts';

interface Client {
  readonly ws: WebSocket;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  readonly frames: any[];
  code: number | undefined;
  /** Of the frame `ready`. */
  ready: { readonly last_event_id: string } | undefined;
  say(frame: unknown): void;
  has(count: number): Promise<void>;
  closed(): Promise<number>;
}

async function openSocket(
  relay: SeedRelay,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  options: ClientOptions = {},
): Promise<Client> {
  const ws = new WebSocket(`${relay.url.replace('http', 'ws')}${path}`, { headers, ...options });
  const frames: unknown[] = [];
  const socket: Client = {
    ...{ ws, frames, code: undefined, ready: undefined },
    say: (frame) => ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    has: (count) => eventually(() => expect(frames.length).toBeGreaterThanOrEqual(count)),
    closed: () => eventually(() => (socket.code === undefined ? Promise.reject(new Error('open')) : socket.code)),
  };
  ws.on('message', (data) => {
    const frame = JSON.parse(String(data));
    if (frame.type === 'ready') socket.ready = frame.payload;
    // How many notifications are unread is another test.
    else if (frame.type === 'inbox.changed') return;
    else frames.push(frame);
  });
  ws.on('close', (code) => {
    socket.code = code;
  });
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  return socket;
}

/** The HTTP answer to a connection that is refused. */
async function refused(
  relay: SeedRelay,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const ws = new WebSocket(`${relay.url.replace('http', 'ws')}${path}`, { headers });
  ws.on('error', () => {});
  const [, response] = await once(ws, 'unexpected-response');
  ws.terminate();
  return response.statusCode;
}

const BOSS = { authorization: 'Bearer boss' };
const PATH = '/v1/users/ada/stream/ws';
const publish = (relay: SeedRelay, ...payloads: unknown[]) =>
  relay.ask(
    'POST /v1/users/ada/events',
    'boss',
    payloads.map((payload) => ({ type: 'test', payload })),
  );

test('events come as they do elsewhere, from the id on that is asked for, one a frame', async () => {
  const relay = await startSeedRelay();
  const { events } = (await publish(relay, 1, 2)).body;
  const socket = await openSocket(relay, `${PATH}?last_event_id=${events[0].id}`, BOSS);
  await publish(relay, 3);
  await socket.has(2);
  expect(socket.ready).toEqual({ last_event_id: events[0].id });
  expect(socket.frames.map(({ payload, user_id, type }) => [payload, user_id, type])).toEqual([
    [2, 'ada', 'test'],
    [3, 'ada', 'test'],
  ]);
  const all = await openSocket(relay, `${PATH}?last_event_id=garbage`, BOSS);
  await all.has(4);
  expect(all.ready?.last_event_id).toMatch(/\.0{16}$/);
  expect(all.frames[0]).toEqual({
    type: 'reset',
    payload: { oldest: events[0].id, latest: socket.frames[1].id, reason: 'malformed' },
  });
  expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body).toMatchObject({ connections: 2 });
});

test('large events, of many bytes a letter, come whole and in their order', async () => {
  const relay = await startSeedRelay();
  const socket = await openSocket(relay, PATH, BOSS);
  const large = 'ä🦉'.repeat(30_000);
  await publish(relay, `1${large}`, 2, `3${large}`);
  await socket.has(3);
  expect(socket.frames.map(({ payload }) => payload)).toEqual([`1${large}`, 2, `3${large}`]);
});

test('who may open one is asked as for every request, by header or ticket, before it is a WebSocket', async () => {
  const relay = await startSeedRelay();
  const ada = { authorization: `Bearer ${await relay.tokenOf('ada')}` };
  expect(await refused(relay, '/v1/users/bob/stream/ws', ada)).toBe(403);
  expect(await refused(relay, PATH, { authorization: 'Bearer wrong-key' })).toBe(401);
  expect(await refused(relay, PATH, { authorization: 'Bearer reader' })).toBe(403);
  expect(await refused(relay, `${PATH}?ticket=none`)).toBe(401);
  expect(await refused(relay, `${PATH}?client_id=${'x'.repeat(200)}`, BOSS)).toBe(422);
  expect((await relay.ask(`GET ${PATH}`, 'boss')).status).toBe(426);
  expect((await relay.ask(`GET ${PATH}`, '')).status).toBe(401);
  await openSocket(relay, PATH, ada);
  const { ticket } = (await relay.ask('POST /v1/users/ada/stream-tickets', 'boss')).body;
  await openSocket(relay, `${PATH}?ticket=${ticket}`);
  expect(await refused(relay, `${PATH}?ticket=${ticket}`)).toBe(401);
});

test('without any of them the first frame says who it is, and nothing is heard before', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  await publish(relay, 'secret');
  const socket = await openSocket(relay, `${PATH}?last_event_id=earliest`);
  socket.say({ ack: 'n1' });
  await socket.has(1);
  expect(socket.frames).toEqual([{ type: 'error', payload: { message: 'the first frame must be {"token": …}' } }]);
  socket.say({ token: ada });
  await socket.has(2);
  expect(socket.frames[1].payload).toBe('secret');
  const wrong = await openSocket(relay, PATH);
  wrong.say({ token: 'wrong' });
  expect(await wrong.closed()).toBe(4501);
  const other = await openSocket(relay, '/v1/users/bob/stream/ws');
  other.say({ token: ada });
  expect(await other.closed()).toBe(4503);
  expect((await relay.ask('GET /v1/users/bob/presence', 'boss')).body.online).toBe(false);
});

test("a token's app is the stream's", async () => {
  const relay = await startSeedRelay({ apps: { acme: {} } });
  const token = await relay.tokenOf('ada', 'acme');
  await relay.ask('POST /v1/users/ada/events?app=acme', 'boss', { type: 'of acme' });
  await publish(relay, 'of default');
  const socket = await openSocket(relay, `${PATH}?last_event_id=earliest`);
  socket.say({ token });
  await socket.has(1);
  expect(socket.frames.map(({ type }) => type)).toEqual(['of acme']);
});

test('a token that ends ends the stream, unless another one comes in time', async () => {
  const relay = await startSeedRelay();
  await relay.ask('PUT /v1/users/ada', 'boss', {});
  const short = async () => (await relay.ask('POST /v1/users/ada/tokens', 'boss', { ttl: 2 })).body.token;
  const [ends, goesOn] = [await openSocket(relay, PATH), await openSocket(relay, PATH)];
  ends.say({ token: await short() });
  goesOn.say({ token: await short() });
  goesOn.say({ token: await relay.tokenOf('ada') });
  expect(await ends.closed()).toBe(4501);
  expect(ends.frames).toEqual([{ type: 'reauth', payload: {} }]);
  await publish(relay, 1);
  await goesOn.has(1);
  expect(goesOn.code).toBeUndefined();
});

test('what is acknowledged or seen is noted, by the id of the event or of the notification', async () => {
  const relay = await startSeedRelay();
  await relay.ask('PUT /v1/users/ada', 'boss', {});
  const socket = await openSocket(relay, PATH, BOSS);
  for (const id of ['n1', 'n2', 'n3'])
    await relay.ask('POST /v1/notifications', 'boss', {
      id,
      to: { users: ['ada'] },
      message: 'hi',
      mode: 'realtime_only',
    });
  await publish(relay, { no: 'notification' });
  await socket.has(4);
  const [first, , , other] = socket.frames;
  socket.say({ ack: first.id });
  socket.say({ seen: ['n2', 'n3'] });
  socket.say({ ack: [other.id] });
  const state = async (id: string) =>
    (await relay.ask(`GET /v1/notifications/${id}`, 'boss')).body.people[0].decisions[0].state;
  await eventually(async () =>
    expect([await state('n1'), await state('n2'), await state('n3')]).toEqual(['delivered', 'seen', 'seen']),
  );
  socket.say({ ack: 'unknown' });
  await socket.has(5);
  expect(socket.frames[4]).toEqual({
    type: 'error',
    payload: { message: 'there is no such notification in this inbox' },
  });
});

test('a frame that means nothing gets an error, and the stream stays open', async () => {
  const relay = await startSeedRelay();
  const socket = await openSocket(relay, PATH, BOSS);
  const faulty = [
    'text',
    '[]',
    '{}',
    '{"ack":1}',
    '{"ack":[]}',
    '{"ack":"a","seen":"b"}',
    '{"presence":"away"}',
    '{"nack":"x"}',
  ];
  for (const frame of faulty) socket.say(frame);
  await socket.has(faulty.length);
  expect(socket.frames.every(({ type }) => type === 'error')).toBe(true);
  await publish(relay, 1);
  await socket.has(faulty.length + 1);
  socket.say('x'.repeat(100_000));
  expect(await socket.closed()).toBe(1009);
});

test('a client that says that nobody looks is idle, and another one that looks makes the person active', async () => {
  const relay = await startSeedRelay();
  const state = async () => (await relay.ask('GET /v1/users/ada/presence', 'boss')).body.state;
  const one = await openSocket(relay, PATH, BOSS);
  one.say({ presence: 'idle' });
  await eventually(async () => expect(await state()).toBe('idle'));
  const other = await openSocket(relay, PATH, BOSS);
  await eventually(async () => expect(await state()).toBe('active'));
  other.ws.close();
  await eventually(async () => expect(await state()).toBe('idle'));
  one.say({ presence: 'active' });
  await eventually(async () => expect(await state()).toBe('active'));
});

test('at the end of the process it is sent away, and told when to come back', async () => {
  const relay = await startSeedRelay();
  const socket = await openSocket(relay, PATH, BOSS);
  await relay[Symbol.asyncDispose]();
  expect(await socket.closed()).toBe(4000);
  expect(socket.frames).toEqual([{ type: 'bye', payload: { retry_ms: expect.any(Number) } }]);
});

test('the oldest of six of one client ends, and does not come back; so does that of a person who is erased', async () => {
  const relay = await startSeedRelay();
  const tabs = [];
  for (let tab = 0; tab < 6; tab++) tabs.push(await openSocket(relay, `${PATH}?client_id=browser`, BOSS));
  expect(await tabs[0]?.closed()).toBe(4509);
  await relay.ask('DELETE /v1/users/ada', 'boss');
  expect(await tabs[5]?.closed()).toBe(4504);
});

test('a request for another protocol elsewhere is a request like any other', async () => {
  const relay = await startSeedRelay();
  const response = await fetch(`${relay.url}/healthz`, { headers: { connection: 'keep-alive' } });
  expect(response.status).toBe(200);
  expect(await refused(relay, '/healthz')).toBe(200);
  expect(await refused(relay, '/v1/users/ada/stream', {})).toBe(401);
});

test('what is no handshake of a WebSocket gets an answer like any other, and the connection ends', async () => {
  const relay = await startSeedRelay();
  const { port } = new URL(relay.url);
  const ask = async (lines: readonly string[]): Promise<string> => {
    const socket = connect(Number(port), '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
    });
    socket.write(
      `GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer boss\r\n${lines.join('\r\n')}\r\n\r\n`,
    );
    return text(socket);
  };
  const asked = ['Connection: Upgrade', 'Upgrade: websocket'];
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  expect(await ask([...asked, 'Sec-WebSocket-Version: 8', key])).toMatch(
    /^HTTP\/1.1 426 .*\r\nSec-WebSocket-Version: 13\r\n/s,
  );
  expect(await ask([...asked, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: short'])).toMatch(
    /^HTTP\/1.1 400 .*Sec-WebSocket-Key/s,
  );
  expect(await ask(['Connection: Upgrade, close', 'Upgrade: h2c'])).toMatch(
    /^HTTP\/1.1 426 .*\r\nUpgrade: websocket\r\n/s,
  );
});

test('one that is asked for behind a request whose answer waits ends the connection, and nothing else', async () => {
  const relay = await startSeedRelay();
  const { port } = new URL(relay.url);
  const socket = connect(Number(port), '127.0.0.1');
  const head = `HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer boss\r\n`;
  socket.write(
    `GET /v1/users/ada/stream/events?wait=30 ${head}\r\nGET ${PATH} ${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  expect(await text(socket)).toBe('');
  expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).status).toBe(200);
});

test('pages of other origins open none, unless they are named; what sends no origin is no page', async () => {
  const relay = await startSeedRelay({ hub: { cors_origins: ['https://app.example.com'] } });
  const { ticket } = (await relay.ask('POST /v1/users/ada/stream-tickets', 'boss')).body;
  expect(await refused(relay, PATH, { origin: 'https://evil.example' })).toBe(403);
  expect(await refused(relay, PATH, { ...BOSS, origin: 'null' })).toBe(403);
  await openSocket(relay, `${PATH}?ticket=${ticket}`, { origin: 'https://app.example.com' });
  await openSocket(relay, PATH, { ...BOSS, origin: relay.url });
});

test('a client that answers no ping is taken for gone after two', async () => {
  const relay = await startSeedRelay({ hub: { streams: { heartbeat: 1 } } });
  const [silent, other] = [
    await openSocket(relay, PATH, BOSS, { autoPong: false }),
    await openSocket(relay, PATH, BOSS),
  ];
  let pings = 0;
  silent.ws.on('ping', () => {
    pings++;
  });
  expect(await silent.closed()).toBe(1006);
  expect(pings).toBe(2);
  expect(other.code).toBeUndefined();
});

test('a client that makes the server write and reads nothing is cut off, whether it sends pings or nonsense', async () => {
  const relay = await startSeedRelay({ hub: { streams: { buffer: 65_536 } } });
  for (const [headers, flood] of [
    [BOSS, (ws: WebSocket) => ws.ping('x'.repeat(125))],
    [{}, (ws: WebSocket) => ws.send('{"nonsense":true}')],
  ] as const) {
    const { ws } = await openSocket(relay, PATH, headers);
    let isOver = false;
    ws.on('error', () => {});
    ws.once('close', () => {
      isOver = true;
    });
    ws.pause();
    const { _socket: socket } = ws as unknown as { _socket: Socket };
    socket.on('error', () => {});
    socket.once('close', () => {
      isOver = true;
    });
    await eventually(() => {
      for (let each = 0; each < 2000 && !isOver && socket.writableLength < 1_000_000; each++) flood(ws);
      if (!isOver) throw new Error('it is open');
    });
  }
});

test('more frames than are done at once wait with their client, and none is lost', async () => {
  const relay = await startSeedRelay();
  const socket = await openSocket(relay, PATH, BOSS);
  for (let each = 0; each < 1000; each++) socket.say({ ack: `unknown-${each}` });
  await socket.has(1000);
  expect(new Set(socket.frames.map(({ payload }) => payload.message)).size).toBe(1);
});

test('an app has no more streams than it may, and the others have theirs', async () => {
  const relay = await startSeedRelay({ apps: { acme: {} }, hub: { streams: { per_app: 1 } } });
  const one = await openSocket(relay, `${PATH}?app=acme`, BOSS);
  expect(await refused(relay, `${PATH}?app=acme`, BOSS)).toBe(503);
  expect((await relay.ask('GET /v1/users/bob/stream?app=acme', 'boss')).status).toBe(503);
  expect((await relay.ask('GET /v1/users/bob/stream/events?wait=0&app=acme', 'boss')).status).toBe(503);
  await openSocket(relay, PATH, BOSS);
  one.ws.terminate();
  await eventually(async () => {
    expect((await relay.ask('GET /v1/users/bob/stream/events?wait=0&app=acme', 'boss')).status).toBe(200);
  });
});

test('clients that have not said who they are have little room, and are sent away at the end of the process', async () => {
  const relay = await startSeedRelay();
  const stranger = await openSocket(relay, PATH);
  await relay[Symbol.asyncDispose]();
  expect(await stranger.closed()).toBe(4000);
});
