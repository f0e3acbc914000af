import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  createPushNotifier,
  memoryStorage,
  NotificationType,
  type NotifierConfig,
  type PushNotifier,
  type PushStorage,
  postgresStorage,
  sqliteStorage,
} from '../../src/notifier/create-push-notifier.ts';
import { failing, startGorush } from '../hub/push/scripted-gorush.ts';

const TOPIC = { topic: 'com.example.app' };
const SANDBOX: NotifierConfig = { sandbox: true, ios: TOPIC };
const token = (name: string): string => name.padEnd(64, '0');
const FINE = token('a1b2c3d4');

async function open(config: NotifierConfig = SANDBOX, storage: PushStorage = memoryStorage()): Promise<PushNotifier> {
  const notifier = await createPushNotifier(config, storage);
  onTestFinished(() => notifier.close());
  return notifier;
}

/** Of a notification: `user channel state reason`. */
async function fates(notifier: PushNotifier, id: string): Promise<string[]> {
  const people = (await notifier.notification(id))?.people ?? [];
  return people.flatMap(({ user, decisions }) =>
    decisions
      .filter(({ channel }) => channel === 'push')
      .map(({ channel, state, reason }) => [user, channel, state, ...(reason ? [reason] : [])].join(' ')),
  );
}

test('phones are registered, settings are kept, and an incident reaches those who want to know', async () => {
  const notifier = await open();
  const ada = await notifier.registerDevice({ user: 'ada', platform: 'ios', token: FINE, name: "Ada's iPhone" });
  expect(ada).toMatchObject({ user: 'ada', platform: 'ios', status: 'active', created: true, name: "Ada's iPhone" });
  expect(JSON.stringify(ada)).not.toContain(FINE);
  await notifier.registerDevice({ user: 'bob', platform: 'ios', token: token('b0b') });
  await notifier.updateSettings('bob', { severities: ['SEV-1'] });
  expect(await notifier.settings('bob')).toMatchObject({ severities: ['SEV-1'] });
  const data = { title: 'Database Connection Failure', severity: 'SEV-2', service: 'database-cluster' };
  const people = ['ada', 'bob', 'carl'];
  const sent = await notifier.sendIncidentNotification('INC-123', people, NotificationType.IncidentCreated, data);
  expect(sent.recipients).toMatchObject({ total: 3, queued: 1, suppressed: 1, unknown: 1 });
  await expect
    .poll(() => fates(notifier, sent.id))
    .toEqual(expect.arrayContaining(['ada push sent', 'bob push suppressed severity_filtered']));
  expect((await notifier.health()).ok).toBe(true);
});

test("a token that the provider calls dead is sent to no more, and one that is registered again is another person's", async () => {
  const notifier = await open();
  const dead = token('dead0400');
  await notifier.registerDevice({ user: 'ada', platform: 'ios', token: dead });
  const to = { users: ['ada'] };
  const first = await notifier.send({ title: 'One', to });
  await expect.poll(() => fates(notifier, first.id)).toEqual(['ada push failed BadDeviceToken']);
  await expect.poll(() => notifier.devices('ada')).toMatchObject([{ status: 'invalid', reason: 'BadDeviceToken' }]);
  const second = await notifier.send({ title: 'Two', to, channels: ['push'] });
  expect(second.recipients).toMatchObject({ no_channel: 1 });
  await notifier.registerDevice({ user: 'ada', platform: 'ios', token: FINE });
  expect(await notifier.registerDevice({ user: 'bob', platform: 'ios', token: FINE })).toMatchObject({ moved: true });
  expect(await notifier.devices('bob')).toHaveLength(1);
  expect(await notifier.unregisterDevice(FINE)).toBe(true);
  expect(await notifier.unregisterDevice(FINE)).toBe(false);
  expect(await notifier.devices('bob')).toEqual([]);
});

test('a push that waits for its provider goes to the new token of its device, and to none when the device is signed out', async () => {
  const notifier = await open();
  const always503 = token('dead1503');
  for (const user of ['ada', 'bob'])
    await notifier.registerDevice({
      id: user,
      user,
      platform: 'ios',
      token: always503.replace('00', user === 'ada' ? '0a' : '0b'),
    });
  const { id } = await notifier.send({ title: 'Hello', to: { users: ['ada', 'bob'] } });
  await notifier.registerDevice({ id: 'ada', user: 'ada', platform: 'ios', token: FINE });
  await notifier.registerDevice({ id: 'bob', user: null, platform: 'ios', token: token('b0b') });
  await expect.poll(() => fates(notifier, id)).toEqual(['ada push sent', 'bob push cancelled no_devices']);
});

