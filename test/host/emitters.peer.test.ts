import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { startHook } from '../feedback/hook-server.ts';
import { brokers } from '../queue/broker/real-brokers.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const WATCH = ['--import', fileURLToPath(new URL('../support/watched-emitters.ts', import.meta.url))];

/** Takes whatever certificate the relay has. */
const trusting = new Agent({ connect: { rejectUnauthorized: false } });
afterAll(() => trusting.destroy());

interface Found {
  /** Emitters without a listener for `error`, and where they were made. */
  readonly silent: readonly string[];
  readonly kinds: readonly string[];
  /** Errors that reached the process. */
  readonly uncaught: readonly string[];
}

async function ask(relay: RunningRelay, what: 'look' | 'hurt'): Promise<Found> {
  relay.child.send(what);
  const [found] = await once(relay.child, 'message');
  return found as Found;
}

interface BusyRelay extends RunningRelay {
  /** Of the port with the counters. */
  readonly adminPort: number;
}

/** Everything that talks: callers in the middle of a request and idle ones, providers, hooks, the console, what the queue needs. */
async function busyRelay(overlay: { core?: object; [section: string]: unknown }): Promise<BusyRelay> {
  const hook = await startHook();
  const adminPort = await freePort();
  const started = await startRelay(
    {
      grpc: { enabled: true, port: String(await freePort()) },
      apps: { shop: { webhook: { url: `${hook.origin}/shop`, allow_private: true } } },
      ...overlay,
      core: {
        feedback_hook_url: `${hook.origin}/failed`,
        admin_address: `127.0.0.1:${adminPort}`,
        ...overlay.core,
      },
    },
    {},
    undefined,
    { nodeArgs: WATCH },
  );
  const relay = Object.assign(started, { adminPort });
  onTestFinished(async () => {
    await relay[Symbol.asyncDispose]();
    await hook.close();
  });
  const port = Number(new URL(relay.url).port);
  for (const half of ['', 'GET / HTTP/1.1\r\n', 'POST /api/push HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{']) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(half);
  }
  await use(relay);
  return relay;
}

/** As its counters have it: they are on the other port. */
async function delivered({ url, adminPort }: BusyRelay): Promise<number> {
  const at = new URL('/api/stat/app', url);
  at.port = String(adminPort);
  const counted = await request(at, { dispatcher: trusting })
    .then(({ body }) => body.json())
    .catch(() => undefined);
  return (counted as { ios: { push_success: number } } | undefined)?.ios.push_success ?? 0;
}

async function use(relay: BusyRelay): Promise<void> {
  const before = await delivered(relay);
  const push = (notification: object) => relay.push(notification).catch(() => ({ status: 0 }));
  await until(async () => {
    const done = await Promise.all([
      push({ platform: 1, topic: 'com.example.app', tokens: ['a1'.repeat(32)], message: 'x' }),
      push({ platform: 2, tokens: ['token'], message: 'x' }),
      push({ platform: 3, tokens: ['token'], message: 'x' }),
      push({ platform: 98, tokens: ['fails'], message: 'x' }),
      push({ platform: 1, app: 'shop', topic: 'com.example.app', tokens: ['fails'], message: 'x' }),
    ]);
    return done.every(({ status }) => status === 200);
  });
  await until(async () => (await delivered(relay)) > before, 'pushes reach the providers');
}

async function provesItself(relay: BusyRelay): Promise<void> {
  const looked = await ask(relay, 'look');
  expect(looked.silent).toEqual([]);
  expect(looked.kinds).toEqual(expect.arrayContaining(['Server', 'Socket', 'TLSSocket']));
  for (let round = 0; round < 3; round++) {
    const hurt = await ask(relay, 'hurt');
    expect(hurt.uncaught).toEqual([]);
  }
  await use(relay);
  expect((await ask(relay, 'look')).uncaught).toEqual([]);
  expect(relay.child.exitCode).toBeNull();
}

test('every connection, stream and server of a relay has a listener for its errors, and none of them ends it', async () => {
  await provesItself(await busyRelay({}));
});

