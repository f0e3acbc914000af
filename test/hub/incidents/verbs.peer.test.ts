import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { forgetTaken } from '../../../src/hub/incidents/event-ids.ts';
import { factsOfIncident } from '../../../src/hub/incidents/incident-rows.ts';
import { needs } from '../../support/needs.ts';
import { Clock } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { type HubOfIncidents, hubOfIncidents } from './hub-of-incidents.ts';

const HOUR = 3_600_000;
const disk = { title: 'Disk full', severity: 'SEV-1', assignees: ['ada'], responders: ['bob'] };

describe.each(hubEngines)('verbs of incidents in $name', ({ needs: lacks, start }) => {
  describe('are done once', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: HubOfIncidents;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      hub = hubOfIncidents(await place.open(clock.now), clock);
      for (const [index, id] of ['ada', 'bob', 'cyd'].entries()) await hub.person(index + 1, id, { teams: [`${id}s`] });
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    test('on nothing they change nothing and make nothing', async () => {
      for (const kind of ['acknowledge', 'resolve'] as const)
        expect(await hub.verb('nope', kind)).toMatchObject({ changed: [], notified: 0, incident: undefined });
      expect(await hub.escalate('nope')).toMatchObject({ changed: [], notified: 0 });
      expect(await hub.event({ key: 'nope', action: 'resolve', dedup: 'e1' })).toMatchObject({ changed: [] });
      expect(await hub.incidents.get('default', 'nope')).toBeUndefined();
    });

    test('an acknowledgement is told once, and a resolution once, whoever says it again', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      expect((await hub.verb('i1', 'acknowledge', { by: 'ada' })).changed).toEqual(['incident.acknowledged']);
      expect(hub.pushes()).toEqual(['incident.acknowledged → 1', 'incident.acknowledged → 2']);
      for (const by of ['ada', 'bob']) expect((await hub.verb('i1', 'acknowledge', { by })).changed).toEqual([]);
      const resolved = await hub.verb('i1', 'resolve', { by: 'bob' });
      expect(resolved).toMatchObject({ changed: ['incident.resolved'], notified: 2 });
      expect((await hub.verb('i1', 'resolve', { by: 'ada' })).changed).toEqual([]);
      expect((await hub.verb('i1', 'acknowledge', { by: 'ada' })).changed).toEqual([]);
      expect(hub.pushes()).toEqual(['incident.resolved → 1', 'incident.resolved → 2']);
      const { status } = factsOfIncident(resolved.incident as never);
      expect(status).toMatchObject({ acknowledged: { by: 'ada' }, resolved: { by: 'bob' } });
      const bodies = await Promise.all(
        (await hub.store.db.selectFrom('notifications').selectAll().execute()).map(hub.opened),
      );
      expect(bodies.map(({ message }) => message)).toContain('Resolved by bob.');
    });

    test('a resolution beats an acknowledgement of the same moment, in either order', async () => {
      const at = new Date(clock.ms + 5000).toISOString();
      for (const [id, kinds] of [
        ['i1', ['acknowledge', 'resolve']],
        ['i2', ['resolve', 'acknowledge']],
      ] as const) {
        await hub.put(id, disk);
        for (const kind of kinds) await hub.verb(id, kind, { at });
        expect(factsOfIncident((await hub.incidents.get('default', id)) as never).status.phase).toBe('resolved');
      }
    });

    test('with the token of a person that is who did it, and only on what concerns that person', async () => {
      await hub.put('i1', { ...disk, assignees: ['ada'], responders: [], teams: ['bobs'] });
      const as = (person: string) => ({ person, caller: `user:${person}` });
      await expect(hub.verb('i1', 'acknowledge', {}, as('cyd'))).rejects.toMatchObject({ kind: 'not_found' });
      await expect(hub.verb('nope', 'acknowledge', {}, as('ada'))).rejects.toMatchObject({ kind: 'not_found' });
      const acked = await hub.verb('i1', 'acknowledge', { by: 'cyd', at: '2030-01-01T00:00:00Z' }, as('bob'));
      expect(factsOfIncident(acked.incident as never).status.acknowledged).toEqual({ by: 'bob', at: clock.ms + 1 });
      await expect(hub.escalate('i1', { to: { everyone: true } }, as('bob'))).rejects.toMatchObject({
        kind: 'forbidden',
      });
      // Who was notified once may, too.
      await hub.escalate('i1', { to: { users: ['cyd'] } });
      expect((await hub.verb('i1', 'resolve', {}, as('cyd'))).changed).toEqual(['incident.resolved']);
    });

    test('an escalation by hand calls those who are named, else those whose incident it is', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      expect(await hub.escalate('i1', { by: 'bob' })).toMatchObject({ changed: ['incident.escalated'], notified: 2 });
      expect(hub.pushes()).toEqual(['incident.escalated → 1', 'incident.escalated → 2']);
      await hub.escalate('i1', { to: { users: ['cyd'] }, channels: ['push'], message: 'Please help' });
      expect(hub.carrier.taken[0]?.notification.message).toBe('Please help');
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
      const at = new Date(clock.ms + 1000).toISOString();
      expect((await hub.escalate('i1', { at })).changed).toEqual(['incident.escalated']);
      expect(await hub.escalate('i1', { at })).toMatchObject({ changed: [], reason: 'stale' });
      await hub.verb('i1', 'resolve');
      hub.pushes();
      expect((await hub.escalate('i1')).changed).toEqual([]);
      expect(hub.pushes()).toEqual([]);
      expect((await hub.told('i1')).filter((line) => line.startsWith('escalation'))).toEqual([
        'escalation escalated bob',
        'escalation escalated key:test',
        'escalation escalated key:test',
      ]);
    });

    test('a call that is held is not made any more once the incident is in hand', async () => {
      await hub.settings.put(hub.change('cyd'), { quiet_hours: { start: '10:00', end: '18:00' } });
      await hub.put('i1', { ...disk, severity: 'SEV-2' });
      await hub.escalate('i1', { to: { users: ['cyd'] } });
      await hub.verb('i1', 'acknowledge', { by: 'ada' });
      hub.pushes();
      await hub.pass(7 * HOUR);
      expect(hub.pushes()).toEqual([]);
      expect((await hub.decisions()).filter((line) => line.startsWith('cyd'))).toContain('cyd 2 push cancelled acked');
    });

    test('events trigger, say more, and are done once for each id of theirs in a day', async () => {
      const trigger = { key: 'i1', action: 'trigger', title: 'Disk full', severity: 'SEV-2', teams: ['adas'] };
      expect((await hub.event({ ...trigger, dedup: 'e1' })).changed).toEqual(['incident.created']);
      expect(await hub.event({ ...trigger, dedup: 'e1', title: 'x' })).toMatchObject({
        changed: [],
        reason: 'duplicate',
      });
      expect((await hub.event({ ...trigger, dedup: 'e2', severity: 'SEV-1' })).changed).toEqual(['incident.updated']);
      expect((await hub.event({ key: 'i1', action: 'acknowledge', by: 'ada' })).changed).toEqual([
        'incident.acknowledged',
      ]);
      // An alarm that goes off again takes it out of no one's hands.
      expect((await hub.event(trigger)).incident).toMatchObject({ cycle: 1 });
      expect((await hub.event({ key: 'i1', action: 'resolve', dedup: 'e3' })).changed).toEqual(['incident.resolved']);
      clock.pass(1000);
      const again = await hub.event({ ...trigger, dedup: 'e4' });
      expect(again).toMatchObject({ changed: ['incident.created'], incident: { cycle: 2 } });
      clock.pass(24 * HOUR);
      await hub.store.write((tx) => forgetTaken(tx, clock.ms));
      expect(await hub.store.db.selectFrom('incident_events').selectAll().execute()).toEqual([]);
      expect((await hub.event({ key: 'i1', action: 'resolve', dedup: 'e3' })).changed).toEqual(['incident.resolved']);
    });

    test('an event that came before its incident may come again', async () => {
      const ack = { key: 'i1', action: 'acknowledge', dedup: 'e1' };
      await hub.event(ack);
      await hub.event({ key: 'i1', action: 'trigger', title: 'x' });
      expect((await hub.event(ack)).changed).toEqual(['incident.acknowledged']);
    });

    test("PagerDuty's events are taken, one without a key makes its own", async () => {
      const event = {
        routing_key: 'r',
        event_action: 'trigger',
        payload: { summary: 'CPU', source: 'h1', severity: 'critical' },
      };
      const made = await hub.event(event);
      expect(made).toMatchObject({ created: true, changed: ['incident.created'] });
      const { doc } = factsOfIncident(made.incident as never);
      expect(doc).toMatchObject({ title: 'CPU', service: 'h1', severity: 'critical' });
      const key = made.incident?.id as string;
      expect((await hub.event({ routing_key: 'r', event_action: 'resolve', dedup_key: key })).changed).toEqual([
        'incident.resolved',
      ]);
    });

    test('a back end words a notice itself, about an incident that the hub knows or does not', async () => {
      const data = { title: 'Database Connection Failure', severity: 'SEV-1', service: 'database-cluster', shard: 7 };
      const order = { type: 'incident.created', users: ['ada', 'zoe'], data };
      const taken = await hub.incidents.notify(hub.of('INC-123'), order);
      await hub.sends.settle();
      expect(taken.recipients).toMatchObject({ total: 2, queued: 1, unknown: 1 });
      expect(hub.carrier.taken[0]?.notification).toMatchObject({
        title: 'Database Connection Failure',
        data: { incident_id: 'INC-123', service: 'database-cluster', type: 'incident.created' },
      });
      expect(await hub.incidents.get('default', 'INC-123')).toBeUndefined();
      await hub.put('i1', { ...disk, summary: 'db-3' });
      hub.pushes();
      await hub.incidents.notify(hub.of('i1'), { type: 'note', users: ['cyd'], by: 'ada' });
      await hub.sends.settle();
      expect(hub.carrier.taken[0]?.notification).toMatchObject({ title: 'Disk full', message: 'db-3' });
      expect((await hub.told('i1')).at(-1)).toBe('notification note ada');
      await expect(hub.incidents.notify(hub.of('i1'), { users: [], data: { priority: 'x' } })).rejects.toMatchObject({
        details: [
          { path: 'data.priority', reason: expect.stringContaining('must be one of') },
          { path: 'type', reason: 'is missing' },
          { path: 'users', reason: 'names no one' },
        ],
      });
    });

    test('ten that acknowledge at once are one acknowledgement', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, i) => hub.verb('i1', 'acknowledge', { by: `p${i}` })),
      );
      expect(all.flatMap(({ changed }) => changed)).toEqual(['incident.acknowledged']);
      expect(hub.pushes()).toHaveLength(2);
    });

    test('any order of the same events with their times comes to the same end', async () => {
      const at = (n: number) => new Date(clock.ms + n * 1000).toISOString();
      const event = fc.oneof(
        fc.record({
          action: fc.constant('trigger'),
          at: fc.integer({ min: 1, max: 8 }).map(at),
          severity: fc.constantFrom('SEV-1', 'SEV-2'),
        }),
        fc.record({
          action: fc.constantFrom('acknowledge', 'resolve'),
          at: fc.integer({ min: 1, max: 8 }).map(at),
          by: fc.constantFrom('ada', 'bob'),
        }),
      );
      let count = 0;
      const endOf = async (events: readonly object[]) => {
        const key = `p${++count}`;
        await hub.put(key, { title: 'x', at: at(0) });
        for (const each of events) await hub.event({ ...each, key });
        return factsOfIncident((await hub.incidents.get('default', key)) as never);
      };
      await fc.assert(
        fc.asyncProperty(
          fc
            .array(event, { minLength: 2, maxLength: 5 })
            .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
          async ([all, order]) => {
            expect(await endOf(order)).toEqual(await endOf(all));
          },
        ),
        { seed: 17, numRuns: 10 },
      );
    });
  });
});
