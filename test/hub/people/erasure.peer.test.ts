import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import { setDue } from '../../../src/hub/timers/due-rows.ts';
import { Clock, change, directory, iosToken, phone } from '../directory.ts';
import { policy } from '../notifications/decide-cases.ts';
import { hubOfSends } from '../sends/hub-of-sends.ts';

const CANARY = 'canary';
const canaries = Array.from({ length: 20 }, (_, at) => `${CANARY}-${at}-${'y'.repeat(at * 3)}`);

test('after an erasure no file of the store holds a byte of the person, whatever was written and moved before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-erasure-'));
  const store = await openHubStore({
    path: join(folder, 'hub.db'),
    postgres: '',
    master: undefined,
    tell: () => undefined,
  });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { people, devices, topics } = directory(store);
  const found = (): string[] => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(CANARY));
  // Others before, between and behind, so that pages are divided and merged.
  const others = Array.from({ length: 300 }, (_, at) => `${at % 2 ? 'b' : 'z'}other-${at}-${'x'.repeat(at % 80)}`);
  const all = others.flatMap((id, at) => (at % 15 === 0 ? [id, canaries[at / 15] as string] : [id]));
  for (const [at, user] of all.entries()) {
    await people.put(
      { ...change, id: user, by: `user:${user}` },
      { name: user, teams: [`team of ${user}`], data: { user } },
    );
    await devices.put(
      { ...change, by: `user:${user}` },
      `device of ${user}`,
      phone(at, { user, name: user, topics: [user] }),
    );
    await topics.add({ ...change, topic: 'all', user });
    await store.write((tx) =>
      tx
        .insertInto('settings')
        .values({
          app: 'default',
          user,
          doc: JSON.stringify({ user }),
          snoozed_until: null,
          snooze_on_end: null,
          rev: 1,
          updated_at: 1,
        })
        .execute(),
    );
  }
  for (const [at, user] of all.entries()) {
    await people.patch({ ...change, id: user }, { locale: 'de', teams: [`other team of ${user}`, user] });
    await devices.patch(change, `device of ${user}`, { model: `${user} again`, topics: [`${user}2`] });
    if (at % 3 === 0) await devices.put(change, `second of ${user}`, phone(1000 + at, { user, name: user }));
    if (at % 5 === 0) await devices.delete(change, `device of ${user}`);
  }
  expect(found()).not.toEqual([]);
  await Promise.all(canaries.map((id) => people.erase({ ...change, id })));
  expect(found()).toEqual([]);
  expect((await people.list('default', { limit: 1000 })).people).toHaveLength(300);
});

test('what was sent goes with the person: held, collected, waited for, opened, opted out of, and told of in what others got', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-erasure-'));
  const clock = new Clock();
  clock.pass(12 * 3_600_000);
  const store = await openHubStore({
    ...{ path: join(folder, 'hub.db'), postgres: '', master: undefined, tell: () => undefined, now: clock.now },
  });
  const limits = { channels: { sms: [{ max: 5, per_ms: 900_000 }] }, types: {} };
  const hub = hubOfSends(store, clock, { ...policy, limits });
  onTestFinished(async () => {
    await hub.sends.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const found = (): string[] => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(CANARY));
  const user = `${CANARY}-"ada", ü`;
  const others = Array.from({ length: 30 }, (_, at) => (at % 2 ? `a${at}` : `z${at}`));
  for (const [at, id] of [user, ...others].entries()) {
    const addresses = { email: `${id === user ? CANARY : id}@example.com`, phone: `+4915112345${100 + at}` };
    await hub.people.put({ ...change, id }, { ...addresses, consent: { email: true, sms: true } });
    await hub.devices.put(change, `d${at}`, phone(at, { user: id }));
  }
  const alone = (more: object) => hub.send({ to: { users: [user] }, mode: 'push_only', title: CANARY, ...more });
  const all = (more: object) => hub.send({ to: { everyone: true }, mode: 'push_only', title: 'for all', ...more });
  const { id } = await alone({});
  await alone({ mode: undefined, channels: ['sms'] });
  await all({ mode: undefined, channels: ['email', 'sms'] });
  await alone({ digest: { key: CANARY, window: '1h' } });
  await hub.people.optOut({ ...{ app: 'default', user, channel: 'email', type: 'news' }, at: clock.now() });
  await hub.engagements.record({
    ...{ app: 'default', person: user },
    engagements: [{ notification: id, event: 'action', action: CANARY }],
  });
  hub.carrier.fates[iosToken(0)] = 'hold';
  await all({ id: 'held-by-the-provider' });
  await hub.settings.put({ ...change, user }, { enabled: false });
  await all({ id: 'tells-who-was-left-out' });
  await hub.settings.put({ ...change, user }, { quiet_hours: { start: '11:00', end: '15:00' } });
  await alone({});
  await hub.settings.snooze({ ...change, user }, { until: clock.now() + 3_600_000, on_end: 'digest' });
  await alone({});
  await hub.pass(0);
  const page = { app: 'default', kind: 'page', ref: 'to-many', at: clock.now() + 1_000_000, data: user };
  await store.write((tx) => setDue(tx, [page]));
  expect(found()).not.toEqual([]);
  expect(await hub.people.erase({ ...change, id: user })).toMatchObject({ users: 1, opt_outs: 1 });
  expect(found()).toEqual([]);
  const due = await store.db.selectFrom('due').select(['kind', 'ref', 'data']).execute();
  expect(due.filter(({ kind }) => kind === 'digest')).toEqual([]);
  // A send to many goes on behind the person before.
  expect(due.find(({ kind }) => kind === 'page')).toEqual({ kind: 'page', ref: 'to-many', data: 'a9' });
  const sent = hub.carrier.sent.length;
  await hub.pass(24 * 3_600_000);
  expect(hub.carrier.sent.slice(sent).filter((each) => each.includes(CANARY))).toEqual([]);
  expect(await store.db.selectFrom('recipients').select('user').where('user', '=', user).execute()).toEqual([]);
});
