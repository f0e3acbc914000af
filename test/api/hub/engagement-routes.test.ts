import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openSeedRelay, type SeedRelay } from './seed-relay.ts';

let relay: SeedRelay;
let count = 0;
let opened = { notification: '', event: 'opened' };
beforeAll(async () => {
  relay = await openSeedRelay();
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const user of ['ada', 'bob']) await relay.ask(`PUT /v1/users/${user}`, 'boss', {});
  for (const user of ['ada', 'bob']) await relay.ask(`POST /v1/users/${user}/notifications/read-all`, 'boss');
  opened = { notification: `n${++count}`, event: 'opened' };
  const send = { id: opened.notification, message: 'hi', to: { users: ['ada', 'bob'] } };
  await relay.ask('POST /v1/notifications', 'boss', send);
});

const record = (key: string, body: unknown) => relay.ask('POST /v1/engagements', key, body);

test('a back end says whose they are, one or many', async () => {
  expect(await record('boss', { ...opened, user: 'ada' })).toMatchObject({
    status: 200,
    body: { recorded: 1, ignored: 0 },
  });
  const both = [
    { ...opened, user: 'ada' },
    { ...opened, user: 'bob' },
  ];
  expect(await record('boss', both)).toMatchObject({ body: { recorded: 1, ignored: 1 } });
  expect(await record('boss', [])).toMatchObject({ status: 200, body: { recorded: 0, ignored: 0 } });
  expect((await relay.ask('GET /v1/users/ada/notifications', 'boss')).body).toMatchObject({ unread: 0 });
});

test('a person tells of that person alone', async () => {
  const ada = await relay.tokenOf('ada');
  expect(await record(ada, opened)).toMatchObject({ status: 200, body: { recorded: 1, ignored: 0 } });
  expect(await record(ada, { ...opened, user: 'ada' })).toMatchObject({ body: { recorded: 0, ignored: 1 } });
  expect(await record(ada, [opened, { ...opened, user: 'bob' }])).toMatchObject({ status: 403 });
  expect((await relay.ask('GET /v1/users/bob/notifications', 'boss')).body).toMatchObject({ unread: 1 });
});

test('a key needs the scope users, and knows its own app alone', async () => {
  expect(await record('reader', { ...opened, user: 'ada' })).toMatchObject({ status: 403 });
  expect(await record('', { ...opened, user: 'ada' })).toMatchObject({ status: 401 });
});

test.each<[string, () => unknown, string[]]>([
  ['neither person nor device', () => opened, ['user']],
  ['neither in a list of one', () => [opened], ['[0].user']],
  ['no notification and no event', () => ({ user: 'ada' }), ['notification', 'event']],
  [
    'another event',
    () => [
      { ...opened, user: 'ada' },
      { ...opened, user: 'ada', event: 'clicked' },
    ],
    ['[1].event'],
  ],
  ['an action of another event', () => ({ ...opened, user: 'ada', action: 'ack' }), ['action']],
  ['a time without zone', () => ({ ...opened, user: 'ada', at: '2026-12-01T09:00:00' }), ['at']],
  ['an unknown field', () => ({ ...opened, user: 'ada', devise: 'phone-1' }), ['devise']],
  ['501', () => Array.from({ length: 501 }, () => ({ ...opened, user: 'ada' })), ['']],
  ['no object', () => 42, ['']],
])('%s is 422, and nothing is recorded', async (_, body, paths) => {
  const { status, body: told } = await record('boss', body());
  expect(status).toBe(422);
  expect(told.details.map(({ path }: { path: string }) => path)).toEqual(paths);
  expect(await record('boss', { ...opened, user: 'ada' })).toMatchObject({ body: { recorded: 1 } });
});
