import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSeedRelay, type SeedRelay } from './seed-relay.ts';

let relay: SeedRelay;
beforeAll(async () => {
  relay = await openSeedRelay();
  await relay.ask('PUT /v1/devices/phone', 'boss', { user: 'ada', platform: 'android', token: 'token-of-ada' });
  await relay.ask('PUT /v1/users/ada/settings', 'boss', {
    quiet_hours: { timezone: 'UTC', windows: [{ from: '22:00', until: '08:00' }] },
  });
});
afterAll(() => relay[Symbol.asyncDispose]());

const doc = { title: 'Hello', to: { users: ['ada', 'bob'] }, mode: 'push_only' };
const decisionOf = async (body: object) => {
  const answer = await relay.ask('POST /v1/notifications/preview', 'boss', body);
  expect(answer.status).toBe(200);
  return answer.body.people.find(({ user }: { user: string }) => user === 'ada').decisions[0];
};

test('a preview decides as of another time, says why, and sends nothing', async () => {
  const day = new Date().toISOString().slice(0, 10);
  expect(await decisionOf({ ...doc, at: `${day}T23:00:00Z` })).toMatchObject({
    ...{ state: 'deferred', reason: 'quiet_hours', words: expect.stringContaining('08:00') },
  });
  expect(await decisionOf({ ...doc, at: `${day}T12:00:00Z` })).toMatchObject({ state: 'pending' });
  expect((await relay.ask('GET /v1/notifications', 'boss')).body.notifications).toEqual([]);
  expect((await relay.ask('GET /sandbox/deliveries', 'boss')).body.total).toBe(0);
});

test('a preview is told who is there', async () => {
  const hybrid = {
    title: 'Hello',
    to: { users: ['ada'] },
    mode: 'hybrid',
    at: `${new Date().toISOString().slice(0, 10)}T12:00:00Z`,
  };
  const push = async (presence: object) => {
    const { body } = await relay.ask('POST /v1/notifications/preview', 'boss', { ...hybrid, presence });
    return body.people[0].decisions.find(({ channel }: { channel: string }) => channel === 'push').words;
  };
  expect(await push({ ada: 'active' })).not.toBe(await push({ ada: 'offline' }));
});

test.each([
  [{ ...doc, at: 'tomorrow' }, 'at'],
  [{ ...doc, presence: { ada: 'asleep' } }, 'presence'],
  [{ ...doc, mesage: 'x' }, 'mesage'],
])('%j is 422', async (body, path) => {
  const answer = await relay.ask('POST /v1/notifications/preview', 'boss', body);
  expect([answer.status, answer.body.details?.[0]?.path]).toEqual([422, path]);
});

test('what a confidential push did not carry is in the inbox', async () => {
  const send = { id: 'n1', title: 'Results', message: 'are there', confidential: true, ...{ to: { users: ['ada'] } } };
  await relay.ask('POST /v1/notifications', 'boss', { ...send, priority: 'critical', channels: ['push'] });
  const pushed = async () => (await relay.ask('GET /sandbox/deliveries', 'boss')).body.deliveries[0];
  await expect.poll(pushed).toBeDefined();
  expect(JSON.stringify(await pushed())).not.toMatch(/Results|are there/);
  const ada = await relay.tokenOf('ada');
  expect((await relay.ask('GET /v1/users/ada/notifications/n1', ada)).body).toMatchObject({
    ...{ title: 'Results', message: 'are there' },
  });
});
