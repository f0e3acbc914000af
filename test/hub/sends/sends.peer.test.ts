import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { words } from '../../../src/hub/notifications/words.ts';
import { findNotification } from '../../../src/hub/sends/rows/notification-rows.ts';
import { peopleView } from '../../../src/hub/sends/views/notification-view.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { Clock, change, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { policy as usualPolicy } from '../notifications/decide-cases.ts';
import { hubOfSends } from './hub-of-sends.ts';

const HOUR = 3_600_000;
const mail = { email: 'ada@example.com', consent: { email: true } };

describe.each(hubEngines)('sends in $name', ({ needs: lacks, start }) => {
  describe('reach people', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      // Noon.
      clock.pass(12 * HOUR);
      hub = hubOfSends(await place.open(clock.now), clock);
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const device = (number: number, user: string | null, more: object = {}) =>
      hub.devices.put(change, `d${number}`, phone(number, { user, ...more }));

    test('a push goes to each device of the person, and the notification is done', async () => {
      await device(1, 'ada');
      await device(2, 'ada');
      const answer = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      expect(answer).toMatchObject({ status: 'pending', recipients: { total: 1, queued: 1, unknown: 0 } });
      expect(hub.carrier.sent).toEqual(['00000001: m1', '00000002: m1']);
      expect(hub.carrier.taken).toHaveLength(1);
      expect(await hub.decisions()).toEqual(['ada 1 push sent', 'ada 1 push sent']);
      expect(await hub.statusOf(answer.id)).toBe('done');
      expect(await hub.store.db.selectFrom('handovers').selectAll().execute()).toEqual([]);
      expect(hub.sends.underWay).toBe(0);
    });

    test('who has no device, is not known or has switched it off is told in the answer', async () => {
      await device(1, 'ada');
      await hub.people.put({ ...change, id: 'bob' }, {});
      await device(3, 'cyd');
      await hub.settings.put(hub.change('cyd'), { enabled: false });
      const answer = await hub.send({ to: { users: ['ada', 'bob', 'cyd', 'dan'] }, mode: 'push_only' });
      expect(answer.recipients).toEqual({
        ...{ total: 4, queued: 1, held: 0, suppressed: 1, no_channel: 1, unknown: 1 },
        ids: { suppressed: ['cyd'], no_channel: ['bob'], unknown: ['dan'] },
      });
      expect(await hub.decisions()).toEqual([
        'ada 1 push sent',
        'bob 1 push suppressed no_devices',
        'cyd 1 push suppressed user_disabled',
      ]);
      const none = await hub.send({ to: { users: ['bob', 'dan'] }, mode: 'push_only' });
      expect(none.status).toBe('unreachable');
    });

    test('a device that two people share gets one push for both', async () => {
      await hub.devices.put(change, 'd1', phone(1, { users: ['ada', 'bob'] }));
      await hub.send({ to: { users: ['ada', 'bob'] }, mode: 'push_only' });
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.decisions()).toEqual(['ada 1 push sent', 'bob 1 push sent']);
    });

    test('an address that two people share gets one message for both', async () => {
      for (const id of ['ada', 'bob']) await hub.people.put({ ...change, id }, mail);
      const { id } = await hub.send({ to: { users: ['ada', 'bob'] }, channels: ['email'] });
      expect(hub.carrier.sent).toEqual(['ada@exam: m1']);
      expect(await hub.decisions(id)).toEqual(['ada 1 email sent', 'bob 1 email sent']);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('teams, roles, topics, devices and everyone are each person once', async () => {
      await hub.people.put({ ...change, id: 'ada' }, { teams: ['red'], roles: ['lead'] });
      await hub.people.put({ ...change, id: 'bob' }, { teams: ['red'] });
      await hub.people.put({ ...change, id: 'cyd' }, {});
      for (const [index, user] of ['ada', 'bob', 'cyd'].entries()) await device(index + 1, user);
      await device(4, 'cyd', { topics: ['news'] });
      const sent = async (to: object): Promise<string[]> => {
        hub.carrier.taken.length = 0;
        await hub.send({ to, mode: 'push_only' });
        return hub.carrier.sent.map((each) => each.slice(7, 8));
      };
      expect(await sent({ teams: ['red'], roles: ['lead'], users: ['ada'] })).toEqual(['1', '2']);
      expect(await sent({ topics: ['news'] })).toEqual(['4']);
      expect(await sent({ devices: ['d3'] })).toEqual(['3']);
      expect(await sent({ everyone: true, except: ['bob'] })).toEqual(['1', '3', '4']);
      const unknown = await hub.send({ to: { devices: ['nope'] } });
      expect(unknown).toMatchObject({
        status: 'unreachable',
        recipients: { unknown: 1, ids: { unknown: ['device:nope'] } },
      });
    });

    test('everyone is more than one page', async () => {
      const rows = Array.from({ length: 1203 }, (_, i) => i);
      for (const i of rows) await hub.devices.put(change, `d${i}`, phone(i, { user: `u${i}` }));
      const answer = await hub.send({ to: { everyone: true }, mode: 'push_only' });
      expect(answer.recipients).toMatchObject({ total: 1203, queued: 500, undecided: 703 });
      await hub.pass(1000);
      await hub.pass(1000);
      expect(hub.carrier.sent).toHaveLength(1203);
      expect(new Set(hub.carrier.sent).size).toBe(1203);
      const kept = await hub.store.db.selectFrom('notifications').select(['status', 'totals']).executeTakeFirst();
      expect(kept?.status).toBe('done');
      expect(JSON.parse(kept?.totals ?? '')).toMatchObject({ total: 1203, queued: 1203, no_channel: 0 });
    });

    test('a send in pages is done also when its last page sends nothing, and what went before has ended', async () => {
      const rows = Array.from({ length: 500 }, (_, i) => i);
      for (const i of rows) await hub.devices.put(change, `d${i}`, phone(i, { user: `a${i}` }));
      await hub.people.put({ ...change, id: 'z' }, {});
      const { id } = await hub.send({ to: { everyone: true }, mode: 'push_only' });
      await hub.pass(1000);
      expect(hub.carrier.sent).toHaveLength(500);
      expect((await hub.decisions(id)).at(-1)).toBe('z 1 push suppressed no_devices');
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('the same id again is the first answer, and with another body a conflict', async () => {
      await device(1, 'ada');
      const body = { id: 'n1', to: { users: ['ada'] }, mode: 'push_only', message: 'hi' };
      const first = await hub.send(body);
      expect(await hub.send(body)).toMatchObject({ id: 'n1', recipients: first.recipients });
      expect(hub.carrier.sent).toEqual(['00000001: hi']);
      await expect(hub.send({ ...body, message: 'ho' })).rejects.toMatchObject({ kind: 'conflict' });
    });

    test('a hybrid plan waits for the stream, then pushes, and mails when no push could be sent', async () => {
      await hub.people.put({ ...change, id: 'ada' }, mail);
      await device(1, 'ada');
      hub.presence.set('ada', 'active');
      await hub.send({ to: { users: ['ada'] }, channels: ['realtime', 'push', 'email'], mode: 'hybrid' });
      expect(hub.carrier.sent).toEqual([]);
      await hub.pass(6999);
      expect(hub.carrier.sent).toEqual([]);
      await hub.pass(1);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.decisions()).toEqual([
        'ada 1 realtime sent',
        'ada 2 push sent',
        'ada 3 email cancelled superseded',
      ]);
      hub.carrier.fates[iosToken(1)] = 'refuse';
      await hub.send({ to: { users: ['ada'] }, channels: ['realtime', 'push', 'email'], mode: 'hybrid' });
      await hub.pass(7000);
      expect(hub.carrier.sent.at(-1)).toBe('ada@exam: m2');
    });

    test('a channel that failed for the person lately goes behind one that worked', async () => {
      const learning = hubOfSends(hub.store, clock, { ...usualPolicy, learnChannels: true });
      await hub.people.put(
        { ...change, id: 'ada' },
        { ...mail, phone: '+306900000000', consent: { email: true, sms: true } },
      );
      learning.carrier.fates['ada@example.com'] = 'refuse';
      const body = { to: { users: ['ada'] }, channels: ['email', 'sms'], mode: 'hybrid' };
      for (let i = 0; i < 3; i++) await learning.send(body);
      await learning.pass(0);
      const { id } = await learning.send(body);
      expect(await learning.decisions(id)).toEqual(['ada 1 sms sent', 'ada 2 email cancelled superseded']);
      await learning.sends.close();
    });

    test('a dead token is never sent to again', async () => {
      await device(1, 'ada');
      hub.carrier.fates[iosToken(1)] = 'dead';
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      expect(await hub.decisions(id)).toEqual(['ada 1 push failed Unregistered']);
      expect(await hub.devices.view('default', 'd1')).toMatchObject({ body: { status: 'invalid' } });
      const next = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      expect(next.recipients).toMatchObject({ no_channel: 1 });
      expect(hub.carrier.sent).toHaveLength(1);
    });

    test('what quiet hours hold leaves at their end, and sooner when the settings change', async () => {
      await device(1, 'ada');
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const first = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      expect(first.recipients).toMatchObject({ held: 1 });
      await hub.pass(3 * HOUR - 1);
      expect(hub.carrier.sent).toEqual([]);
      await hub.pass(1);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.statusOf(first.id)).toBe('done');

      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '23:00' } });
      await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      await hub.settings.put(hub.change('ada'), {});
      await hub.pass(0);
      expect(hub.carrier.sent).toHaveLength(2);
    });

    test('a mail respects quiet hours in the zone of the device that was seen last', async () => {
      await hub.people.put({ ...change, id: 'ada' }, mail);
      await device(1, 'ada', { timezone: 'Asia/Tokyo' });
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '20:00', end: '22:00' } });
      const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['email'] });
      expect(await hub.decisions(id)).toEqual(['ada 1 email deferred quiet_hours']);
      await hub.pass(HOUR);
      expect(await hub.decisions(id)).toEqual(['ada 1 email sent']);
    });

    test('what is held is asked about again: no device of that person any more, nothing is sent', async () => {
      await device(1, 'ada');
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      await device(1, 'bob');
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual([]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push suppressed no_devices']);
    });

    test('a later notification with the same collapse key takes the place of what has not left', async () => {
      await device(1, 'ada');
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const old = await hub.send({ to: { users: ['ada'] }, mode: 'push_only', collapse_key: 'score' });
      const other = await hub.send({ to: { users: ['ada'] }, mode: 'push_only', collapse_key: 'score' });
      expect(await hub.decisions(old.id)).toEqual(['ada 1 push cancelled superseded']);
      expect(await hub.statusOf(old.id)).toBe('done');
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m2']);
      expect(await hub.statusOf(other.id)).toBe('done');
    });

    test('what the carrier does not take is handed over again', async () => {
      await device(1, 'ada');
      hub.carrier.isFull = true;
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      await until(async () => (await hub.decisions(id))[0] === 'ada 1 push deferred');
      await hub.pass(500);
      expect(await hub.statusOf(id)).toBe('pending');
      hub.carrier.isFull = false;
      await hub.pass(2000);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('a push that waits for a retry says how often it was sent, why, and until when it waits', async () => {
      await device(1, 'ada');
      hub.carrier.fates[iosToken(1)] = 'hold';
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      const [batch] = hub.carrier.taken;
      if (!batch) throw new Error('no batch');
      const shown = async () => {
        const row = await findNotification(hub.store.db, 'default', id);
        const people = await peopleView(hub.store, row as never, { limit: 1, after: '' }, ({ ...decision }) => ({
          words: words(decision),
        }));
        return people[0]?.decisions[0];
      };
      hub.carrier.retry(batch, iosToken(1), 1, 1000);
      hub.carrier.retry(batch, iosToken(1), 2, 90_000);
      await hub.pass(0);
      expect(await shown()).toMatchObject({
        ...{ state: 'pending', attempts: 2, reason: 'TooManyRequests', category: 'unavailable' },
        until: new Date(clock.now() + 90_000).toISOString(),
        words:
          'It could not be sent by push yet: TooManyRequests. It is tried again at 12:01:30 on 1 November 2026 (UTC).',
      });
      // A process that has taken the batch over knows it by its row.
      if (place.again) {
        const other = hubOfSends((await place.again(clock.now)) as never, clock);
        other.carrier.retry(batch, iosToken(1), 3, 1000);
        await other.sends.settle();
        expect(await shown()).toMatchObject({ attempts: 3 });
        await other.sends.close();
        await other.store.close();
      }
      hub.carrier.finish(batch, iosToken(1), 'accept');
      hub.carrier.retry(batch, iosToken(1), 4, 1000);
      await hub.pass(0);
      const after = await shown();
      expect(after).toMatchObject({ state: 'sent', attempts: 1 });
      expect(after).not.toHaveProperty('reason');
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('a push that waits for a retry is not wanted after a sign-out, and goes to a new token of the same device', async () => {
      await device(1, 'ada');
      hub.carrier.fates[iosToken(1)] = 'hold';
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      const [batch] = hub.carrier.taken;
      if (!batch) throw new Error('no batch');
      expect(await hub.carrier.stillWanted(batch)).toEqual([true]);
      await hub.devices.put(change, 'd1', phone(7, { user: 'ada' }));
      expect(await hub.carrier.stillWanted(batch)).toEqual([false]);
      hub.carrier.finish(batch, iosToken(1), 'cancelled');
      await hub.pass(0);
      expect(hub.carrier.sent).toEqual(['00000001: m1', '00000007: m1']);
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);

      hub.carrier.fates[iosToken(7)] = 'hold';
      const next = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      const waiting = hub.carrier.taken.at(-1);
      if (!waiting) throw new Error('no batch');
      await hub.devices.put(change, 'd1', phone(7, { user: null }));
      expect(await hub.carrier.stillWanted(waiting)).toEqual([false]);
      hub.carrier.finish(waiting, iosToken(7), 'cancelled');
      await hub.pass(0);
      expect(await hub.decisions(next.id)).toEqual(['ada 1 push cancelled no_devices']);
      expect(await hub.statusOf(next.id)).toBe('done');
    });

    test('a digest collects what comes in its window, from the first item on', async () => {
      await device(1, 'ada');
      const body = { to: { users: ['ada'] }, mode: 'push_only', digest: { key: 'k', window: '15m' } };
      const first = await hub.send(body);
      await hub.pass(10 * 60_000);
      await hub.send(body);
      await hub.pass(5 * 60_000 - 1);
      expect(hub.carrier.sent).toEqual([]);
      await hub.pass(1);
      expect(hub.carrier.sent).toEqual(['00000001: m1\nm2']);
      expect(await hub.decisions(first.id)).toEqual(['ada 1 push sent']);
      expect(await hub.statusOf(first.id)).toBe('done');
      await hub.send(body);
      await hub.pass(15 * 60_000);
      expect(hub.carrier.sent.at(-1)).toBe('00000001: m3');
    });

    test('a digest that quiet hours hold leaves at their end, and is not collected again', async () => {
      await device(1, 'ada');
      const quiet = { windows: [{ from: '13:00', until: '15:00' }] };
      await hub.settings.put(hub.change('ada'), { digest: { mode: 'daily', at: '14:00' }, quiet_hours: quiet });
      await hub.send({ to: { users: ['ada'] }, mode: 'push_only', title: 'one' });
      await hub.pass(2 * HOUR);
      expect(await hub.decisions()).toEqual(['ada 1 push deferred digested']);
      await hub.pass(HOUR);
      expect(hub.carrier.sent).toHaveLength(1);
      expect(await hub.decisions()).toEqual(['ada 1 push sent', 'ada 1 push sent']);
    });

    test('200 at the same moment are one digest of 200', async () => {
      await device(1, 'ada');
      const body = { to: { users: ['ada'] }, mode: 'push_only', digest: { key: 'k', window: '1m' } };
      await Promise.all(Array.from({ length: 200 }, () => hub.send(body)));
      await hub.pass(60_000);
      expect(hub.carrier.sent).toHaveLength(1);
      expect(hub.carrier.sent[0]).toMatch(/\nand 190 more$/);
    });

    test('what a process that died had handed over leaves again, once', async () => {
      if (!place.again) return;
      await device(1, 'ada');
      hub.carrier.fates[iosToken(1)] = 'hold';
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      const others = [1, 2].map(async () => hubOfSends((await place.again?.(clock.now)) as never, clock));
      const [second, third] = await Promise.all(others);
      if (!second || !third) throw new Error('no other instance');
      await hub.sends.takeOver();
      await second.sends.takeOver();
      expect(second.carrier.sent).toEqual([]);
      clock.pass(11_000);
      await Promise.all([second.sends.takeOver(), third.sends.takeOver()]);
      await Promise.all([second.sends.settle(), third.sends.settle()]);
      await Promise.all([second.sends.settle(), third.sends.settle()]);
      expect([...second.carrier.sent, ...third.carrier.sent]).toEqual(['00000001: m1']);
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);
      for (const each of [second, third]) {
        await each.sends.close();
        await each.store.close();
      }
    });
  });
});
