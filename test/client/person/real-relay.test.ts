import { expect, onTestFinished, test } from 'vitest';
import { createPersonClient } from '../../../src/client/person/create-person-client.ts';
import { startSeedRelay } from '../../api/hub/seed-relay.ts';
import { eventually } from '../../support/eventually.ts';

async function started() {
  const relay = await startSeedRelay({});
  await relay.ask('PUT /v1/users/ada', 'boss', { name: 'Ada' });
  let asked = 0;
  const me = createPersonClient({
    url: relay.url,
    user: 'ada',
    device: 'laptop',
    tabs: null,
    token: () => {
      asked++;
      return relay.tokenOf('ada');
    },
  });
  return { ...relay, me, tokens: () => asked };
}

test('a person hears a notification live, marks it, and finds it in the inbox', async () => {
  const { me, ask } = await started();
  const heard: { type: string; payload: unknown }[] = [];
  const states: string[] = [];
  const stream = me.stream({
    onEvent: (event) => heard.push(event),
    onState: ({ kind }) => states.push(kind),
  });
  onTestFinished(() => stream.close());
  await eventually(() => expect(states).toContain('open'));
  const sent = await ask('POST /v1/notifications', 'boss', {
    ...{ id: 'n1', type: 'news', title: 'Hello', message: 'live', to: { users: ['ada'] }, mode: 'realtime_only' },
  });
  expect(sent.status).toBe(202);
  await eventually(() => expect(heard.map(({ type }) => type)).toContain('news'));
  expect(heard.find(({ type }) => type === 'news')?.payload).toMatchObject({ id: 'n1', title: 'Hello' });
  expect(await me.inbox()).toMatchObject({ ok: true, unread: 1, notifications: [{ id: 'n1', title: 'Hello' }] });
  expect(await me.ack('n1')).toMatchObject({ ok: true, unread: 1 });
  expect(await me.read('n1')).toMatchObject({ ok: true, unread: 0 });
  expect(await me.read('unknown')).toMatchObject({ ok: false, error: { kind: 'not_found' } });
  expect(await me.presence('idle')).toMatchObject({ ok: true, online: true, state: 'idle' });
});

test('signing out takes the device from the person before it resolves', async () => {
  const { me, ask, tokens } = await started();
  const token = 'a'.repeat(64);
  expect(await me.registerDevice({ platform: 'ios', token })).toMatchObject({ ok: true, id: 'laptop' });
  expect((await ask('GET /v1/users/ada/devices', 'boss')).body.devices).toHaveLength(1);
  const stream = me.stream({ onEvent: () => {} });
  expect(await me.signOut()).toEqual({ ok: true });
  expect((await ask('GET /v1/users/ada/devices', 'boss')).body.devices).toHaveLength(0);
  await stream.close();
  expect(tokens()).toBe(1);
});

test('a token that is refused is fetched again for a call, once', async () => {
  const relay = await startSeedRelay({});
  await relay.ask('PUT /v1/users/ada', 'boss', { name: 'Ada' });
  const asked: boolean[] = [];
  const me = createPersonClient({
    url: relay.url,
    user: 'ada',
    token: async (isStale) => {
      asked.push(isStale);
      return isStale ? relay.tokenOf('ada') : 'not-a-token';
    },
  });
  expect(await me.inbox()).toMatchObject({ ok: true, notifications: [] });
  expect(asked).toEqual([false, true]);
});
