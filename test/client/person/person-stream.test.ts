import { expect, onTestFinished, test } from 'vitest';
import { createPersonClient, type StreamOptions } from '../../../src/client/person/create-person-client.ts';
import type { HeldStream, Tabs } from '../../../src/client/person/one-tab.ts';
import { eventually } from '../../support/eventually.ts';
import { begin, events, idOf, type StreamServer, sendEvents, sendNotice, streamServer } from './stream-server.ts';

interface Watched {
  readonly stream: HeldStream;
  readonly ids: string[];
  readonly told: string[];
}

interface Watching extends Partial<StreamOptions> {
  readonly token?: (isStale: boolean) => Promise<string | undefined>;
  readonly tabs?: Tabs | null;
}

function watch({ url }: StreamServer, { token = async () => 't1', tabs = null, ...options }: Watching = {}): Watched {
  const ids: string[] = [];
  const told: string[] = [];
  const client = createPersonClient({ url, user: 'ada', token, tabs });
  const stream = client.stream({
    onEvent: ({ id }) => ids.push(id),
    onGap: ({ reason }) => told.push(`gap ${reason}`),
    onState: (state) => told.push(state.kind === 'refused' ? `refused ${state.error.kind}` : state.kind),
    ...options,
  });
  onTestFinished(() => stream.close());
  return { stream, ids, told };
}

const numbers = (...offsets: number[]): string[] => offsets.map((offset) => idOf(offset));

test('events come in their order, with the token, from now on', async () => {
  const server = await streamServer(events(1, 3));
  const { ids } = watch(server);
  await eventually(() => expect(ids).toEqual(numbers(1, 2, 3)));
  expect(server.asked).toEqual([{ after: undefined, token: 't1' }]);
});

test('a connection that breaks is made again, from the last event on; what comes twice is delivered once', async () => {
  const server = await streamServer(
    (res) => {
      events(1, 2)(res, res.req);
      setImmediate(() => res.destroy());
    },
    events(2, 4),
  );
  const { ids } = watch(server);
  await eventually(() => expect(ids).toEqual(numbers(1, 2, 3, 4)));
  expect(server.asked[1]?.after).toBe(idOf(2));
});

test('one that breaks before its first event goes on from where it stood', async () => {
  const server = await streamServer(
    (res) => {
      begin(res, idOf(41));
      setImmediate(() => res.destroy());
    },
    events(42, 42),
  );
  const { ids } = watch(server);
  await eventually(() => expect(ids).toEqual([idOf(42)]));
  expect(server.asked[1]?.after).toBe(idOf(41));
});

test('after a gap everything that is kept comes, whatever its ids are', async () => {
  const server = await streamServer((res) => {
    begin(res, idOf(4));
    sendNotice(res, 'reset', { reason: 'future', oldest: idOf(5), latest: idOf(6) });
    sendEvents(res, idOf(5), idOf(6));
  });
  const { ids, told } = watch(server, { after: idOf(9) });
  await eventually(() => expect(ids).toEqual(numbers(5, 6)));
  expect(told).toContain('gap future');
  expect(server.asked[0]?.after).toBe(idOf(9));
});

test('a server that is about to end says when to come again', async () => {
  const server = await streamServer(
    (res) => {
      begin(res);
      sendNotice(res, 'bye', { retry_ms: 20 });
      res.end();
    },
    events(1, 1),
  );
  const { ids, told } = watch(server);
  await eventually(() => expect(ids).toEqual(numbers(1)));
  expect(told).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
});

test('a token that ends is replaced without a pause; one that is refused is asked for again', async () => {
  const tokens: boolean[] = [];
  const server = await streamServer(
    (res) => {
      begin(res);
      sendNotice(res, 'reauth', {});
      res.end();
    },
    (res) => res.writeHead(401).end('{"message":"no"}'),
    events(1, 1),
  );
  const token = async (isStale: boolean) => {
    tokens.push(isStale);
    return `t${tokens.length}`;
  };
  const { ids } = watch(server, { token });
  await eventually(() => expect(ids).toEqual(numbers(1)));
  expect(server.asked.map((each) => each.token)).toEqual(['t1', 't2', 't3']);
  expect(tokens).toEqual([false, true, true]);
});

test('a stream that is refused again and again ends with the reason', async () => {
  const server = await streamServer((res) => res.writeHead(403).end('{"code":403,"message":"not yours"}'));
  const { told } = watch(server);
  await eventually(() => expect(told.at(-1)).toBe('refused unauthorized'));
  expect(server.asked).toHaveLength(3);
});

test('a token that cannot be had now is asked for again', async () => {
  let asked = 0;
  const server = await streamServer(events(1, 1));
  const token = async () => {
    if (asked++ === 0) throw new Error('offline');
    return 't';
  };
  const { ids } = watch(server, { token });
  await eventually(() => expect(ids).toEqual(numbers(1)));
});

test('a connection on which nothing comes any more is given up', async () => {
  const server = await streamServer((res) => begin(res), events(1, 1));
  const { ids } = watch(server, { silenceMs: 200 });
  await eventually(() => expect(ids).toEqual(numbers(1)));
});

test('a server that is full says when; nothing is delivered once it is closed', async () => {
  const server = await streamServer((res) => res.writeHead(503, { 'retry-after': '0' }).end(), events(1, 1));
  const { stream, ids, told } = watch(server);
  await eventually(() => expect(ids).toEqual(numbers(1)));
  await stream.close();
  expect(told.at(-1)).toBe('closed');
});

test('of several tabs one is connected and all hear it; when it closes the next goes on, and no event is missing or twice', async () => {
  const server = await streamServer(
    (res) => {
      events(1, 2)(res, res.req);
    },
    (res) => {
      begin(res, idOf(2));
      sendEvents(res, idOf(3));
    },
  );
  const tabs: Tabs = {
    locks: { request: (...call) => navigator.locks.request(...call) },
    channel: (name) => new BroadcastChannel(name) as unknown as ReturnType<Tabs['channel']>,
  };
  const second: Watched[] = [];
  const first = watch(server, {
    tabs,
    onState: (state) => {
      if (state.kind === 'connecting' && second.length === 0) second.push(watch(server, { tabs }));
    },
  });
  await eventually(() => expect(first.ids).toEqual(numbers(1, 2)));
  await eventually(() => expect(second[0]?.stream.position).toBe(idOf(2)));
  expect(server.asked).toHaveLength(1);
  await first.stream.close();
  await eventually(() => expect(second[0]?.ids.at(-1)).toBe(idOf(3)));
  expect(new Set(second[0]?.ids).size).toBe(second[0]?.ids.length);
  expect(server.asked[1]?.after).toBe(idOf(2));
  expect(first.ids).toEqual(numbers(1, 2));
});