test('a person is known by what the program says, gets mail with consent, and is gone when erased', async () => {
  const notifier = await open({ sandbox: true, email: { from: 'hub@example.com' } });
  expect(await notifier.person('ada')).toBeUndefined();
  const patch = { email: 'ada@example.com', timezone: 'Europe/Athens', teams: ['db'] };
  expect(await notifier.updatePerson('ada', patch)).toMatchObject({ id: 'ada', ...patch });
  const mail = { title: 'Hello', message: 'Ada', to: { teams: ['db'] }, channels: ['email'] };
  const stateOf = async (id: string) => (await notifier.notification(id))?.people[0]?.decisions[0];
  const first = await notifier.send(mail);
  expect(await stateOf(first.id)).toMatchObject({ state: 'suppressed', reason: 'no_consent' });
  await notifier.updatePerson('ada', { consent: { email: true } });
  const second = await notifier.send(mail);
  await expect.poll(() => stateOf(second.id)).toMatchObject({ channel: 'email', state: 'sent', attempts: 1 });
  expect(await notifier.erasePerson('ada')).toMatchObject({ users: 1 });
  expect(await notifier.person('ada')).toBeUndefined();
  expect((await notifier.notification(second.id))?.people ?? []).toEqual([]);
});

test('wrong fields are named', async () => {
  const notifier = await open();
  await expect(notifier.registerDevice({ user: 'ada', platform: 'ios', token: 'short' })).rejects.toMatchObject({
    code: expect.stringMatching(/^ERR_/),
    details: [{ path: 'token' }],
  });
  await expect(notifier.send({ title: 'x', tittle: 'y', to: { users: ['ada'] } })).rejects.toMatchObject({
    details: [{ path: 'tittle', reason: expect.stringContaining('did you mean "title"') }],
  });
  await expect(notifier.updateSettings('ada', { enabeld: false })).rejects.toMatchObject({
    details: [{ path: 'enabeld' }],
  });
});

test('a file keeps everything over the end of the process, and no token stands in it in plain once nothing is under way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-notifier-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const storage = sqliteStorage(join(folder, 'push.db'));
  const first = await createPushNotifier(SANDBOX, storage);
  await first.registerDevice({ user: 'ada', platform: 'ios', token: FINE });
  await first.updateSettings('ada', { quiet_hours: { start: '22:00', end: '08:00' } });
  await first.close();
  for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file), 'latin1')).not.toContain(FINE);
  const second = await open(SANDBOX, storage);
  expect(await second.devices('ada')).toMatchObject([{ status: 'active' }]);
  expect(JSON.stringify(await second.settings('ada'))).toContain('22:00');
});

test('in gorush mode others send, and their answers take dead tokens away', async () => {
  const gorush = await startGorush(failing({ [FINE]: 'Unregistered' }));
  const notifier = await open({ mode: 'gorush', gorush: { url: gorush.url, api_key: 'k' }, hub: {} });
  await notifier.registerDevice({ user: 'ada', platform: 'ios', token: FINE });
  const sent = await notifier.send({ title: 'Hello', to: { users: ['ada'] }, overrides: { ios: TOPIC } });
  await expect.poll(() => fates(notifier, sent.id)).toEqual(['ada push failed Unregistered']);
  expect(gorush.seen.at(-1)?.notifications[0]).toMatchObject({ platform: 1, title: 'Hello', topic: TOPIC.topic });
  await expect.poll(() => notifier.devices('ada')).toMatchObject([{ status: 'invalid' }]);
});

test('in mode none everything is decided, and nothing is sent', async () => {
  const notifier = await open({ mode: 'none' });
  await notifier.registerDevice({ user: 'ada', platform: 'ios', token: FINE });
  const sent = await notifier.send({ title: 'Hello', to: { users: ['ada'] } });
  expect(await fates(notifier, sent.id)).toEqual(['ada push suppressed not_configured']);
});

test('what cannot work is an error of the start, which names the setting and the fix', async () => {
  const locked = await startGorush(() => ({ status: 401 }));
  const gone = await startGorush();
  await gone.stop();
  const start = (config: NotifierConfig, storage = memoryStorage()) => createPushNotifier(config, storage);
  await expect(start({})).rejects.toThrow('mode: "local" needs credentials: give at least one of ios, android');
  await expect(start({ ios: { key_path: '/no/AuthKey.p8', key_id: 'A', team_id: 'B' } })).rejects.toThrow(
    'ios.key_path',
  );
  await expect(start({ ios: { key_pth: 'x' } as never })).rejects.toThrow('did you mean `ios.key_path`');
  await expect(start({ mode: 'gorush', gorush: { url: 'gorush:8088' } })).rejects.toThrow(
    'gorush.url: must be http://',
  );
  await expect(start({ mode: 'gorush', gorush: { url: locked.url, api_key: 'no' } })).rejects.toThrow(
    /gorush\.api_key: .* refuses it: give a key/,
  );
  await expect(start({ mode: 'gorush', gorush: { url: gone.url } })).rejects.toThrow(
    /gorush\.url: cannot be reached: .* Check the address/,
  );
  await expect(start(SANDBOX, postgresStorage('postgres://u@127.0.0.1:1/d', { masterKey: '' }))).rejects.toThrow(
    'postgresStorage: needs a masterKey',
  );
});
