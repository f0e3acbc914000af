import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { personKey } from '../../../src/hub/streams/person-key.ts';
import { SqlStreamStore } from '../../../src/hub/streams/sql-stream-store.ts';
import { needs } from '../../support/needs.ts';
import { damage } from '../damage.ts';
import { Clock } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfIncidents } from '../incidents/hub-of-incidents.ts';
import { hubOfSchedules } from '../schedules/hub-of-schedules.ts';
import { hubOfTasks } from '../tasks/hub-of-tasks.ts';

const AT = { at: '2026-12-01T09:00:00Z', notification: { message: 'now', to: { users: ['ada'] } } };

describe.each(hubEngines)('lists in $name', ({ needs: lacks, start }) => {
  describe('leave out what cannot be read, which can be deleted:', needs(...lacks), () => {
    let place: HubPlace;
    let store: HubStore;
    let clock: Clock;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      store = await place.open(clock.now);
    });
    afterEach(() => store.close());
    afterAll(() => place?.end());

    test('tasks, of which the others are told at their time', async () => {
      const hub = hubOfTasks(store, clock);
      await hub.person(1, 'ada');
      for (const id of ['a', 'b', 'c']) await hub.put(id, { title: id, users: ['ada'], due_on: '2026-11-02' });
      await damage(store, 'tasks', { column: 'doc', key: 'id', value: 'b' });
      const asked = { app: 'default', limit: 2 };
      expect((await hub.tasks.list(asked)).found.map(({ id }) => id)).toEqual(['a', 'c']);
      hub.carrier.taken.splice(0);
      await hub.pass(20 * 3_600_000);
      expect(hub.carrier.sent.length).toBeGreaterThan(0);
      expect(hub.said).toEqual([]);
      expect(await hub.tasks.remove({ app: 'default', id: 'b', caller: 'key:test' })).toBe(true);
      await hub.sends.close();
    });

    test('schedules', async () => {
      const hub = hubOfSchedules(store, clock);
      await hub.person(1, 'ada');
      for (const id of ['a', 'b', 'c']) await hub.put(id, AT);
      await damage(store, 'schedules', { column: 'doc', key: 'id', value: 'a' });
      expect((await hub.schedules.list({ app: 'default', limit: 2 })).found.map(({ id }) => id)).toEqual(['b', 'c']);
      expect(await hub.schedules.remove(hub.of('a'))).toBe(true);
      await hub.sends.close();
    });

    test('incidents, their timelines and escalations; a person who is named in them is erased', async () => {
      const hub = hubOfIncidents(store, clock);
      await hub.person(1, 'ada');
      for (const id of ['a', 'b', 'c']) await hub.put(id, { title: id, severity: 'SEV-1', assignees: ['ada'] });
      for (const name of ['e', 'f']) await hub.escalation(name, { steps: [{ after: '5m', to: { users: ['ada'] } }] });
      await damage(store, 'incidents', { column: 'state', key: 'id', value: 'c' });
      await damage(store, 'escalations', { column: 'doc', key: 'name', value: 'e' });
      await damage(store, 'incident_entries', { column: 'doc', key: 'incident', value: 'a' });
      expect((await hub.incidents.list({ app: 'default', limit: 2 })).found.map(({ id }) => id)).toEqual(['b', 'a']);
      const { found: escalations } = await hub.escalations.list({ app: 'default', after: '', limit: 10 });
      expect(escalations.map(({ name }) => name)).toEqual(['f']);
      hub.figures.isErased = true;
      await hub.people.erase({ app: 'default', by: 'key:test', id: 'ada' });
      expect(await store.db.selectFrom('incidents').select('id').orderBy('id').execute()).toEqual([
        { id: 'a' },
        { id: 'b' },
      ]);
      await damage(store, 'incidents', { column: 'state', key: 'id', value: 'b' });
      expect(await hub.incidents.remove(hub.of('b'))).toBe(true);
      const erased = { app: 'default', name: 'e', by: 'key:test', expect: () => {} };
      await hub.escalations.remove(erased);
      await hub.sends.close();
    });

    test('an event keeps its place in the stream, so that its reader goes on', async () => {
      const streams = new SqlStreamStore({ store, now: clock.now });
      const ada = personKey('default', 'ada');
      const payload = JSON.stringify('a text that is long enough to be damaged');
      const draft = { type: 'said', payload, timestamp: '2026-11-01T00:00:00Z' };
      const saved = await streams.saveBatch([1, 2, 3].map(() => ({ user: ada, draft })));
      await damage(store, 'stream_events', { column: 'payload', key: 'place', value: 2 });
      const { events } = await streams.list(ada, 'earliest');
      expect(events.map(({ type, payload: text }) => [type, text])).toEqual([
        ['said', payload],
        ['unreadable', 'null'],
        ['said', payload],
      ]);
      expect(events.map(({ id }) => id)).toEqual(saved.map(({ id }) => id));
      await streams.close();
    });
  });
});
