import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSigner } from '../../../src/kit/http/webhook-signature.ts';
import { nestedRouter } from '../../../src/streams/router/nested-router.ts';
import { PostRouter, type PostRouterOptions } from '../../../src/streams/router/post-router.ts';
import { SeenCalls } from '../../../src/streams/router/seen-calls.ts';
import type { StreamRouter, WakeUp } from '../../../src/streams/router/stream-router.ts';
import { awaiting } from '../../support/awaiting.ts';
import { eventually } from '../../support/eventually.ts';

const secretOf = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const [SECRET, OLD] = [secretOf(), secretOf()];

function routerOf(peers: readonly string[], more: Partial<PostRouterOptions> = {}) {
  const dispatcher = new Agent();
  const told: string[] = [];
  const heard: WakeUp[] = [];
  const router = new PostRouter({
    ...{ peers, secrets: [SECRET], dispatcher },
    tell: (level, message) => void told.push(`${level} ${message}`),
    ...more,
  });
  router.listen((wakeUps) => heard.push(...wakeUps));
  onTestFinished(async () => {
    await router.close();
    await dispatcher.destroy();
  });
  return { router, told, heard };
}

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly body: string;
}

/** An instance that answers as it is told; `undefined`: not at all. */
async function peerOf(status: () => number | undefined = () => 204) {
  const calls: Call[] = [];
  const server = createServer(
    awaiting(async (req, res) => {
      calls.push({ headers: req.headers, url: String(req.url), body: await text(req) });
      const code = status();
      if (code !== undefined) res.writeHead(code).end();
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

const messageOf = (users: readonly string[], from = 'other'): string =>
  JSON.stringify({ from, wakeUps: users.map((user) => ({ user })) });

describe('calls between instances', () => {
  test('are signed with every secret, and go below the address of each', async () => {
    const peer = await peerOf();
    const { router } = routerOf([`${peer.url}/push/`], { secrets: [SECRET, OLD] });
    const receivers = [routerOf([]), routerOf([], { secrets: [OLD] }), routerOf([], { secrets: [secretOf()] })];
    router.send([{ user: 'ada' }]);
    await eventually(() => expect(peer.calls).toHaveLength(1));
    const { url, headers, body } = peer.calls[0] as Call;
    expect(url).toBe('/push/v1/streams/wake-ups');
    expect(receivers.map((each) => each.router.receive(headers, body))).toEqual(['heard', 'heard', 'unsigned']);
    expect(receivers.map(({ heard }) => heard)).toEqual([[{ user: 'ada' }], [{ user: 'ada' }], []]);
  });

  test('that come again are answered and heard once; of another time they are refused', () => {
    let now = 1_800_000_000_000;
    const { router, heard } = routerOf([], { now: () => now });
    const body = messageOf(['ada']);
    const headers = createSigner([SECRET])('one', body, now);
    expect([router.receive(headers, body), router.receive(headers, body)]).toEqual(['heard', 'heard']);
    expect(heard).toEqual([{ user: 'ada' }]);
    now += 300_000;
    expect([router.receive(headers, body), heard.length]).toEqual(['heard', 1]);
    now += 1001;
    expect([router.receive(headers, body), heard.length]).toEqual(['unsigned', 1]);
    const early = createSigner([SECRET])('two', body, now + 302_000);
    expect([router.receive(early, body), heard.length]).toEqual(['unsigned', 1]);
  });

  test('that are not signed, changed, or no message are not heard', () => {
    const { router, heard } = routerOf([]);
    const body = messageOf(['ada']);
    const headers = createSigner([SECRET])('one', body, Date.now());
    expect(router.receive({}, body)).toBe('unsigned');
    expect(router.receive(headers, messageOf(['bob']))).toBe('unsigned');
    expect(router.receive(createSigner([secretOf()])('two', body, Date.now()), body)).toBe('unsigned');
    expect(router.receive(createSigner([SECRET])('three', '[]', Date.now()), '[]')).toBe('malformed');
    expect(heard).toEqual([]);
  });

  test('to itself, where one list is for all, are not heard', async () => {
    const peer = await peerOf();
    const { router, heard } = routerOf([peer.url]);
    router.send([{ user: 'ada' }]);
    await eventually(() => expect(peer.calls).toHaveLength(1));
    const { headers, body } = peer.calls[0] as Call;
    expect([router.receive(headers, body), heard]).toEqual(['heard', []]);
  });

  test('to a peer that does not answer hold up no other, and are few and small', async () => {
    const [dead, alive] = [await peerOf(() => undefined), await peerOf()];
    const { router } = routerOf([dead.url, alive.url], { timeoutMs: 600_000 });
    const event = { id: 'e.1', type: 't', payload: '"x"', timestamp: '2026-05-08T10:00:00Z' };
    for (let round = 0; round < 200; round++) {
      router.send([{ user: `p${round}`, event }]);
      const users = () => alive.calls.flatMap(({ body }) => JSON.parse(body).wakeUps.map(({ user }: WakeUp) => user));
      await eventually(() => expect(users()).toContain(`p${round}`));
    }
    expect(dead.calls.length).toBeLessThanOrEqual(4);
  });

  test('to a peer that refuses them become rare, which is said once, as is that it takes them again', async () => {
    let status = 401;
    const peer = await peerOf(() => status);
    const { router, told } = routerOf([peer.url]);
    await eventually(() => {
      router.send([{ user: 'ada' }]);
      expect(told).toHaveLength(1);
    });
    expect(told[0]).toMatch(/^warn streams: http:\/\/127.0.0.1:\d+ does not take news \(HTTP 401\)/);
    const before = peer.calls.length;
    for (let round = 0; round < 100; round++) {
      router.send([{ user: 'ada' }]);
      await new Promise(setImmediate);
    }
    expect(peer.calls.length - before).toBeLessThanOrEqual(5);
    status = 204;
    await eventually(() => {
      router.send([{ user: 'ada' }]);
      expect(told).toHaveLength(2);
    });
    expect(told[1]).toMatch(/^info .* hears of news again$/);
  });
});

test('calls are remembered for their time, and no longer', () => {
  const seen = new SeenCalls(1000);
  expect([seen.isNew('a', 0), seen.isNew('a', 1000), seen.isNew('b', 500)]).toEqual([true, false, true]);
  expect([seen.isNew('a', 1001), seen.isNew('b', 1400)]).toEqual([true, false]);
});

test('what comes from another instance goes on to the workers here, and what comes from a worker does not go out', () => {
  const recorded = () => {
    const sent: WakeUp[] = [];
    let hear: (wakeUps: readonly WakeUp[]) => void = () => {};
    const router: StreamRouter = {
      send: (wakeUps) => void sent.push(...wakeUps),
      listen: (listener) => {
        hear = listener;
      },
      async close() {},
    };
    return { router, sent, hear: (user: string) => hear([{ user }]) };
  };
  const [workers, instances] = [recorded(), recorded()];
  const heard: string[] = [];
  const router = nestedRouter(workers.router, instances.router);
  router.listen((wakeUps) => heard.push(...wakeUps.map(({ user }) => user)));
  router.send([{ user: 'here' }]);
  instances.hear('elsewhere');
  workers.hear('beside');
  expect(heard).toEqual(['elsewhere', 'beside']);
  expect(workers.sent.map(({ user }) => user)).toEqual(['here', 'elsewhere']);
  expect(instances.sent.map(({ user }) => user)).toEqual(['here']);
});
