import { expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { type SeedRelay, startSeedRelay } from '../seed-relay.ts';
import { openSse } from './sse-client.ts';

const BOSS = { authorization: 'Bearer boss' };

async function opened(streams: object = {}, overlay: { [section: string]: object } = {}) {
  const relay = await startSeedRelay({ hub: { streams }, ...overlay });
  return {
    ...relay,
    stream: (user: string, query = '', headers: Readonly<Record<string, string>> = BOSS) =>
      openSse(`${relay.url}/v1/users/${encodeURIComponent(user)}/stream${query}`, headers),
    publish: async (user: string, ...payloads: unknown[]) =>
      (
        await relay.ask(
          `POST /v1/users/${encodeURIComponent(user)}/events`,
          'boss',
          payloads.map((payload) => ({ type: 'test', payload })),
        )
      ).body.events as { id: string }[],
    person: async (user: string) => ({ authorization: `Bearer ${await relay.tokenOf(user)}` }),
  };
}

const ticketOf = async ({ ask }: Pick<SeedRelay, 'ask'>, user: string, key = 'boss'): Promise<string> =>
  (await ask(`POST /v1/users/${user}/stream-tickets`, key)).body.ticket;

test('a stream says at once that it is there, how to come back, and from where it goes on', async () => {
  const relay = await opened();
  const client = await relay.stream('ada');
  const { status, headers } = client.response;
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/event-stream');
  expect(headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(headers.get('x-accel-buffering')).toBe('no');
  expect(headers.get('content-encoding')).toBe(null);
  expect(headers.get('martlet-last-event-id')).toMatch(/^[0-9a-z]{1,20}\.0{16}$/);
  // The id alone, without data, is where a browser goes on that has had no event yet.
  await eventually(() => expect(client.text).toBe(`retry: 3000\nid: ${headers.get('martlet-last-event-id')}\n:\n\n`));
});

test('what is published comes as one line of JSON, under its type, in the order of ids', async () => {
  const relay = await opened();
  const client = await relay.stream('ada');
  const payload = { text: 'ä🦉\u0000\r\n\u2028', long: 'xä🦉'.repeat(30_000) };
  const answer = await relay.ask('POST /v1/users/ada/events', 'boss', {
    ...{ type: 'mailbox.message.received', payload, timestamp: '2026-05-08T10:00:00.123456789Z' },
  });
  expect(answer.status).toBe(201);
  await client.has(1);
  const [{ id, event, data = '' } = {}] = client.events;
  expect(event).toBe('mailbox.message.received');
  expect(data).not.toContain('\n');
  expect(JSON.parse(data)).toEqual({
    ...{ id, type: event, user_id: 'ada', payload, timestamp: '2026-05-08T10:00:00.123456789Z' },
  });
  expect(answer.body).toEqual({ id, type: event, user_id: 'ada', timestamp: '2026-05-08T10:00:00.123456789Z' });
  await relay.publish('ada', 1, 2, 3);
  await client.has(4);
  expect(client.ids).toEqual(client.ids.toSorted());
  expect(client.payloads.slice(1)).toEqual([1, 2, 3]);
});

test('data=payload has the payload alone, event=message has it for onmessage', async () => {
  const relay = await opened();
  const client = await relay.stream('ada', '?data=payload&event=message');
  await relay.publish('ada', { a: 1 }, 'text', null);
  await client.has(3);
  expect(client.events.map(({ event, data }) => [event, data])).toEqual([
    [undefined, '{"a":1}'],
    [undefined, '"text"'],
    [undefined, 'null'],
  ]);
});

test('who comes back with the last id has all that came after it, by header or query, and the header counts', async () => {
  const relay = await opened();
  const [first, second] = await relay.publish('ada', 1, 2, 3, 4);
  const byHeader = await relay.stream('ada', `?last_event_id=${second?.id}`, {
    ...BOSS,
    'Last-Event-ID': `${first?.id}`,
  });
  const byQuery = await relay.stream('ada', `?last_event_id=${second?.id}`);
  const all = await relay.stream('ada', '', { ...BOSS, 'Last-Event-ID': 'earliest' });
  const fromNow = await relay.stream('ada', '', { ...BOSS, 'Last-Event-ID': '' });
  await relay.publish('ada', 5);
  await Promise.all([byHeader.has(4), byQuery.has(3), all.has(5), fromNow.has(1)]);
  expect(byHeader.payloads).toEqual([2, 3, 4, 5]);
  expect(byQuery.payloads).toEqual([3, 4, 5]);
  expect(all.payloads).toEqual([1, 2, 3, 4, 5]);
  expect(fromNow.payloads).toEqual([5]);
  expect(byHeader.response.headers.get('martlet-last-event-id')).toBe(first?.id);
});

test('an id from which one cannot go on is told as a reset, without an id of its own, then comes all that is kept', async () => {
  const relay = await opened({ max_events: 2 });
  const [first, , third, fourth] = await relay.publish('ada', 1, 2, 3, 4);
  const [bobs] = await relay.publish('bob', 1);
  const reasons = { garbage: 'malformed', [`${bobs?.id}`]: 'foreign', [`${first?.id}`]: 'trimmed' };
  for (const [id, reason] of Object.entries(reasons)) {
    const client = await relay.stream('ada', '', { ...BOSS, 'Last-Event-ID': id });
    await client.has(2);
    const [retry, reset] = client.frames;
    expect(retry?.retry).toBe('3000');
    expect(reset?.id).toBeUndefined();
    expect(reset?.event).toBe('reset');
    expect(JSON.parse(reset?.data as string)).toEqual({ oldest: third?.id, latest: fourth?.id, reason });
    expect(client.payloads).toEqual([3, 4]);
    const goesOnAfter = client.response.headers.get('martlet-last-event-id') as string;
    expect(goesOnAfter < (third?.id as string) && goesOnAfter !== id).toBe(true);
  }
});

test('a sign of life comes every so often', async () => {
  const relay = await opened({ heartbeat: 1 });
  const client = await relay.stream('ada');
  await eventually(() => expect(client.text.split('\n:\n\n').length).toBeGreaterThan(2));
});

test("a person's token opens that person's stream, and no other one; a back end needs the scope users", async () => {
  const relay = await opened();
  const ada = await relay.person('ada');
  const own = await relay.stream('ada', '', ada);
  expect(own.response.status).toBe(200);
  expect((await relay.stream('bob', '', ada)).response.status).toBe(403);
  expect((await relay.stream('ada', '', { authorization: 'Bearer reader' })).response.status).toBe(403);
  expect((await relay.stream('ada', '', {})).response.status).toBe(401);
  expect((await relay.ask('POST /v1/users/ada/events', ada.authorization.slice(7), { type: 't' })).status).toBe(403);
  // Of another app it is another person.
  await relay.ask('PUT /v1/apps/acme', 'boss', {});
  await relay.ask('POST /v1/users/ada/events?app=acme', 'acme', { type: 'other' });
  await relay.publish('ada', 'mine');
  await own.has(1);
  expect(own.payloads).toEqual(['mine']);
});

test('a ticket opens one stream, of its person, once', async () => {
  const relay = await opened();
  const ticket = await ticketOf(relay, 'ada');
  const other = await relay.stream('bob', `?ticket=${ticket}`, {});
  expect(other.response.status).toBe(401);
  expect(other.response.headers.get('content-type')).toContain('application/json');
  const client = await relay.stream('ada', `?ticket=${ticket}&last_event_id=earliest`, {});
  expect(client.response.status).toBe(200);
  expect((await relay.stream('ada', `?ticket=${ticket}`, {})).response.status).toBe(401);
  await relay.publish('ada', 1);
  await client.has(1);
  const polled = await fetch(
    `${relay.url}/v1/users/ada/stream/events?after=earliest&wait=0&ticket=${await ticketOf(relay, 'ada')}`,
  );
  expect(((await polled.json()) as { events: unknown[] }).events).toHaveLength(1);
  // It is for nothing else.
  expect((await fetch(`${relay.url}/v1/users/ada?ticket=${await ticketOf(relay, 'ada')}`)).status).toBe(401);
});

test('a stream ends with the token that opened it, and says that a new one is needed', async () => {
  const relay = await opened();
  await relay.ask('PUT /v1/users/ada', 'boss', {});
  const { token } = (await relay.ask('POST /v1/users/ada/tokens', 'boss', { ttl: 2 })).body;
  const byTicket = await ticketOf(relay, 'ada', token);
  const clients = [
    await relay.stream('ada', '', { authorization: `Bearer ${token}` }),
    await relay.stream('ada', `?ticket=${byTicket}`, {}),
  ];
  for (const client of clients) {
    expect(client.response.status).toBe(200);
    await client.over();
    expect(client.frames.at(-1)).toMatchObject({ event: 'reauth', data: '{}' });
  }
});

test('a stream ends with its person, and nothing of it is left', async () => {
  const relay = await opened();
  const [before] = await relay.publish('ada', 1);
  const client = await relay.stream('ada');
  expect((await relay.ask('DELETE /v1/users/ada', 'boss')).body.erased).toMatchObject({ events: 1 });
  await client.over();
  const again = await relay.stream('ada', `?last_event_id=${before?.id}`);
  await relay.publish('ada', 'new');
  await again.has(1);
  expect(again.frames.find(({ event }) => event === 'reset')?.data).toContain('unknown_epoch');
  expect(again.payloads).toEqual(['new']);
});

test('there are no more streams than may be, and of one client five: the oldest ends', async () => {
  const relay = await opened({ max: 7 });
  const tabs = [];
  for (let tab = 0; tab < 6; tab++) tabs.push(await relay.stream('ada', '?client_id=browser'));
  await tabs[0]?.over();
  expect(tabs.slice(1).map(({ isOver }) => isOver)).toEqual([false, false, false, false, false]);
  await relay.stream('ada', '?client_id=phone');
  await relay.stream('bob');
  const refused = await relay.stream('eve');
  expect([refused.response.status, refused.response.headers.get('retry-after')]).toEqual([503, '5']);
  expect((await relay.ask('GET /v1/users/eve/stream/events?wait=0', 'boss')).status).toBe(503);
  tabs[1]?.close();
  await eventually(async () => expect((await relay.stream('eve')).response.status).toBe(200));
});

test('at the end of the process each stream is sent away, at times of their own, and new ones are refused', async () => {
  const relay = await opened();
  const clients = await Promise.all(Array.from({ length: 20 }, () => relay.stream('ada')));
  await relay[Symbol.asyncDispose]();
  const pauses = clients.map(({ frames }) => {
    const last = frames.at(-1);
    const { retry_ms } = JSON.parse(last?.data as string);
    expect([last?.event, last?.id, last?.retry]).toEqual(['bye', undefined, `${retry_ms}`]);
    return retry_ms as number;
  });
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
  expect(new Set(pauses).size).toBeGreaterThan(10);
});

test('HEAD opens nothing', async () => {
  const relay = await opened();
  const response = await fetch(`${relay.url}/v1/users/ada/stream`, { method: 'HEAD', headers: BOSS });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body.connections).toBe(0);
  expect((await relay.ask('PUT /v1/users/ada/stream', 'boss', {})).status).toBe(405);
});

test('a poll has what there is at once, else what comes, else nothing after its time', async () => {
  const relay = await opened();
  const poll = async (query: string) => (await relay.ask(`GET /v1/users/ada/stream/events?${query}`, 'boss')).body;
  const empty = await poll('wait=0');
  expect(empty).toEqual({ events: [], last_event_id: expect.stringMatching(/\.0{16}$/) });
  const waiting = poll(`after=${empty.last_event_id}&wait=30s`);
  await eventually(async () =>
    expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body.connections).toBe(1),
  );
  const [first] = await relay.publish('ada', 1, 2, 3);
  const answered = await waiting;
  expect(answered.events.map(({ payload }: { payload: number }) => payload)[0]).toBe(1);
  const rest = await poll(`after=${first?.id}&limit=1&wait=0`);
  expect(rest.events.map(({ payload, user_id }: { payload: number; user_id: string }) => [payload, user_id])).toEqual([
    [2, 'ada'],
  ]);
  expect(rest.last_event_id).toBe(rest.events[0].id);
  const reset = await poll('after=garbage&wait=0');
  expect([reset.reset.reason, reset.events.length]).toEqual(['malformed', 3]);
  // A client that asks from time to time is there between two polls, too.
  expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body).toMatchObject({ online: true, connections: 1 });
  for (const query of ['wait=61', 'wait=x', 'limit=0', 'limit=1001'])
    expect([query, (await relay.ask(`GET /v1/users/ada/stream/events?${query}`, 'boss')).status]).toEqual([query, 422]);
});

