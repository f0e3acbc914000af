import { expect, onTestFinished, test } from 'vitest';
import { findNotification } from '../../../../src/hub/sends/rows/notification-rows.ts';
import { wordsFor } from '../../../../src/hub/sends/views/explained.ts';
import { peopleView } from '../../../../src/hub/sends/views/notification-view.ts';
import { openHubStore } from '../../../../src/hub/storage/open-hub-store.ts';
import type { Row } from '../../../../src/hub/storage/storage.ts';
import { builtIn } from '../../../../src/providers/registry.ts';
import { Clock, change, iosToken, phone } from '../../directory.ts';
import { hubOfSends } from '../hub-of-sends.ts';

async function openHub(): Promise<ReturnType<typeof hubOfSends>> {
  const clock = new Clock();
  const tell = (): void => undefined;
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell, now: clock.now });
  const hub = hubOfSends(store, clock);
  onTestFinished(async () => {
    await hub.sends.close();
    await store.close();
  });
  return hub;
}

const HYBRID = { id: 'n1', to: { users: ['ada'] }, channels: ['realtime', 'push', 'email'], mode: 'hybrid' };
const mail = { email: 'ada@example.com', consent: { email: true } };

/** `<hop> <channel>: words / advice` of each decision about n1. */
async function explained(hub: ReturnType<typeof hubOfSends>): Promise<string[]> {
  const row = await findNotification(hub.store.db, 'default', 'n1');
  if (!row) throw new Error('there is no n1');
  const [person] = await peopleView(hub.store, row, { limit: 10, after: '' }, wordsFor(builtIn));
  return (person?.decisions ?? []).map(
    ({ hop, channel, words, advice }) => `${hop} ${channel}: ${words}${advice === undefined ? '' : ` / ${advice}`}`,
  );
}

test('what waits says when it goes, what is on its way says so, and what was not needed says why', async () => {
  const hub = await openHub();
  await hub.people.put({ ...change, id: 'ada' }, mail);
  await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
  hub.carrier.fates[iosToken(1)] = 'hold';
  hub.presence.set('ada', 'active');
  await hub.send(HYBRID);
  expect(await explained(hub)).toEqual([
    "1 realtime: It is in the person's stream and inbox; no app of the person has said that it has it.",
    '2 push: It goes by push at 00:00:07 on 1 November 2026 (UTC), or as soon as the way before it (hop 1) has failed, unless the person has acknowledged it by then.',
    '3 email: It goes by mail only if the way before it (hop 2) fails.',
  ]);
  await hub.pass(7000);
  expect((await explained(hub))[1]).toBe('2 push: It is on its way by push: no answer has come yet.');
  hub.carrier.finish(hub.carrier.taken[0] as never, iosToken(1), 'accept');
  await hub.pass(1000);
  expect((await explained(hub)).slice(1)).toEqual([
    '2 push: The provider has accepted it by push; that it arrived is not known.',
    '3 email: It was not needed: the way before it (hop 2) had reached the person.',
  ]);
});

test('what was acknowledged needs nothing more, and a dead token says what to do', async () => {
  const hub = await openHub();
  await hub.people.put({ ...change, id: 'ada' }, mail);
  await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
  hub.carrier.fates[iosToken(1)] = 'dead';
  await hub.send({ ...HYBRID, channels: ['push', 'email'] });
  await hub.pass(1000);
  const [push, email] = await explained(hub);
  expect(push).toMatch(/^1 push: The provider says that this device takes no more pushes \(Unregistered\)\. \/ .+\.$/);
  expect(email).toBe('2 email: The provider has accepted it by mail; that it arrived is not known.');
});

test('where nothing reaches the person, each way says what to do', async () => {
  const hub = await openHub();
  await hub.people.put({ ...change, id: 'ada' }, { email: 'ada@example.com' });
  await hub.send({ ...HYBRID, channels: ['push', 'email', 'sms'] });
  expect(await explained(hub)).toEqual([
    '1 push: The person has no device that can be sent to. / Have the app register its device after signing in: `PUT /v1/devices/{device}` with `user`.',
    '2 email: The person has not agreed to be reached by mail. / Ask the person, and keep the answer: `PATCH /v1/users/{user}` with `consent`.',
    '3 sms: No phone number of the person is known. / Send the address: `PATCH /v1/users/{user}` with `email`, `phone` or `slack`.',
  ]);
});

test('what leaves without a sound in quiet hours says so, when it has left as well', async () => {
  const hub = await openHub();
  await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
  const windows = [{ from: '00:00', until: '24:00' }];
  await hub.settings.put(hub.change('ada'), { quiet_hours: { windows, then: 'silent' } });
  hub.carrier.fates[iosToken(1)] = 'hold';
  await hub.send({ ...HYBRID, channels: ['push'] });
  const reasons = async () => {
    const row = (await findNotification(hub.store.db, 'default', 'n1')) as Row<'notifications'>;
    const [person] = await peopleView(hub.store, row, { limit: 10, after: '' }, wordsFor(builtIn));
    return person?.decisions.map(({ state, reason }) => `${state} ${reason}`);
  };
  expect(await reasons()).toEqual(['pending quiet_hours']);
  hub.carrier.finish(hub.carrier.taken[0] as never, iosToken(1), 'accept');
  await hub.pass(1000);
  expect(await reasons()).toEqual(['sent quiet_hours']);
  expect(await explained(hub)).toEqual([
    '1 push: The provider has accepted it by push; that it arrived is not known. It made no sound because of quiet hours of the person.',
  ]);
});
