import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { startHook } from '../feedback/hook-server.ts';
import { brokers } from '../queue/broker/real-brokers.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

const WATCH = ['--import', fileURLToPath(new URL('../support/watched-emitters.ts', import.meta.url))];

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

/** Everything that talks: callers in the middle of a request and idle ones, providers, hooks, the console, what the queue needs. */
async function busyRelay(overlay: { core?: object; [section: string]: unknown }): Promise<RunningRelay> {
  const hook = await startHook();
  const adminPort = await freePort();
  const relay = await startRelay(
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

async function use(relay: RunningRelay): Promise<void> {
  const before = relay.sandbox.delivered();
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
  await until(() => relay.sandbox.delivered() > before, 'pushes reach the providers');
}

async function provesItself(relay: RunningRelay): Promise<void> {
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