test('a poll answers up to some four megabytes, and the next one goes on behind them', async () => {
  const relay = await opened();
  const large = 'x'.repeat(250_000);
  for (let each = 0; each < 20; each++) await relay.publish('ada', `${each} ${large}`);
  const poll = async (after: string) =>
    (await relay.ask(`GET /v1/users/ada/stream/events?limit=1000&wait=0&after=${after}`, 'boss')).body;
  const first = await poll('earliest');
  expect(first.events.length).toBe(17);
  const rest = await poll(first.last_event_id);
  const told = [...first.events, ...rest.events].map(({ payload }: { payload: string }) =>
    Number(payload.split(' ')[0]),
  );
  expect(told).toEqual(Array.from({ length: 20 }, (_, each) => each));
});

test('who has a stream open is there, until the last one ends', async () => {
  const relay = await opened();
  const seen = async () => (await relay.ask('GET /v1/users/ada/presence', 'boss')).body;
  expect(await seen()).toEqual({
    ...{ user: 'ada', online: false, state: 'offline', connections: 0, instances: [], last_active_at: null },
  });
  const [one, other] = [await relay.stream('ada'), await relay.stream('ada')];
  expect(await seen()).toMatchObject({ online: true, state: 'active', connections: 2 });
  const said = await relay.ask('PUT /v1/users/ada/presence', 'boss', { state: 'idle' });
  expect(said).toMatchObject({ status: 200, body: { online: true, state: 'idle', connections: 2 } });
  one.close();
  other.close();
  await eventually(async () => expect(await seen()).toMatchObject({ connections: 0, instances: [] }));
  await relay.ask('PUT /v1/users/ada/presence', 'boss', { state: 'offline' });
  expect(await seen()).toMatchObject({ online: false, state: 'offline', last_active_at: expect.any(String) });
  for (const body of [{}, { state: 'away' }, { state: 'idle', more: 1 }, []])
    expect((await relay.ask('PUT /v1/users/ada/presence', 'boss', body)).status).toBe(422);
});

