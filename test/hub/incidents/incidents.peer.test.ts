import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { factsOfIncident } from '../../../src/hub/incidents/incident-rows.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change } from '../directory.ts';
import { exportOf } from '../export-of.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { afterWrites, type HubOfIncidents, hubOfIncidents } from './hub-of-incidents.ts';

const HOUR = 3_600_000;
const disk = { title: 'Disk full', summary: 'db-3 has 2 % left', severity: 'SEV-1', service: 'payments' };

describe.each(hubEngines)('incidents in $name', ({ needs: lacks, start }) => {
  describe('are told', needs(...lacks), () => {
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

    test('a new one is told once, however often it is said', async () => {
      const body = { ...disk, assignees: ['ada'], responders: ['bob', 'ada'], teams: ['cyds'] };
      const first = await hub.put('i1', body);
      expect(first).toMatchObject({ created: true, changed: ['incident.created'], notified: 3 });
      expect(hub.pushes()).toEqual(['incident.created → 1', 'incident.created → 2', 'incident.created → 3']);
      for (let i = 0; i < 5; i++) {
        clock.pass(1000);
        const again = await hub.put('i1', body);
        expect(again).toMatchObject({ created: false, changed: [], notified: 0 });
        expect(again.incident?.rev).toBe(1);
      }
      expect(hub.pushes()).toEqual([]);
      expect(await hub.told('i1')).toEqual(['change created key:test', 'notification created hub']);
    });

    test('a push has the title, what the severity asks for, and the id of the incident', async () => {
      await hub.put('i1', { ...disk, url: 'https://ops/i1', assignees: ['ada'], data: { host: 'db-3' } });
      expect(hub.carrier.taken[0]?.notification).toMatchObject({
        title: 'Disk full',
        message: 'db-3 has 2 % left',
        sound: 'alarm.caf',
        category: 'PAGE',
        'thread-id': 'i1',
        data: { incident_id: 'i1', service: 'payments', host: 'db-3', type: 'incident.created', url: 'https://ops/i1' },
      });
      const [row] = await hub.store.db.selectFrom('notifications').selectAll().execute();
      expect(row).toMatchObject({ priority: 'critical', about: 'incident:i1' });
    });

    test('one PUT may be several events, and each is for those whom it concerns', async () => {
      await hub.put('i1', { ...disk, severity: 'SEV-2', assignees: ['ada'] });
      hub.pushes();
      const body = { ...disk, assignees: ['ada', 'bob'], responders: ['cyd'], status: 'acknowledged', by: 'ada' };
      const result = await hub.put('i1', body);
      expect(result.changed).toEqual(['incident.updated', 'incident.assigned', 'incident.acknowledged']);
      expect(result.notified).toBe(2 + 1 + 3);
      expect(hub.pushes().toSorted()).toEqual([
        'incident.acknowledged → 1',
        'incident.acknowledged → 2',
        'incident.acknowledged → 3',
        'incident.assigned → 2',
        'incident.updated → 1',
        'incident.updated → 3',
      ]);
      expect(await hub.told('i1')).toEqual([
        'change created key:test',
        'notification created hub',
        'change updated ada',
        'change assigned ada',
        'acknowledgement acknowledged ada',
        'notification updated hub',
        'notification assigned hub',
        'notification acknowledged hub',
      ]);
      const lines = await hub.timeline('i1');
      expect(lines.find(({ event }) => event === 'incident.updated')?.text).toBe(
        'Changed severity from SEV-2 to SEV-1, assignees, responders, status from open to acknowledged.',
      );
    });

    test('what is said with an earlier time than what is known changes nothing, and says so', async () => {
      const at = (seconds: number) => new Date(clock.ms + seconds * 1000).toISOString();
      await hub.put('i1', { ...disk, at: at(10) });
      expect(await hub.put('i1', { ...disk, title: 'Old', at: at(5) })).toMatchObject({ changed: [], reason: 'stale' });
      expect(await hub.put('i1', { ...disk, at: at(20) })).toMatchObject({ changed: [], notified: 0 });
      expect((await hub.put('i1', { ...disk, title: 'New', at: at(30) })).changed).toEqual(['incident.updated']);
      // Without a time it is now, which is later than all that was said.
      expect((await hub.put('i1', { ...disk, title: 'Newer' })).changed).toEqual(['incident.updated']);
    });

    test('one that was resolved and is open again begins its next cycle', async () => {
      await hub.put('i1', { ...disk, assignees: ['ada'] });
      await hub.put('i1', { ...disk, assignees: ['ada'], status: 'resolved' });
      hub.pushes();
      const again = await hub.put('i1', { ...disk, assignees: ['ada', 'bob'], status: 'open' });
      expect(again).toMatchObject({ changed: ['incident.created'], notified: 2, incident: { cycle: 2 } });
      expect(hub.pushes()).toEqual(['incident.created → 1', 'incident.created → 2']);
      expect((await hub.timeline('i1')).some(({ text }) => text === 'Opened again: cycle 2.')).toBe(true);
    });

    test('what is held for someone is not sent any more once it is resolved, and the resolution is', async () => {
      await hub.settings.put(hub.change('bob'), { quiet_hours: { start: '10:00', end: '18:00' } });
      const low = { ...disk, severity: 'SEV-2', assignees: ['bob'] };
      expect((await hub.put('i1', low)).notified).toBe(1);
      expect(hub.pushes()).toEqual([]);
      await hub.put('i1', { ...low, status: 'resolved' });
      await hub.pass(7 * HOUR);
      expect(hub.pushes()).toEqual(['incident.resolved → 2']);
      expect((await hub.decisions()).filter((line) => line.includes('push'))).toEqual(
        expect.arrayContaining(['bob 2 push cancelled resolved', 'bob 2 push sent']),
      );
    });

    test('one that is resolved elsewhere while its push is just leaving does not leave', async () => {
      const elsewhere = hubOfIncidents(hub.store, clock);
      let then: (() => Promise<unknown>) | undefined;
      const here = hubOfIncidents(
        afterWrites(hub.store, async () => {
          const now = then;
          then = undefined;
          await now?.();
        }),
        clock,
      );
      const body = { ...disk, assignees: ['ada'] };
      then = () => elsewhere.put('i1', { ...body, status: 'resolved' });
      await here.put('i1', body);
      await here.pass(1);
      expect(here.pushes()).toEqual([]);
      expect(elsewhere.pushes()).toEqual(['incident.resolved → 1']);
      expect((await hub.decisions()).filter((line) => line.includes('push')).toSorted()).toEqual([
        'ada 2 push cancelled resolved',
        'ada 2 push sent',
      ]);
      for (const each of [here, elsewhere]) await each.sends.close();
    });

    test('of many changes that are held only the last is sent', async () => {
      await hub.settings.put(hub.change('bob'), { quiet_hours: { start: '10:00', end: '18:00' } });
      const low = { ...disk, severity: 'SEV-2', assignees: ['bob'] };
      await hub.put('i1', low);
      for (const title of ['a', 'b', 'c']) await hub.put('i1', { ...low, title });
      await hub.pass(7 * HOUR);
      expect(hub.pushes()).toEqual(['incident.created → 2', 'incident.updated → 2']);
    });

    test('changes of one that is in hand disturb no one, unless it gets worse', async () => {
      const body = { ...disk, severity: 'SEV-2', assignees: ['ada'], status: 'acknowledged' };
      await hub.put('i1', body);
      hub.pushes();
      expect(await hub.put('i1', { ...body, title: 'x' })).toMatchObject({
        changed: ['incident.updated'],
        notified: 0,
      });
      expect(hub.pushes()).toEqual([]);
      await hub.put('i1', { ...body, title: 'x', severity: 'SEV-1' });
      expect(hub.pushes()).toEqual(['incident.updated → 1']);
      expect((await hub.timeline('i1')).map(({ text }) => text)).toContain(
        'incident.updated goes to no one: it is in hand.',
      );
    });

    test('who is not known is told of in the timeline, and keeps no one else from hearing', async () => {
      expect((await hub.put('i1', { ...disk, assignees: ['ada', 'nobody-here'] })).notified).toBe(1);
      const lines = await hub.timeline('i1');
      expect(lines.find(({ kind }) => kind === 'notification')).toMatchObject({
        unknown_user: ['nobody-here'],
        recipients: { total: 2, queued: 1, unknown: 1 },
      });
    });

    test('the timeline has every decision with its words, oldest first, in pages', async () => {
      await hub.put('i1', { ...disk, assignees: ['ada', 'bob'] });
      clock.pass(1000);
      await hub.put('i1', { ...disk, assignees: ['ada', 'bob'], status: 'resolved', by: 'ada' });
      const whole = await hub.timeline('i1');
      expect(whole.map(({ at }) => at)).toEqual(whole.map(({ at }) => at).toSorted());
      const decisions = whole.filter(({ kind }) => kind === 'decision');
      expect(
        decisions.filter(({ channel }) => channel === 'push').map(({ user, state }) => `${user} ${state}`),
      ).toEqual(['ada sent', 'bob sent', 'ada sent', 'bob sent']);
      for (const { text } of decisions) expect(text).toMatch(/^[A-Z].*\.$/);
      for (const limit of [1, 2, 3, 7]) expect(await hub.timeline('i1', limit)).toEqual(whole);
    });

    test('only the version that is expected is changed', async () => {
      await hub.put('i1', disk);
      const expecting = (rev: number) => ({
        expect: (known: number | undefined) => {
          if (known !== rev) throw new Error('another version');
        },
      });
      await expect(hub.put('i1', { ...disk, title: 'x' }, expecting(7))).rejects.toThrow('another version');
      expect((await hub.put('i1', { ...disk, title: 'x' }, expecting(1))).incident?.rev).toBe(2);
      await expect(hub.incidents.remove(hub.of('i1', expecting(1)))).rejects.toThrow('another version');
      expect(await hub.incidents.remove(hub.of('i1', expecting(2)))).toBe(true);
      expect(await hub.incidents.remove(hub.of('i1'))).toBe(false);
      expect(await hub.timeline('i1')).toEqual([]);
    });

    test('what is wrong in a body is named, and nothing is changed', async () => {
      await expect(hub.put('i1', { tittle: 'x', at: 'soon', sla: { warn_at: [2] } })).rejects.toMatchObject({
        kind: 'unprocessable',
        details: [
          { path: 'tittle', reason: 'unknown field; did you mean "title"?' },
          { path: 'sla.warn_at[0]', reason: 'must be a part of the time, between 0 and 1' },
          { path: 'at', reason: 'must be an ISO 8601 instant with Z or an offset' },
        ],
      });
      await expect(hub.put('i1', { escalation: 'nope' })).rejects.toMatchObject({
        details: [{ path: 'escalation', reason: 'there is no such escalation' }],
      });
      expect(await hub.incidents.get('default', 'i1')).toBeUndefined();
    });

    test('lists are newest first, by status, severity, service and person', async () => {
      await hub.put('i1', { ...disk, assignees: ['ada'] });
      clock.pass(1);
      await hub.put('i2', { ...disk, severity: 'SEV-2', responders: ['ada'], status: 'acknowledged' });
      clock.pass(1);
      await hub.put('i3', { ...disk, service: 'search' });
      const ids = async (filter: object) =>
        (await hub.incidents.list({ app: 'default', limit: 10, ...filter })).found.map(({ id }) => id);
      expect(await ids({})).toEqual(['i3', 'i2', 'i1']);
      expect(await ids({ limit: 1 })).toEqual(['i3']);
      const [newest] = (await hub.incidents.list({ app: 'default', limit: 1 })).found;
      expect(await ids({ before: newest })).toEqual(['i2', 'i1']);
      expect(await ids({ status: 'acknowledged' })).toEqual(['i2']);
      expect(await ids({ severity: 'SEV-1', service: 'payments' })).toEqual(['i1']);
      expect(await ids({ user: 'ada' })).toEqual(['i2', 'i1']);
      expect((await hub.incidents.list({ app: 'other', limit: 10 })).found).toEqual([]);
    });

    test('an erased person is in no list, is no actor, and is told of to no one', async () => {
      await hub.put('i1', { ...disk, assignees: ['ada', 'bob'], responders: ['ada'] });
      await hub.put('i1', {
        ...disk,
        assignees: ['bob', 'cyd'],
        responders: ['ada'],
        status: 'acknowledged',
        by: 'ada',
      });
      await hub.put('i2', { ...disk, assignees: ['ghost'] });
      const exported = (await exportOf(hub.people, 'default', 'ada')) as { incidents: object[] };
      expect(exported.incidents).toEqual([
        {
          id: 'i1',
          title: 'Disk full',
          status: 'acknowledged',
          assigned: false,
          responder: true,
          acknowledged: true,
          resolved: false,
        },
      ]);
      expect(await hub.people.erase({ ...change, id: 'ada' })).toMatchObject({ incidents: 1 });
      await hub.people.erase({ ...change, id: 'ghost' });
      const incident = await hub.incidents.get('default', 'i1');
      const { doc, status } = factsOfIncident(incident as NonNullable<typeof incident>);
      expect(doc.assignees).toEqual(['bob', 'cyd']);
      expect(doc.responders).toBeUndefined();
      expect(status.acknowledged?.by).toBe('erased');
      const everything = JSON.stringify([
        await hub.timeline('i1'),
        await hub.timeline('i2'),
        await hub.store.db.selectFrom('notifications').select('totals').execute(),
        await Promise.all((await hub.store.db.selectFrom('notifications').selectAll().execute()).map(hub.opened)),
      ]);
      expect(everything).not.toMatch(/"ada"|"ghost"|by ada/);
      expect(everything).toContain('Acknowledged.');
    });

    test('any order of the same bodies with their times comes to the same end', async () => {
      const body = fc.record(
        {
          at: fc.nat(8).map((n) => new Date(clock.ms + n * 1000).toISOString()),
          title: fc.constantFrom('a', 'b'),
          severity: fc.constantFrom('SEV-1', 'SEV-2'),
          status: fc.constantFrom('open', 'acknowledged', 'resolved', 'watching'),
          assignees: fc.subarray(['ada', 'bob']),
          by: fc.constantFrom('ada', 'bob'),
        },
        { requiredKeys: ['at'] },
      );
      let count = 0;
      const endOf = async (bodies: readonly object[]) => {
        const id = `p${++count}`;
        for (const each of bodies) await hub.incidents.put(hub.of(id), each);
        const incident = await hub.incidents.get('default', id);
        return factsOfIncident(incident as NonNullable<typeof incident>);
      };
      await fc.assert(
        fc.asyncProperty(
          fc
            .array(body, { minLength: 2, maxLength: 5 })
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