test('the same with TLS, where callers speak HTTP/1.1, HTTP/2, plain HTTP, and what is neither', async () => {
  const { cert, key } = makeAuthority().leaf(['localhost']);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const relay = await busyRelay({ core: { ssl: true, cert_base64: base64(cert), key_base64: base64(key) } });
  const port = Number(new URL(relay.url).port);
  const session = connectHttp2(relay.url, { rejectUnauthorized: false }).on('error', () => {});
  const unfinished = session.request({ ':method': 'POST', ':path': '/api/push' }).on('error', () => {});
  unfinished.write('{');
  const mute = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  mute.on('error', () => {}).write('neither');
  onTestFinished(() => {
    session.destroy();
    mute.destroy();
  });
  await once(session, 'remoteSettings');
  await provesItself(relay);
});

for (const engine of Object.values(brokers)) {
  test(`the same with its queue at ${engine.name}`, needs(engine.program), async () => {
    const broker = await engine.start();
    onTestFinished(() => broker.end());
    const redis = engine.name === 'redis' ? { stat: { engine: 'redis', redis: { addr: broker.addr } } } : {};
    const queue = { engine: engine.name, [engine.name]: engine.settings(broker, 'gorush', 30) };
    await provesItself(await busyRelay({ queue, ...redis }));
  });
}

/** A stream as server-sent events, one as a WebSocket, a poll that waits, an export that no one reads, and a stranger's WebSocket. */
async function live(relay: RunningRelay): Promise<void> {
  const ada = `${relay.url}/v1/users/ada`;
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  const { signal } = gone;
  const sse = await fetch(`${ada}/stream`, { signal });
  expect(sse.status).toBe(200);
  sse.text().catch(() => {});
  fetch(`${ada}/stream/events?wait=60`, { signal })
    .then((polled) => polled.text())
    .catch(() => {});
  const socket = new WebSocket(`${ada.replace('http', 'ws')}/stream/ws`);
  onTestFinished(() => socket.close());
  socket.addEventListener('error', () => {});
  await once(socket, 'open');
  const unread = connect(Number(new URL(relay.url).port), '127.0.0.1').on('error', () => {});
  onTestFinished(() => void unread.destroy());
  unread.pause().write('GET /v1/users/ada/export HTTP/1.1\r\nHost: a\r\n\r\n');
}

/** People are sent to by every channel, and what they are sent is seen in their streams. */
async function useHub(relay: RunningRelay): Promise<void> {
  const send = (method: string, path: string, body: object) =>
    fetch(relay.url + path, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }).then(
      ({ status }) => status,
      () => 0,
    );
  const consent = { email: true, sms: true, slack: true };
  const addresses = { email: 'ada@example.com', phone: '+4915112345678', slack: 'C0123456789' };
  const isDone = async (): Promise<boolean> => {
    const statuses = [
      await send('PUT', '/v1/users/ada', { name: 'Ada', ...addresses, consent }),
      await send('PUT', '/v1/devices/phone', { user: 'ada', platform: 'ios', token: 'a1'.repeat(32) }),
      await send('POST', '/v1/users/ada/events', { type: 'test', payload: 'x'.repeat(100_000) }),
      await send('POST', '/v1/notifications', {
        ...{ title: 'x', to: { users: ['ada'] }, priority: 'critical' },
        channels: ['realtime', 'push', 'email', 'sms', 'slack'],
      }),
    ];
    return statuses.every((status) => status >= 200 && status < 300);
  };
  await until(isDone, 'the hub takes what it is asked');
  await live(relay);
}

const hubs = [
  ['in SQLite', [], async () => ({})],
  ['in PostgreSQL, with streams in Redis', ['psql', 'redis-server'], beside],
] as const;

/** Where the hub keeps what it has, elsewhere. */
async function beside() {
  const [postgres, redis] = [await startPostgres(), await brokers.redis.start()];
  onTestFinished(async () => {
    await postgres.end();
    await redis.end();
  });
  return {
    postgres: await postgres.database(),
    redis: `redis://${redis.addr}/0`,
    streams: { store: 'redis', presence: 'redis', router: 'redis' },
  };
}

for (const [place, lacks, where] of hubs)
  test(`the same with the hub ${place}: streams, sinks and every channel`, needs(...lacks), async () => {
    const hook = await startHook();
    onTestFinished(() => hook.close());
    const sinks = { all: { url: `${hook.origin}/sink`, allow_private: true } };
    const relay = await busyRelay({
      sandbox: { enabled: true },
      hub: { enabled: true, path: 'hub.db', sinks, ...(await where()) },
    });
    await useHub(relay);
    expect((await ask(relay, 'look')).silent).toEqual([]);
    await provesItself(relay);
    await useHub(relay);
    expect((await ask(relay, 'look')).uncaught).toEqual([]);
  });
