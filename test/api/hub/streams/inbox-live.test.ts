import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../../support/eventually.ts';
import { apnsToken, type SeedRelay, startSeedRelay } from '../seed-relay.ts';
import { openSse, type SseClient } from './sse-client.ts';

const BOSS = { authorization: 'Bearer boss' };
/** It came, and was seen. */
const BOTH = ['inbox.changed', 'inbox.changed'];
/** Longer than any test: a push that leaves was not waited for. */
const SLOW = { hub: { realtime_timeout: 3600, push_fallback_delay: 0.3 } };

const stream = (relay: SeedRelay, user: string) => openSse(`${relay.url}/v1/users/${user}/stream`, BOSS);

const countsIn = ({ events }: SseClient) =>
  events.flatMap(({ event, data }) => (event === 'inbox.changed' ? [JSON.parse(data as string).payload] : []));

const send = (relay: SeedRelay, id: string, more: object = {}) =>
  relay.ask('POST /v1/notifications', 'boss', {
    id,
    message: 'hi',
    to: { users: ['ada'] },
    mode: 'realtime_only',
    ...more,
  });

async function withPhone(relay: SeedRelay, user: string, n: number): Promise<void> {
  const device = { user, platform: 'ios', token: apnsToken(n) };
  await relay.ask(`PUT /v1/devices/phone-${user}`, 'boss', device);
}

async function pushState(relay: SeedRelay, id: string, user = 'ada'): Promise<string | undefined> {
  const { people } = (await relay.ask(`GET /v1/notifications/${id}`, 'boss')).body;
  const person = people.find((each: { user: string }) => each.user === user);
  return person?.decisions.find(({ channel }: { channel: string }) => channel === 'push')?.state;
}

test('what comes, is seen, read or removed is told with the counts of the inbox, and the moment that they are of', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  const client = await stream(relay, 'ada');
  const last = async (unread: number, unseen: number) => {
    const counts = await eventually(() => {
      const found = countsIn(client).at(-1);
      expect(found).toMatchObject({ unread, unseen });
      return found;
    });
    expect((await relay.ask('GET /v1/users/ada/notifications', ada)).body).toMatchObject(counts);
  };
  await send(relay, 'n1');
  await last(1, 1);
  await send(relay, 'n2');
  await last(2, 2);
  await send(relay, 'n3');
  await last(3, 3);
  await relay.ask('POST /v1/users/ada/notifications/n1/seen', ada);
  await last(3, 2);
  await relay.ask('POST /v1/users/ada/notifications/n1/read', ada);
  await last(2, 2);
  await relay.ask('DELETE /v1/users/ada/notifications/n2', ada);
  await last(1, 1);
  await relay.ask('POST /v1/users/ada/notifications/read-all', ada);
  await last(0, 0);
  const offsets = countsIn(client).map(({ offset }) => offset);
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  const events = client.events.map(({ event }) => event).filter((event) => event !== 'inbox.changed');
  expect(events).toHaveLength(3);
});

test('nothing is said of what changes no count, nor to others', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  const [client, bob] = [await stream(relay, 'ada'), await stream(relay, 'bob')];
  await send(relay, 'n1', { type: 'note' });
  await client.has(2);
  await relay.ask('POST /v1/users/ada/notifications/n1/ack', ada);
  await relay.ask('POST /v1/users/ada/notifications/n1/seen', ada);
  await relay.ask('POST /v1/users/ada/notifications/n1/seen', ada);
  await relay.ask('POST /v1/users/ada/events', 'boss', { type: 'last' });
  await relay.ask('POST /v1/users/bob/events', 'boss', { type: 'last' });
  await eventually(() => expect(client.events.map(({ event }) => event).toSorted()).toEqual([...BOTH, 'last', 'note']));
  await bob.has(1);
  expect(bob.events.map(({ event }) => event)).toEqual(['last']);
});

test('a stream that breaks off ends the wait for it, and not the pause after that', async () => {
  const relay = await startSeedRelay(SLOW);
  await relay.ask('PUT /v1/users/ada', 'boss', {});
  await withPhone(relay, 'ada', 1);
  const [client, other] = [await stream(relay, 'ada'), await stream(relay, 'ada')];
  await send(relay, 'n1', { mode: 'hybrid', channels: ['realtime', 'push'] });
  await client.has(1);
  other.close();
  await eventually(async () =>
    expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body).toMatchObject({ connections: 1 }),
  );
  expect(await pushState(relay, 'n1')).toBe('pending');
  client.close();
  await eventually(async () => expect(await pushState(relay, 'n1')).toBe('sent'));
});

test('one whose person is back in that pause and acknowledges is not pushed', async () => {
  const relay = await startSeedRelay({ hub: { ...SLOW.hub, push_fallback_delay: 3600 } });
  const ada = await relay.tokenOf('ada');
  await withPhone(relay, 'ada', 1);
  const client = await stream(relay, 'ada');
  await send(relay, 'n1', { mode: 'hybrid', channels: ['realtime', 'push'] });
  await client.has(1);
  const until = async () => {
    const { people } = (await relay.ask('GET /v1/notifications/n1', 'boss')).body;
    return people[0].decisions.find(({ channel }: { channel: string }) => channel === 'push').until as string;
  };
  const before = await until();
  client.close();
  // An hour less, which is that of the stream.
  await eventually(async () => expect(Date.parse(before) - Date.parse(await until())).toBeGreaterThan(3_000_000));
  await stream(relay, 'ada');
  await relay.ask('POST /v1/users/ada/notifications/n1/ack', ada);
  await eventually(async () => expect(await pushState(relay, 'n1')).toBe('cancelled'));
});

test('a client that only looks away keeps no push waiting either', async () => {
  const relay = await startSeedRelay(SLOW);
  await relay.ask('PUT /v1/users/ada', 'boss', {});
  await withPhone(relay, 'ada', 1);
  const ws = new WebSocket(`${relay.url.replace('http', 'ws')}/v1/users/ada/stream/ws`, { headers: BOSS });
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  ws.send('{"presence":"idle"}');
  await eventually(async () =>
    expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body).toMatchObject({ state: 'idle' }),
  );
  await send(relay, 'n1', { mode: 'hybrid', channels: ['realtime', 'push'] });
  await eventually(async () => expect(await pushState(relay, 'n1')).toBe('sent'));
});

test.each([
  ['a team', { teams: ['storage'] }],
  ['a role', { roles: ['oncall'] }],
  ['a topic', { topics: ['disks'] }],
  ['everyone', { everyone: true }],
])('of %s those who are there are waited for, the others are not', async (_, to) => {
  const relay = await startSeedRelay(SLOW);
  for (const [index, user] of ['ada', 'bob'].entries()) {
    await relay.ask(`PUT /v1/users/${user}`, 'boss', { teams: ['storage'], roles: ['oncall'] });
    await relay.ask(`PUT /v1/topics/disks/users/${user}`, 'boss');
    await withPhone(relay, user, index + 1);
  }
  const client = await stream(relay, 'ada');
  await send(relay, 'n1', { to, mode: 'hybrid', channels: ['realtime', 'push'] });
  await client.has(1);
  await eventually(async () => expect(await pushState(relay, 'n1', 'bob')).toBe('sent'));
  expect(await pushState(relay, 'n1', 'ada')).toBe('pending');
});
