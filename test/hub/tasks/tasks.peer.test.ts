import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { Clock, change } from '../directory.ts';
import { exportOf } from '../export-of.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { type HubOfTasks, hubOfTasks } from './hub-of-tasks.ts';

const HOUR = 3_600_000;
const radiators = { title: 'Bleed the radiators', due_on: '2026-11-03', users: ['ada'] };

describe.each(hubEngines)('tasks in $name', ({ needs: lacks, start }) => {
  describe('are told', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: HubOfTasks;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      hub = hubOfTasks(await place.open(clock.now), clock);
      for (const [index, id] of ['ada', 'bob', 'cyd'].entries()) await hub.person(index + 1, id);
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const stream = () => hub.store.db.selectFrom('notifications').select(['type', 'about', 'status']).execute();

    test('once to whom they are assigned, however often they are said', async () => {
      const first = await hub.put('t1', radiators);
      expect(first).toMatchObject({ created: true, changed: ['task.assigned'], notified: 1, task: { state: 'open' } });
      expect(hub.carrier.taken[0]?.notification).toMatchObject({
        ...{ title: 'Bleed the radiators', message: 'Assigned to you. Due on 2026-11-03.' },
        ...{ category: 'TASK_ACTIONABLE', 'thread-id': 't1' },
        data: {
          ...{ type: 'task.assigned', task_id: 't1', state: 'open' },
          button_types: ['edit', 'complete', 'cancel', 'mark_in_progress'],
        },
      });
      hub.pushes();
      for (let i = 0; i < 3; i++) {
        clock.pass(1000);
        expect(await hub.put('t1', radiators)).toMatchObject({ created: false, changed: [], task: { rev: 1 } });
      }
      expect(hub.pushes()).toEqual([]);
      expect(hub.told).toEqual(['task.assigned 1']);
    });

    test('what is said without a time counts, also where the clock was set back after what was said before', async () => {
      await hub.put('t1', radiators);
      clock.pass(-HOUR);
      expect(await hub.put('t1', { ...radiators, state: 'completed' })).toMatchObject({ task: { state: 'completed' } });
      expect(await hub.put('t1', { ...radiators, state: 'open' })).toMatchObject({ task: { state: 'open' } });
    });

    test('to each of whom it concerns, with the buttons of the state that it has then', async () => {
      await hub.put('t1', radiators);
      hub.pushes();
      const both = { ...radiators, users: ['ada', 'bob'] };
      expect((await hub.put('t1', { ...both, due_on: '2026-11-04' })).changed).toEqual([
        'task.assigned',
        'task.updated',
      ]);
      expect(hub.pushes().map((push) => push.slice(0, 17))).toEqual(['task.assigned → 2', 'task.updated → 1:']);
      const states = [
        ['in_progress', 'TASK_IN_PROGRESS', ['edit', 'complete', 'cancel']],
        ['cancelled', 'TASK_CANCELLED', ['edit']],
        ['completed', 'TASK_COMPLETED', ['edit']],
      ] as const;
      for (const [state, category, button_types] of states) {
        expect((await hub.put('t1', { ...both, due_on: '2026-11-04', state })).changed).toEqual([`task.${state}`]);
        expect(hub.carrier.taken[0]?.notification).toMatchObject({ category, data: { button_types, state } });
        expect(hub.pushes()).toHaveLength(2);
      }
      // A state that is left out stays; what is over is not told of as something new.
      expect((await hub.put('t1', { ...both, title: 'Done' })).changed).toEqual([]);
      expect((await hub.put('t1', { ...both, title: 'Done', state: 'open' })).changed).toEqual(['task.updated']);
      expect(hub.carrier.taken[0]?.notification.message).toBe('Open again.');
    });

    test('not to who did it, who is named to the others', async () => {
      await hub.put('t1', { ...radiators, users: ['ada', 'bob'], by: 'ada' });
      expect(hub.pushes()).toEqual(['task.assigned → 2: Bleed the radiators']);
      await hub.put('t1', { ...radiators, users: ['ada', 'bob'], by: 'bob', state: 'completed' });
      expect(hub.carrier.taken.map(({ notification: { message, data } }) => [message, data?.by])).toEqual([
        ['Completed by bob.', 'bob'],
      ]);
    });

    test('no more of it, where it is held for someone, once it is over', async () => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '10:00', end: '18:00' } });
      await hub.put('t1', radiators);
      expect(hub.pushes()).toEqual([]);
      await hub.put('t1', { ...radiators, state: 'completed' });
      await hub.pass(7 * HOUR);
      expect(hub.pushes()).toEqual(['task.completed → 1: Bleed the radiators']);
      expect((await hub.decisions()).filter((line) => line.includes('push')).toSorted()).toEqual([
        'ada 2 push cancelled resolved',
        'ada 2 push sent',
      ]);
    });

    test('no more to whom it is taken from, while others hear of it', async () => {
      for (const user of ['ada', 'bob'])
        await hub.settings.put(hub.change(user), { quiet_hours: { start: '10:00', end: '18:00' } });
      await hub.put('t1', { ...radiators, users: ['ada', 'bob'] });
      await hub.put('t1', { ...radiators, users: ['bob'] });
      await hub.pass(7 * HOUR);
      expect(hub.pushes()).toEqual(['task.assigned → 2: Bleed the radiators']);
      expect((await stream()).map(({ status }) => status)).toEqual(['done']);
    });

    test('nothing by what is older than what is known', async () => {
      const at = (seconds: number) => new Date(clock.ms + seconds * 1000).toISOString();
      await hub.put('t1', { ...radiators, at: at(10) });
      expect(await hub.put('t1', { ...radiators, state: 'completed', at: at(5) })).toMatchObject({
        ...{ changed: [], reason: 'stale', task: { state: 'open' } },
      });
      expect((await hub.put('t1', { ...radiators, state: 'completed', at: at(20) })).changed).toEqual([
        'task.completed',
      ]);
    });

    test('two that say it at the same moment, of one change', async () => {
      const results = await Promise.all(
        Array.from({ length: 8 }, () => hub.tasks.put({ app: 'default', id: 't1', caller: 'k' }, radiators)),
      );
      expect(results.filter(({ created }) => created)).toHaveLength(1);
      await hub.sends.settle();
      expect(hub.pushes()).toEqual(['task.assigned → 1: Bleed the radiators']);
    });

    test('are read with their version, listed by id, by state and by person, and gone when deleted', async () => {
      await hub.put('t2', { ...radiators, users: ['bob'], state: 'in_progress' });
      await hub.put('t1', { title: 'x' });
      await hub.put('t3', { ...radiators, by: 'bob' });
      const ids = async (more: object) =>
        (await hub.tasks.list({ app: 'default', limit: 10, ...more })).found.map(({ id }) => id);
      expect(await ids({})).toEqual(['t1', 't2', 't3']);
      expect(await ids({ after: 't1', limit: 1 })).toEqual(['t2']);
      expect(await ids({ state: 'in_progress' })).toEqual(['t2']);
      expect(await ids({ user: 'bob' })).toEqual(['t2']);
      expect(await ids({ app: 'other' })).toEqual([]);
      const refuse = () => {
        throw new Error('another version');
      };
      await expect(hub.tasks.remove({ app: 'default', id: 't3', caller: 'k', expect: refuse })).rejects.toThrow();
      expect(await hub.tasks.remove({ app: 'default', id: 't3', caller: 'k' })).toBe(true);
      expect(await hub.tasks.remove({ app: 'default', id: 't3', caller: 'k' })).toBe(false);
      expect(await hub.tasks.get('default', 't3')).toBeUndefined();
    });

    test('an erased person is in no task, is no actor, has no timer and is told of to no one', async () => {
      await hub.put('t1', { ...radiators, users: ['ada', 'bob'] });
      await hub.put('t1', { ...radiators, users: ['bob'], state: 'in_progress', by: 'ada' });
      await hub.put('t2', { ...radiators, users: ['ada', 'ghost'] });
      expect((await exportOf(hub.people, 'default', 'ada')) as object).toMatchObject({
        tasks: [{ id: 't2', title: 'Bleed the radiators', state: 'open', due_on: '2026-11-03' }],
      });
      expect(await hub.people.erase({ ...change, id: 'ada' })).toMatchObject({ tasks: 2 });
      await hub.people.erase({ ...change, id: 'ghost' });
      const everything = JSON.stringify([
        await hub.tasks.list({ app: 'default', limit: 10 }),
        await hub.timers(),
        await hub.store.db.selectFrom('task_people').selectAll().execute(),
        await Promise.all((await hub.store.db.selectFrom('notifications').selectAll().execute()).map(hub.opened)),
      ]);
      expect(everything).not.toMatch(/\bada\b|ghost/);
      expect(everything).toContain('Begun.');
    });
  });
});
