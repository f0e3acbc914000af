import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimDue } from '../../../../src/hub/timers/due-rows.ts';
import { needs } from '../../../support/needs.ts';
import { Clock, change, phone } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { type HubOfTasks, hubOfTasks } from '../hub-of-tasks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (text: string): number => Date.parse(text);

describe.each(hubEngines)('what people hear of their tasks once a day, in $name', ({ needs: lacks, start }) => {
  describe('is', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: HubOfTasks;
    let others: HubOfTasks[] = [];

    beforeAll(async () => {
      place = await start();
    });
    /** The clock begins on Sunday, 1 November 2026, 12:00 UTC. */
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      hub = hubOfTasks(await place.open(clock.now), clock);
      await hub.person(1, 'ada');
      await hub.person(2, 'bob');
    });
    afterEach(async () => {
      for (const each of [hub, ...others]) await each.sends.close();
      others = [];
      await hub.store.close();
    });
    afterAll(() => place?.end());

    /** `<time> <type> → <token>: <title>` of what is pushed until then, looked at each half hour. */
    const until = async (text: string): Promise<string[]> => {
      hub.pushes();
      const seen: string[] = [];
      while (clock.ms < at(text)) {
        await hub.pass(30 * MINUTE);
        const time = new Date(clock.ms).toISOString().slice(5, 16);
        for (const push of hub.pushes()) seen.push(`${time} ${push.replace('task.', '')}`);
      }
      return seen;
    };

    test('a reminder of what is due today and tomorrow, of what is overdue, and a digest', async () => {
      await hub.put('t1', { title: 'A', due_on: '2026-11-03', users: ['ada'] });
      await hub.put('t2', { title: 'B', due_at: '2026-11-02T22:30:00Z', users: ['ada'], state: 'in_progress' });
      await hub.put('t3', { title: 'C', users: ['bob'] });
      expect(await until('2026-11-04T12:00:00Z')).toEqual([
        '11-01T20:00 reminder → 1: B',
        '11-02T11:00 digest → 1: 2 tasks to do',
        '11-02T11:00 digest → 2: 1 task to do',
        '11-02T20:00 reminder → 1: B',
        '11-02T20:00 reminder → 1: A',
        '11-03T09:00 overdue → 1: B',
        '11-03T11:00 digest → 1: 2 tasks to do',
        '11-03T11:00 digest → 2: 1 task to do',
        '11-03T20:00 reminder → 1: A',
        '11-04T09:00 overdue → 1: B',
        '11-04T09:00 overdue → 1: A',
        '11-04T11:00 digest → 1: 2 tasks to do',
        '11-04T11:00 digest → 2: 1 task to do',
      ]);
      const [digest] = await hub.store.db
        .selectFrom('notifications')
        .selectAll()
        .where('type', '=', 'task.digest')
        .orderBy('created_at', 'desc')
        .limit(1)
        .execute();
      expect(hub.opened(digest as never)).toMatchObject({ type: 'task.digest' });
    });

    test('five overdue ones alone, those that are late the longest, and one summary of all', async () => {
      for (const day of [27, 22, 26, 21, 25, 23, 24])
        await hub.put(`t${day}`, { title: `${day}`, due_on: `2026-10-${day}`, users: ['ada'] });
      for (const day of [1, 2, 3, 4, 5])
        await hub.put(`b${day}`, { title: `b${day}`, due_on: `2026-10-0${day}`, users: ['bob'] });
      const seen = (await until('2026-11-02T09:00:00Z')).map((line) => line.slice(12));
      expect(seen.filter((line) => line.includes('→ 1'))).toEqual([
        ...[21, 22, 23, 24, 25].map((day) => `overdue → 1: ${day}`),
        'overdue_summary → 1: 7 tasks are overdue',
      ]);
      expect(seen.filter((line) => line.includes('→ 2'))).toEqual([1, 2, 3, 4, 5].map((day) => `overdue → 2: b${day}`));
      expect(hub.told.at(-1)).toBe('task.overdue_summary 1');
    });

    test('nothing of a task that was done, moved, taken from the person or deleted meanwhile', async () => {
      const due = { due_on: '2026-11-02', users: ['ada'] };
      for (const id of ['done', 'moved', 'taken', 'deleted', 'left']) await hub.put(id, { ...due, title: id });
      await hub.put('done', { ...due, title: 'done', state: 'completed' });
      await hub.put('moved', { ...due, title: 'moved', due_on: '2026-11-20' });
      await hub.put('taken', { ...due, title: 'taken', users: [] });
      await hub.tasks.remove({ app: 'default', id: 'deleted', caller: 'k' });
      expect(await until('2026-11-01T20:00:00Z')).toEqual(['11-01T20:00 reminder → 1: left']);
    });

    test('nothing more of what is held for the person, once it is done or has another date', async () => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '19:00', end: '08:00' } });
      for (const id of ['done', 'moved', 'left'])
        await hub.put(id, { title: id, due_on: '2026-11-02', users: ['ada'] });
      expect(await until('2026-11-01T21:00:00Z')).toEqual([]);
      await hub.put('done', { title: 'done', due_on: '2026-11-02', users: ['ada'], state: 'completed', by: 'ada' });
      await hub.put('moved', { title: 'moved', due_on: '2026-11-20', users: ['ada'], by: 'ada' });
      expect(await until('2026-11-02T08:00:00Z')).toEqual(['11-02T08:00 reminder → 1: left']);
    });

    test("told by each person's clock, which a device or the person's settings may move", async () => {
      hub.policy.timezone = undefined;
      await hub.people.put({ ...change, id: 'bob' }, { timezone: 'America/New_York' });
      await hub.put('t1', { title: 'A', due_on: '2026-11-02', users: ['ada', 'bob'] });
      expect(await until('2026-11-02T01:00:00Z')).toEqual([
        '11-01T16:00 digest → 2: 1 task to do',
        '11-01T20:00 reminder → 1: A',
        '11-02T01:00 reminder → 2: A',
      ]);
      // Bob flies to Berlin: it is due there at 09:00 of 3 November, an hour before London's and six before New York's.
      await hub.devices.put(change, 'd2', phone(2, { user: 'bob', timezone: 'Europe/Berlin' }));
      const seen = await until('2026-11-03T09:00:00Z');
      expect(seen.filter((line) => line.includes('→ 2'))).toEqual([
        '11-02T10:00 digest → 2: 1 task to do',
        '11-02T19:00 reminder → 2: A',
        '11-03T08:00 overdue → 2: A',
      ]);
    });

    test('said once for a date, also to who flies back over the date line', async () => {
      hub.policy.timezone = undefined;
      await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Pacific/Auckland' });
      await hub.put('t1', { title: 'A', users: ['ada'] });
      // 11:00 of 2 November in Auckland.
      expect(await until('2026-11-01T22:00:00Z')).toEqual(['11-01T22:00 digest → 1: 1 task to do']);
      await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Pacific/Honolulu' });
      // 11:00 of 1 and 2 November in Honolulu say nothing new.
      expect(await until('2026-11-03T22:00:00Z')).toEqual(['11-03T21:00 digest → 1: 1 task to do']);
    });

    test('at the hour of the clock on the wall through both changes of it', async () => {
      hub.policy.timezone = 'America/New_York';
      hub.policy.at = { reminder: 2 * 60 + 30 };
      clock.ms = at('2027-03-12T12:00:00Z');
      await hub.put('t1', { title: 'A', due_on: '2027-03-14', users: ['ada'] });
      await hub.put('t2', { title: 'B', due_on: '2027-11-07', users: ['ada'] });
      expect(await until('2027-03-15T12:00:00Z')).toEqual([
        '03-13T07:30 reminder → 1: A',
        // 02:30 is not there on the 14th: the first instant after the gap.
        '03-14T07:00 reminder → 1: A',
      ]);
      clock.ms = at('2027-11-05T12:00:00Z');
      // It has not been heard of for so long.
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
      await hub.sends.settle();
      expect(await until('2027-11-08T12:00:00Z')).toEqual([
        '11-06T06:30 reminder → 1: B',
        '11-07T07:30 reminder → 1: B',
      ]);
    });

    test('not made up for a time that was over when the task came, or the process began', async () => {
      clock.ms = at('2026-11-01T20:05:00Z');
      await hub.put('t1', { title: 'A', due_on: '2026-11-02', users: ['ada'] });
      expect(await until('2026-11-02T08:00:00Z')).toEqual([]);
      clock.ms = at('2026-11-02T11:05:00Z');
      const later = hubOfTasks(hub.store, clock);
      others.push(later);
      await later.pass(0);
      expect(later.pushes()).toEqual([]);
      expect(await hub.timers()).toEqual([
        'ada digest 2026-11-03T11:00',
        'ada overdue 2026-11-03T09:00',
        'ada reminder 2026-11-02T20:00',
      ]);
      // One that has run all the time is only late.
      clock.ms = at('2026-11-02T20:10:00Z');
      await later.pass(0);
      expect(later.pushes()).toEqual(['task.reminder → 1: A']);
    });

    test('told at the times of now, where they were set by others', async () => {
      await hub.put('t1', { title: 'A', due_on: '2026-11-02', users: ['ada'] });
      hub.policy.at = { reminder: 15 * 60, overdue: 9 * 60 };
      await hub.tasks.renew();
      expect(await hub.timers()).toEqual(['ada overdue 2026-11-02T09:00', 'ada reminder 2026-11-01T15:00']);
      expect(await until('2026-11-02T11:00:00Z')).toEqual(['11-01T15:00 reminder → 1: A']);
    });

    test('once to each, however many instances do it', async () => {
      const other = hubOfTasks((await place.again?.(clock.now)) ?? hub.store, clock);
      const people = Array.from({ length: 60 }, (_, i) => i + 10);
      for (const number of people) await hub.person(number, `p${number}`);
      for (const number of people)
        await hub.tasks.put(
          { app: 'default', id: `t${number}`, caller: 'k' },
          { title: `T${number}`, due_on: '2026-11-02', users: [`p${number}`] },
        );
      await hub.sends.settle();
      hub.pushes();
      for (const [time, count] of [
        ['2026-11-01T20:00:00Z', 60],
        ['2026-11-02T09:00:00Z', 0],
        ['2026-11-02T11:00:00Z', 60],
      ] as const) {
        clock.ms = at(time);
        for (let i = 0; i < 2; i++) await Promise.all([hub.pass(0), other.pass(0)]);
        const sent = [...hub.pushes(), ...other.pushes()];
        expect(new Set(sent).size).toBe(sent.length);
        expect(sent).toHaveLength(count);
      }
      await other.sends.close();
      if (other.store !== hub.store) await other.store.close();
    });

    test('done by another instance when the one that had taken it was killed, and what comes back of it tells nothing', async () => {
      await hub.put('t1', { title: 'A', due_on: '2026-11-02', users: ['ada'] });
      hub.pushes();
      clock.ms = at('2026-11-01T20:00:00Z');
      const claim = { kinds: ['task'], now: clock.ms, leaseMs: 30_000, by: 'dead', limit: 10 };
      const stuck = await hub.store.write((tx) => claimDue(tx, hub.store.engine, claim));
      expect(stuck).toHaveLength(1);
      await hub.pass(30_000);
      expect(hub.pushes()).toEqual(['task.reminder → 1: A']);
      await expect(hub.tasks.works.task(stuck)).rejects.toThrow('no longer');
      await hub.sends.settle();
      expect(hub.pushes()).toEqual([]);
    });

    test('heard of by no one who is not known, and ended by the last task', async () => {
      await hub.put('t1', { title: 'A', due_on: '2026-11-02', users: ['ghost'] });
      expect(await until('2026-11-02T12:00:00Z')).toEqual([]);
      expect((await hub.store.db.selectFrom('notifications').select('type').execute()).map(({ type }) => type)).toEqual(
        ['task.assigned'],
      );
      await hub.put('t1', { title: 'A', due_on: '2026-11-02', users: ['ghost'], state: 'cancelled' });
      await until('2026-11-03T21:00:00Z');
      expect(await hub.timers()).toEqual([]);
    });
  });
});