test('an event for many reaches each once, an event for everyone each person of the app', async () => {
  const relay = await opened();
  for (const user of ['ada', 'bob']) await relay.ask(`PUT /v1/users/${user}`, 'boss', {});
  const [ada, eve] = [await relay.stream('ada'), await relay.stream('eve')];
  const many = await relay.ask('POST /v1/events', 'boss', { users: ['ada', 'eve', 'ada'], type: 'a', payload: 1 });
  expect(many).toMatchObject({ status: 202, body: { accepted: 2, failed: [] } });
  const all = await relay.ask('POST /v1/events', 'boss', { everyone: true, type: 'b', payload: 2 });
  expect(all.status).toBe(202);
  expect(all.body.accepted).toBeGreaterThanOrEqual(2);
  await ada.has(2);
  expect(ada.payloads).toEqual([1, 2]);
  await eve.has(1);
  const bob = await relay.stream('bob', '?last_event_id=earliest');
  await bob.has(1);
  expect(bob.payloads).toEqual([2]);
  expect(eve.payloads).toEqual([1]);
});

test('what is wrong with an event is said with its place, and nothing of the request is published', async () => {
  const relay = await opened();
  const wrong = async (body: unknown, path = '/v1/users/ada/events') => {
    const { status, body: answer } = await relay.ask(`POST ${path}`, 'boss', body);
    return [status, answer.details?.map((each: { path: string }) => each.path)];
  };
  expect(await wrong({})).toEqual([422, ['type']]);
  for (const type of ['', 'a\nb', 'x'.repeat(129), 'reset', 'bye', 'reauth', 7])
    expect(await wrong({ type })).toEqual([422, ['type']]);
  expect(await wrong({ type: 't', payload: 'x'.repeat(262_143) })).toEqual([422, ['payload']]);
  expect(await wrong({ type: 't', timestamp: 'yesterday' })).toEqual([422, ['timestamp']]);
  expect(await wrong([{ type: 't' }, { type: 't', typ: 1 }])).toEqual([422, ['[1].typ']]);
  expect(await wrong([])).toEqual([422, ['']]);
  expect(await wrong(Array(1001).fill({ type: 't' }))).toEqual([422, ['']]);
  expect(await wrong({ type: 't' }, '/v1/events')).toEqual([422, ['users']]);
  expect(await wrong({ type: 't', users: ['a'], everyone: true }, '/v1/events')).toEqual([422, ['users']]);
  expect(await wrong('text')).toEqual([400, undefined]);
  expect((await relay.ask('GET /v1/users/ada/stream/events?after=earliest&wait=0', 'boss')).body.events).toEqual([]);
});

