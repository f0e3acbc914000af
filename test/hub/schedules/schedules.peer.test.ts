import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimDue } from '../../../src/hub/timers/due-rows.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, phone } from '../directory.ts';
import { exportOf } from '../export-of.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { type HubOfSchedules, hubOfSchedules } from './hub-of-schedules.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (text: string): number => Date.parse(text);
const notification = { title: 'Stand-up', to: { users: ['ada'] } };

describe.each(hubEngines)('schedules in $name', ({ needs: lacks, start }) => {
  describe('send', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: HubOfSchedules;
    let others: HubOfSchedules[] = [];

    beforeAll(async () => {
      place = await start();
    });
    /** The clock begins on Sunday, 1 November 2026, 12:00 UTC. */
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      hub = hubOfSchedules(await place.open(clock.now), clock);
      await hub.person(1, 'ada');
    });
    afterEach(async () => {
      for (const each of [hub, ...others]) await each.sends.close();
      for (const { store } of others) if (store !== hub.store) await store.close();
      others = [];
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const another = async (): Promise<HubOfSchedules> => {
      const other = hubOfSchedules((await place.again?.(clock.now)) ?? hub.store, clock);
      others.push(other);
      return other;
    };
    /** Times at which something is pushed until then, looked at each half hour. */
    const until = async (text: string): Promise<string[]> => {
      const seen: string[] = [];
      while (clock.ms < at(text)) {
        await hub.pass(30 * MINUTE);
        for (const _ of hub.pushes()) seen.push(new Date(clock.ms).toISOString().slice(5, 16));
      }
      return seen;
    };

    test('at their times, and tell the next ones', async () => {
      const made = await hub.put('s1', { cron: '0 9 * * 1-5', timezone: 'Europe/Berlin', notification });
      expect(made).toMatchObject({
        ...{ created: true, enabled: true, catch_up: 'latest', next_at: '2026-11-02T08:00:00.000Z' },
        next: [2, 3, 4, 5, 6].map((day) => `2026-11-0${day}T08:00:00.000Z`),
      });
      expect(await until('2026-11-03T12:00:00Z')).toEqual(['11-02T08:00', '11-03T08:00']);
      const seen = await hub.view('s1');
      expect(seen).toMatchObject({ last_at: '2026-11-03T08:00:00.000Z', next_at: '2026-11-04T08:00:00.000Z' });
      const row = await hub.store.db
        .selectFrom('notifications')
        .selectAll()
        .where('id', '=', seen?.last_notification ?? '')
        .executeTakeFirstOrThrow();
      expect(hub.opened(row)).toMatchObject({ title: 'Stand-up', about: 'schedule:s1', data: { schedule_id: 's1' } });
      // The same again changes nothing.
      expect(await hub.put('s1', { cron: '0 9 * * 1-5', timezone: 'Europe/Berlin', notification })).toMatchObject({
        ...{ created: false, next_at: '2026-11-04T08:00:00.000Z' },
      });
    });

    test('through both changes of the clock once on each day', async () => {
      clock.ms = at('2027-03-26T12:00:00Z');
      await hub.put('s1', { cron: '30 2 * * *', timezone: 'Europe/Berlin', notification });
      expect(await until('2027-03-29T12:00:00Z')).toEqual(['03-27T01:30', '03-28T01:00', '03-29T00:30']);
      clock.ms = at('2027-10-29T12:00:00Z');
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
      await hub.pass(0);
      hub.pushes();
      expect(await until('2027-11-01T12:00:00Z')).toEqual(['10-30T00:30', '10-31T00:30', '11-01T01:30']);
    });

    test('the last of the times that were missed while nothing ran, or none of them', async () => {
      await hub.put('latest', { cron: '0 * * * *', notification: { ...notification, title: 'latest' } });
      await hub.put('none', { cron: '0 * * * *', catch_up: 'none', notification: { ...notification, title: 'none' } });
      clock.pass(5 * HOUR + 10 * MINUTE);
      const later = await another();
      await later.pass(0);
      expect(later.pushes()).toEqual(['latest']);
      expect(later.ran.toSorted()).toEqual(['missed', 'sent']);
      expect(await later.view('latest')).toMatchObject({ last_at: '2026-11-01T17:00:00.000Z' });
      expect((await later.view('none'))?.last_at).toBeUndefined();
      await later.pass(50 * MINUTE);
      expect(later.pushes().toSorted()).toEqual(['latest', 'none']);
    });

    test('what an instance was only slow to do, whatever is to be made up', async () => {
      await hub.put('none', { cron: '0 * * * *', catch_up: 'none', notification });
      clock.pass(HOUR + 20 * MINUTE);
      await hub.pass(0);
      expect(hub.pushes()).toEqual(['Stand-up']);
    });

    test('one moment once, and are off from then on', async () => {
      expect(await hub.put('s1', { at: '2026-11-01T15:00:00', notification })).toMatchObject({ enabled: true });
      expect(await until('2026-11-01T18:00:00Z')).toEqual(['11-01T15:00']);
      expect(await hub.view('s1')).toMatchObject({ enabled: false, last_at: '2026-11-01T15:00:00.000Z' });
      // Said again, with another text too, it is over all the same.
      await hub.put('s1', { at: '2026-11-01T15:00:00', notification: { ...notification, title: 'B' } });
      expect(await until('2026-11-01T20:00:00Z')).toEqual([]);
      await hub.put('s1', { at: '2026-11-01T21:00:00', notification });
      expect(await until('2026-11-01T22:00:00Z')).toEqual(['11-01T21:00']);
    });

    test('a moment that is over at once, or never', async () => {
      await hub.put('now', { at: '2026-11-01T10:00:00', notification: { ...notification, title: 'now' } });
      expect(await hub.put('never', { at: '2026-11-01T10:00:00', catch_up: 'none', notification })).toMatchObject({
        enabled: false,
      });
      await hub.pass(0);
      expect(hub.pushes()).toEqual(['now']);
      expect(await until('2026-11-02T12:00:00Z')).toEqual([]);
    });

    test('nothing while they are paused, and go on without what passed meanwhile', async () => {
      await hub.put('s1', { every: '1h', notification });
      expect(await until('2026-11-01T13:30:00Z')).toEqual(['11-01T13:00']);
      const { schedule } = await hub.schedules.patch(hub.of('s1'), { enabled: false });
      expect(schedule.next_at).toBeNull();
      expect(await until('2026-11-01T16:30:00Z')).toEqual([]);
      // A back end that says it again says nothing of the pause.
      await hub.put('s1', { every: '1h', notification: { ...notification, title: 'B' } });
      expect(await until('2026-11-01T18:30:00Z')).toEqual([]);
      await hub.schedules.patch(hub.of('s1'), { enabled: true });
      expect(await until('2026-11-01T20:00:00Z')).toEqual(['11-01T19:00', '11-01T20:00']);
      await expect(hub.schedules.patch(hub.of('s1'), { every: null })).rejects.toThrow('one of cron');
      await expect(hub.schedules.patch(hub.of('none'), {})).rejects.toThrow('no such schedule');
    });

    test('by hand, too, which is no time of theirs', async () => {
      await hub.put('s1', { every: '1h', enabled: false, notification });
      const taken = await hub.schedules.runNow('default', 's1');
      expect(taken.recipients).toMatchObject({ total: 1, queued: 1 });
      await hub.pass(0);
      expect(hub.pushes()).toEqual(['Stand-up']);
      expect((await hub.view('s1'))?.last_at).toBeUndefined();
      await expect(hub.schedules.runNow('default', 'none')).rejects.toThrow('no such schedule');
    });

    test('nothing more once they are deleted, nor what is held of them', async () => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '10:00', end: '18:00' } });
      await hub.put('s1', { every: '1h', notification });
      await until('2026-11-01T13:00:00Z');
      expect(await hub.schedules.remove(hub.of('s1'))).toBe(true);
      expect(await hub.schedules.remove(hub.of('s1'))).toBe(false);
      expect(await until('2026-11-02T12:00:00Z')).toEqual([]);
      expect(await hub.store.db.selectFrom('due').select('id').where('kind', '=', 'schedule').execute()).toEqual([]);
    });

    test('each time once, however many instances do it', async () => {
      const instances = [hub, await another(), await another()];
      const ids = Array.from({ length: 20 }, (_, i) => `s${i}`);
      for (const id of ids)
        await hub.schedules.put(hub.of(id), { cron: '0 * * * *', notification: { ...notification, title: id } });
      for (let hour = 1; hour <= 3; hour++) {
        clock.ms = at('2026-11-01T12:00:00Z') + hour * HOUR;
        for (let i = 0; i < 2; i++) await Promise.all(instances.map((each) => each.pass(0)));
        expect(instances.flatMap((each) => each.pushes()).toSorted()).toEqual(ids.toSorted());
      }
    });

    test('a time once that an instance was killed in, and what comes back of it sends nothing', async () => {
      await hub.put('s1', { cron: '0 13 * * *', notification });
      clock.pass(HOUR);
      const claim = { kinds: ['schedule'], now: clock.ms, leaseMs: 30_000, by: 'dead', limit: 10 };
      const stuck = await hub.store.write((tx) => claimDue(tx, hub.store.engine, claim));
      expect(stuck).toHaveLength(1);
      await hub.pass(30_000);
      expect(hub.pushes()).toEqual(['Stand-up']);
      await expect(hub.schedules.works.schedule(stuck)).rejects.toThrow('no longer');
      await hub.pass(0);
      expect(hub.pushes()).toEqual([]);
    });

    test('to no one who was erased; one that was for that person alone is off', async () => {
      await hub.person(2, 'bob');
      await hub.put('both', { every: '1h', notification: { title: 'both', to: { users: ['ada', 'bob'] } } });
      await hub.put('alone', { every: '1h', notification: { title: 'alone', to: { users: ['ada'] } } });
      expect(((await exportOf(hub.people, 'default', 'ada')) as { schedules: object[] }).schedules).toEqual([
        { id: 'alone', title: 'alone' },
        { id: 'both', title: 'both' },
      ]);
      expect(await hub.people.erase({ ...change, id: 'ada' })).toMatchObject({ schedules: 2 });
      expect(await until('2026-11-01T13:00:00Z')).toEqual(['11-01T13:00']);
      expect(await hub.view('alone')).toMatchObject({ enabled: false });
      expect(JSON.stringify(await hub.schedules.list({ app: 'default', limit: 10 }))).not.toContain('"ada"');
      expect(await hub.store.db.selectFrom('schedule_people').select('user').execute()).toEqual([{ user: 'bob' }]);
    });
  });
});
