import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { makeAuthority } from '../../../../src/sandbox/certificates.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSeedRelay } from '../seed-relay.ts';

const BOSS = { authorization: 'Bearer boss' };
const PATH = '/v1/users/ada/stream';

interface Asked {
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  text: string;
  isOver: boolean;
  close(): void;
}

async function opened(streams: object = {}) {
  const { cert, key } = makeAuthority().leaf(['localhost', '127.0.0.1']);
  const [cert_base64, key_base64] = [cert, key].map((pem) => Buffer.from(pem).toString('base64'));
  const relay = await startSeedRelay({
    core: { ssl: true, cert_base64, key_base64, sync_timeout: 20 },
    hub: { streams, cors_origins: ['https://app.example.com'] },
  });
  const session = connect(relay.url, { rejectUnauthorized: false });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return { relay, session };
}

async function ask(session: ClientHttp2Session, path: string, headers: object = {}, body?: unknown): Promise<Asked> {
  const method = body === undefined ? 'GET' : 'POST';
  const stream = session.request({ ':method': method, ':path': path, ...BOSS, ...headers });
  const asked: Asked = { headers: {}, text: '', isOver: false, close: () => stream.close() };
  stream.setEncoding('utf8').on('data', (chunk) => {
    asked.text += chunk;
  });
  stream
    .on('error', () => {})
    .once('close', () => {
      asked.isOver = true;
    });
  stream.end(body === undefined ? undefined : JSON.stringify(body));
  [asked.headers] = await once(stream, 'response');
  return asked;
}

/** The whole answer, of one that ends. */
async function told(session: ClientHttp2Session, path: string) {
  const asked = await ask(session, path);
  await eventually(() => expect(asked.isOver).toBe(true));
  return { status: asked.headers[':status'], body: JSON.parse(asked.text) };
}

const publish = (session: ClientHttp2Session, payload: unknown) =>
  ask(session, '/v1/users/ada/events', { 'content-type': 'application/json' }, { type: 'test', payload });
const payloads = ({ text }: Asked): unknown[] =>
  text
    .slice(0, text.lastIndexOf('\n\n'))
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith('data: ')) return [];
      const event = JSON.parse(line.slice(6));
      return 'id' in event ? [event.payload] : [];
    });

test('many streams share a connection over HTTP/2, live, and each goes on from its last id', async () => {
  const { session } = await opened();
  const streams = await Promise.all(
    Array.from({ length: 50 }, () => ask(session, PATH, { origin: 'https://app.example.com' })),
  );
  const [first] = streams as [Asked];
  expect(first.headers).toMatchObject({
    ':status': 200,
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'access-control-allow-origin': 'https://app.example.com',
  });
  for (const payload of [1, 'ä\u0000\r\n\u2028', 'x'.repeat(200_000)]) await publish(session, payload);
  for (const each of streams) await eventually(() => expect(payloads(each)).toHaveLength(3));
  const [, id] = /^id: (.*)\nevent/m.exec(first.text) as unknown as [string, string];
  first.close();
  const again = await ask(session, PATH, { 'last-event-id': id });
  await eventually(() => expect(payloads(again)).toHaveLength(2));
  expect((await ask(session, '/v1/users/ada/presence')).headers[':status']).toBe(200);
});

test('a poll over HTTP/2 waits for what comes, and one that is given up is over', async () => {
  const { session } = await opened({ max: 1 });
  const given = session.request({ ':path': `${PATH}/events?wait=60`, ...BOSS });
  given.on('error', () => {});
  await eventually(async () => expect((await ask(session, PATH)).headers[':status']).toBe(503));
  given.close();
  const poll = await eventually(async () => {
    const waiting = ask(session, `${PATH}/events?wait=60`);
    await publish(session, 1);
    const answer = await waiting;
    if (answer.headers[':status'] !== 200) throw new Error('the place is taken');
    return answer;
  });
  await eventually(() => expect(JSON.parse(poll.text).events).toHaveLength(1));
});

test('a client that stops reading one stream loses it, and the others on its connection go on', async () => {
  const { session } = await opened();
  const stalled = session.request({ ':path': PATH, ...BOSS });
  stalled.on('error', () => {});
  await once(stalled, 'response');
  const other = await ask(session, PATH);
  for (let each = 0; each < 10; each++) await publish(session, 'x'.repeat(200_000));
  await eventually(() => expect(payloads(other)).toHaveLength(10));
  await eventually(async () =>
    expect((await told(session, '/v1/users/ada/presence')).body).toMatchObject({ connections: 1 }),
  );
  expect(other.isOver).toBe(false);
});

test('WebSockets are not offered over HTTP/2, which is said; over HTTP/1.1 on the same port they are', async () => {
  const { relay, session } = await opened();
  await eventually(() => expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false));
  expect(await told(session, `${PATH}/ws`)).toMatchObject({
    status: 426,
    body: { message: expect.stringContaining('over HTTP/1.1') },
  });
  const ws = new WebSocket(`${relay.url.replace('https', 'wss')}${PATH}/ws`, {
    headers: BOSS,
    rejectUnauthorized: false,
  });
  onTestFinished(() => ws.terminate());
  const frames: string[] = [];
  ws.on('message', (data) => frames.push(String(data)));
  await once(ws, 'open');
  await publish(session, 'over TLS');
  await eventually(() => expect(frames.some((frame) => frame.includes('over TLS'))).toBe(true));
});

test('at the end of the process streams over HTTP/2 are told, and end', async () => {
  const { relay, session } = await opened();
  const streams = await Promise.all(Array.from({ length: 5 }, () => ask(session, PATH)));
  const poll = ask(session, `${PATH}/events?wait=60`);
  await eventually(async () =>
    expect((await told(session, '/v1/users/ada/presence')).body).toMatchObject({ online: true, connections: 5 }),
  );
  await relay[Symbol.asyncDispose]();
  for (const each of streams) await eventually(() => expect(each.isOver).toBe(true));
  expect(streams.every(({ text }) => /event: bye\ndata: \{"retry_ms":\d+\}\n\n$/.test(text))).toBe(true);
  expect((await poll).headers[':status']).toBe(200);
});
