import { beforeEach, describe, expect, test } from 'vitest';
import { cancelByKey } from '../../../../src/hub/sends/cancelling.ts';
import type { SnoozeEnd } from '../../../../src/hub/settings/snooze.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const HOUR = 3_600_000;
const mail = { email: 'ada@example.com', consent: { email: true } };
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };

describe.each(hubEngines)('what is held, in $name,', ({ needs: lacks, start }) => {
  describe('is asked about again', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await device(1);
    });

    const device = (number: number, more: object = {}) =>
      hub.devices.put(change, `d${number}`, phone(number, { user: 'ada', ...more }));
    const snooze = (ms: number, on_end: SnoozeEnd) =>
      hub.settings.snooze(hub.change('ada'), { until: clock.now() + ms, on_end });
    /** Sends one; the next is a moment later. */
    const push = async (more: object = {}) => {
      const answer = await hub.send({ ...PUSH, ...more });
      clock.pass(1);
      return answer;
    };
    const unread = async () => (await hub.inbox.counts({ app: 'default', user: 'ada' })).unread;

    describe('when a snooze ends:', () => {
      test('release sends each', async () => {
        await snooze(HOUR, 'release');
        await hub.send(PUSH);
        await hub.send(PUSH);
        expect(await hub.decisions()).toEqual(['ada 1 push deferred snoozed', 'ada 1 push deferred snoozed']);
        await hub.pass(HOUR - 1);
        expect(hub.carrier.sent).toEqual([]);
        await hub.pass(1);
        expect(hub.carrier.sent.toSorted()).toEqual(['00000001: m1', '00000001: m2']);
      });

      test('release before its time sends each', async () => {
        await snooze(HOUR, 'release');
        await hub.send(PUSH);
        await hub.settings.wake(hub.change('ada'));
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
      });

      test('before its time it is over at once, also where the clock is set back while that waits for the store', async () => {
        await snooze(HOUR, 'release');
        const { promise, resolve } = Promise.withResolvers<void>();
        const others = hub.store.write(() => promise);
        const waking = hub.settings.wake(hub.change('ada'));
        clock.pass(-60_000);
        resolve();
        await Promise.all([others, waking]);
        await hub.send(PUSH);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
      });

      test('digest makes one of all', async () => {
        await snooze(HOUR, 'digest');
        const { id } = await push();
        await push();
        expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
        await hub.pass(HOUR - 3);
        expect(hub.carrier.sent).toEqual([]);
        await hub.pass(1);
        expect(hub.carrier.sent).toEqual(['00000001: m1\nm2']);
        expect(hub.carrier.taken[0]?.notification).toMatchObject({
          title: '2 notifications',
          data: { type: 'digest' },
        });
        expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);
        expect(await hub.statusOf(id)).toBe('done');
        await hub.pass(24 * HOUR);
        expect(hub.carrier.sent).toHaveLength(1);
      });

      test('digest before its time makes one of all, and no second one at the time it was to end', async () => {
        await snooze(HOUR, 'digest');
        await push();
        await push();
        await hub.settings.wake(hub.change('ada'));
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1\nm2']);
        await hub.pass(HOUR);
        expect(hub.carrier.sent).toHaveLength(1);
      });

      test('digest of a snooze that was made longer leaves at the later end', async () => {
        await snooze(HOUR, 'digest');
        await push();
        await snooze(3 * HOUR, 'digest');
        await push();
        await hub.pass(3 * HOUR - 2);
        expect(hub.carrier.sent).toEqual([]);
        await hub.pass(1);
        expect(hub.carrier.sent).toEqual(['00000001: m1\nm2']);
      });

      test('what was to be collected is released where the snooze says so later', async () => {
        await snooze(HOUR, 'digest');
        await hub.send(PUSH);
        await hub.send(PUSH);
        await snooze(HOUR, 'release');
        await hub.pass(0);
        await hub.pass(HOUR);
        expect(hub.carrier.sent.toSorted()).toEqual(['00000001: m1', '00000001: m2']);
      });

      test('clear sends nothing of it, by no way, and leaves it in the inbox', async () => {
        await hub.people.put({ ...change, id: 'ada' }, mail);
        await snooze(HOUR, 'clear');
        const { id, recipients } = await hub.send({
          ...{ to: { users: ['ada'] }, channels: ['push', 'email'], mode: 'hybrid' },
        });
        expect(recipients).toMatchObject({ held: 1 });
        expect(await hub.decisions(id)).toEqual(['ada 1 push deferred snoozed', 'ada 2 email pending']);
        await hub.pass(HOUR);
        expect(await hub.decisions(id)).toEqual(['ada 1 push suppressed snoozed', 'ada 2 email suppressed snoozed']);
        expect(hub.carrier.sent).toEqual([]);
        expect(await hub.statusOf(id)).toBe('done');
        expect(await unread()).toBe(1);
        await hub.send(PUSH);
        expect(hub.carrier.sent).toEqual(['00000001: m2']);
      });

      test('clear before its time does the same', async () => {
        await snooze(HOUR, 'clear');
        const { id } = await hub.send(PUSH);
        await hub.settings.wake(hub.change('ada'));
        await hub.pass(0);
        expect(await hub.decisions(id)).toEqual(['ada 1 push suppressed snoozed']);
        await hub.pass(HOUR);
        expect(hub.carrier.sent).toEqual([]);
      });

      test('what was to be cleared is released where the person has thought better of it', async () => {
        await snooze(HOUR, 'clear');
        await hub.send(PUSH);
        await snooze(HOUR, 'release');
        await hub.pass(0);
        await hub.pass(HOUR);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
      });
    });

    describe('when it expires:', () => {
      const quiet = { quiet_hours: { windows: [{ from: '10:00', until: '20:00' }] } };
      const expiring = (hours: number) => ({ ...PUSH, expires_at: new Date(clock.now() + hours * HOUR).toISOString() });
      const send_at = () => new Date(clock.now() + 4 * HOUR).toISOString();

      test.each(['quiet hours', 'a snooze', 'a time of the sender'])(
        '%s that end later do not keep it',
        async (why) => {
          if (why === 'quiet hours') await hub.settings.put(hub.change('ada'), quiet);
          if (why === 'a snooze') await snooze(4 * HOUR, 'release');
          const at = why === 'a time of the sender' ? { send_at: send_at() } : {};
          const { id } = await hub.send({ ...expiring(2), ...at });
          await hub.pass(2 * HOUR - 1);
          expect(await hub.decisions(id)).toEqual([expect.stringMatching(/^ada 1 push deferred/)]);
          await hub.pass(1);
          expect(await hub.decisions(id)).toEqual(['ada 1 push expired expired']);
          expect(await hub.statusOf(id)).toBe('expired');
          await hub.pass(8 * HOUR);
          expect(hub.carrier.sent).toEqual([]);
        },
      );

      test('it leaves where quiet hours end before that, or are taken back', async () => {
        await hub.settings.put(hub.change('ada'), quiet);
        await hub.send(expiring(9));
        await hub.send(expiring(2));
        await hub.pass(HOUR);
        expect(hub.carrier.sent).toEqual([]);
        await hub.settings.put(hub.change('ada'), { quiet_hours: { windows: [{ from: '19:00', until: '20:00' }] } });
        await hub.pass(0);
        expect(hub.carrier.sent.toSorted()).toEqual(['00000001: m1', '00000001: m2']);
      });

      test('what a snooze clears is cleared with it', async () => {
        await snooze(4 * HOUR, 'clear');
        const { id } = await hub.send(expiring(2));
        await hub.pass(4 * HOUR);
        expect(await hub.decisions(id)).toEqual([expect.stringMatching(/^ada 1 push (?:expired|suppressed)/)]);
        expect(hub.carrier.sent).toEqual([]);
      });
    });

    describe('when it is collected:', () => {
      const collect = () => hub.settings.put(hub.change('ada'), { digest: { mode: 'daily', at: '14:00' } });

      test('what was cancelled, read, or has expired meanwhile is in no digest', async () => {
        await collect();
        const all = await Promise.all(
          [{ cancel_key: 'c' }, {}, { expires_at: new Date(clock.now() + HOUR).toISOString() }, {}].map((more, index) =>
            hub.send({ ...PUSH, ...more, message: `n${index}` }),
          ),
        );
        await cancelByKey({ store: hub.store, now: clock.now }, 'default', 'c');
        await hub.inbox.mark({ app: 'default', user: 'ada' }, all[1]?.id ?? '', 'read');
        await hub.pass(2 * HOUR);
        expect(hub.carrier.sent).toEqual(['00000001: n3']);
        expect(hub.carrier.taken[0]?.notification).toMatchObject({ title: '1 notification' });
        const ended = await Promise.all(all.map(({ id }) => hub.decisions(id)));
        expect(ended.flat()).toEqual([
          'ada 1 push cancelled cancelled',
          'ada 1 push cancelled read',
          'ada 1 push expired expired',
          'ada 1 push sent',
        ]);
        expect(await Promise.all(all.map(({ id }) => hub.statusOf(id)))).toEqual([
          'cancelled',
          'done',
          'expired',
          'done',
        ]);
      });

      test('what the person has switched off since is in no digest', async () => {
        await collect();
        const off = await hub.send({ ...PUSH, type: 'news' });
        await hub.send({ ...PUSH, type: 'alarm' });
        await hub.settings.patch(hub.change('ada'), { types: { news: false } });
        await hub.pass(0);
        expect(await hub.decisions(off.id)).toEqual(['ada 1 push suppressed type_disabled']);
        await hub.pass(2 * HOUR);
        expect(hub.carrier.sent).toEqual(['00000001: m2']);
      });

      test('it leaves when the person says so now, in one digest', async () => {
        await collect();
        await push();
        await push();
        await hub.settings.patch(hub.change('ada'), { digest: { at: '13:00' } });
        await hub.pass(0);
        await hub.pass(HOUR);
        expect(hub.carrier.sent).toEqual(['00000001: m1\nm2']);
        await hub.pass(HOUR);
        expect(hub.carrier.sent).toHaveLength(1);
      });

      test("a sender's digest keeps the window that began with its first item", async () => {
        await hub.send({ ...PUSH, digest: { key: 'k', window: '1h' } });
        await hub.pass(HOUR / 2);
        await hub.settings.put(hub.change('ada'), { locale: 'de' });
        await hub.pass(HOUR / 2);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
      });
    });

    describe('when a clock is another:', () => {
      // It is noon in London, 13:00 in Berlin, 21:00 in Tokyo, 7:00 in New York.
      const quiet = (start: string, end: string) =>
        hub.settings.put(hub.change('ada'), { quiet_hours: { start, end } });
      const untilOf = async (): Promise<(number | null)[]> => {
        const rows = await hub.store.db.selectFrom('decisions').select('until').execute();
        return rows.map(({ until }) => until);
      };

      test('the zone of a person moves the end of quiet hours at once', async () => {
        await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Asia/Tokyo' });
        await quiet('20:00', '22:00');
        await hub.send(PUSH);
        expect(await untilOf()).toEqual([clock.now() + HOUR]);
        await quiet('20:00', '23:00');
        await hub.pass(0);
        expect(await untilOf()).toEqual([clock.now() + 2 * HOUR]);
        await hub.people.patch({ ...change, id: 'ada' }, { timezone: 'Europe/Berlin' });
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
      });

      test('without a zone of the person that of the hub counts, at once', async () => {
        await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Asia/Tokyo' });
        await quiet('20:00', '22:00');
        await hub.send(PUSH);
        await hub.people.put({ ...change, id: 'ada' }, {});
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
      });

      test('the zone of a device counts for pushes to it, and that of the person for the others', async () => {
        await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Asia/Tokyo' });
        await device(2);
        await quiet('20:00', '22:00');
        await hub.send(PUSH);
        await device(1, { timezone: 'Europe/Berlin' });
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
        await hub.devices.patch(change, 'd2', { timezone: 'America/New_York' });
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1', '00000002: m1']);
      });

      test('a device that is heard of leads mails to its own zone', async () => {
        await hub.people.put({ ...change, id: 'ada' }, mail);
        await device(1, { timezone: 'Asia/Tokyo' });
        await quiet('20:00', '23:00');
        const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['email'] });
        expect(await hub.decisions(id)).toEqual(['ada 1 email deferred quiet_hours']);
        clock.pass(1);
        await device(2, { timezone: 'Europe/Berlin' });
        await hub.pass(0);
        expect(await hub.decisions(id)).toEqual(['ada 1 email sent']);
      });

      test('what is scheduled for a time of the person moves with the zone, and in the inbox', async () => {
        await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Europe/Berlin' });
        const { id } = await hub.send({ ...PUSH, send_at: '2026-11-01T15:00:00', timezone: 'user' });
        expect(await untilOf()).toEqual([clock.now() + 2 * HOUR]);
        expect(await unread()).toBe(0);
        await hub.people.patch({ ...change, id: 'ada' }, { timezone: 'Europe/London' });
        await hub.pass(0);
        expect(await untilOf()).toEqual([clock.now() + 3 * HOUR]);
        await hub.pass(2 * HOUR);
        expect(await unread()).toBe(0);
        await hub.people.patch({ ...change, id: 'ada' }, { timezone: 'Asia/Tokyo' });
        await hub.pass(0);
        expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);
        expect(await unread()).toBe(1);
      });
    });

    test('a consent that is taken back, or a device that is signed out, ends it at once', async () => {
      await hub.people.put({ ...change, id: 'ada' }, mail);
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['push', 'email'], mode: 'redundant' });
      await hub.people.patch({ ...change, id: 'ada' }, { consent: { email: false } });
      await hub.pass(0);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred quiet_hours', 'ada 2 email suppressed no_consent']);
      await hub.devices.put(change, 'd1', phone(1, { user: null }));
      await hub.pass(0);
      expect(await hub.decisions(id)).toEqual([
        'ada 1 push suppressed no_devices',
        'ada 2 email suppressed no_consent',
      ]);
      expect(await hub.statusOf(id)).toBe('done');
      const deleted = await hub.send(PUSH);
      await device(2);
      const other = await hub.send(PUSH);
      await hub.devices.delete(change, 'd2');
      await hub.pass(0);
      expect(await hub.decisions(deleted.id)).toEqual(['ada 1 push suppressed no_devices']);
      expect(await hub.decisions(other.id)).toEqual(['ada 1 push suppressed no_devices']);
    });
  });
});