test('a request that is repeated publishes once: by its Idempotency-Key, or by the id of the event', async () => {
  const relay = await opened();
  const post = async (path: string, body: object) => {
    const headers = { ...BOSS, 'Idempotency-Key': path };
    const response = await fetch(relay.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return [response.headers.get('idempotency-replayed'), (await response.json()) as { id: string }] as const;
  };
  const [, first] = await post('/v1/users/ada/events', { type: 'a' });
  const [replayed, second] = await post('/v1/users/ada/events', { type: 'a' });
  expect([replayed, second]).toEqual(['true', first]);
  await post('/v1/events', { type: 'b', users: ['ada'] });
  await post('/v1/events', { type: 'b', users: ['ada'] });
  const named = { type: 'c', id: 'order-1', payload: 1 };
  const { body: one } = await relay.ask('POST /v1/users/ada/events', 'boss', named);
  const { body: other } = await relay.ask('POST /v1/users/ada/events', 'boss', { ...named, payload: 2 });
  expect(other.id).toBe(one.id);
  const { events } = (await relay.ask('GET /v1/users/ada/stream/events?after=earliest&wait=0', 'boss')).body;
  expect(events.map(({ type, payload }: { type: string; payload: number }) => [type, payload])).toEqual([
    ['a', null],
    ['b', null],
    ['c', 1],
  ]);
});

test('streams.offline: drop keeps what is published for those who are there', async () => {
  const relay = await opened({ offline: 'drop' });
  const dropped = await relay.ask('POST /v1/users/ada/events', 'boss', { type: 'a' });
  expect(dropped).toMatchObject({ status: 201, body: { id: null, type: 'a', dropped: true } });
  const client = await relay.stream('ada');
  await relay.publish('ada', 1);
  await client.has(1);
  const all = await relay.stream('ada', '?last_event_id=earliest');
  await all.has(1);
  expect(all.payloads).toEqual([1]);
});

test('a notification is an event in the streams of its people', async () => {
  const relay = await opened();
  await relay.ask('PUT /v1/users/ada', 'boss', {});
  const client = await relay.stream('ada');
  const sent = {
    id: 'n1',
    type: 'order.shipped',
    title: 'Shipped',
    message: 'It is on its way',
    to: { users: ['ada'] },
  };
  await relay.ask('POST /v1/notifications', 'boss', { ...sent, mode: 'realtime_only' });
  await client.has(1);
  const [{ event, data } = {}] = client.events;
  expect(event).toBe('order.shipped');
  expect(JSON.parse(data as string)).toMatchObject({ user_id: 'ada', payload: { id: 'n1', title: 'Shipped' } });
});
