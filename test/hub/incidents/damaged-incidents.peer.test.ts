import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { damage } from '../damage.ts';
import { Clock, change } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { type HubOfIncidents, hubOfIncidents } from './hub-of-incidents.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const disk = { title: 'Disk full', severity: 'SEV-2', assignees: ['ada'], escalation: 'on-call' };
const steps = [{ after: '5m', to: { users: ['bob'] } }];

describe.each(hubEngines)('what cannot be read of incidents in $name', ({ needs: lacks, start }) => {
  describe('stops no one:', needs(...lacks), () => {
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
      for (const [index, id] of ['ada', 'bob'].entries()) await hub.person(index + 1, id);
      await hub.escalation('on-call', { steps });
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const spoilIncident = (value: string) => damage(hub.store, 'incidents', { column: 'state', key: 'id', value });
    const spoilEscalation = () => damage(hub.store, 'escalations', { column: 'doc', key: 'name', value: 'on-call' });
    const timers = async () =>
      (await hub.store.db.selectFrom('due').select('kind').where('kind', 'in', ['escalation', 'sla']).execute()).length;

    test('timers of a damaged incident say nothing, do those of others, and are gone with it', async () => {
      await hub.put('spoilt', { ...disk, sla: { acknowledge_by: '5m' } });
      await hub.put('whole', disk);
      await spoilIncident('spoilt');
      hub.pushes();
      for (let round = 0; round < 10; round++) await hub.pass(5 * MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
      expect(hub.said).toEqual([]);
      expect(await timers()).toBe(2);
      expect(await hub.incidents.remove(hub.of('spoilt'))).toBe(true);
      await hub.pass(5 * MINUTE);
      expect([hub.said, await timers()]).toEqual([[], 0]);
    });

    test('a damaged escalation goes on as it was where it is under way', async () => {
      await hub.put('i1', disk);
      await spoilEscalation();
      hub.pushes();
      await hub.pass(5 * MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
      // Who repeats what it is, and who takes it in hand, is heard.
      expect((await hub.put('i1', { ...disk, title: 'Disk is full' })).changed).toEqual(['incident.updated']);
      expect((await hub.verb('i1', 'acknowledge')).changed).toEqual(['incident.acknowledged']);
      await expect(hub.put('i2', disk)).rejects.toThrow('escalation: is damaged and cannot be read: delete it');
      expect(hub.said).toEqual([]);
    });

    test('a damaged escalation is gone when someone is erased whom it may name', async () => {
      await hub.escalation('whole', { steps: [{ after: '1m', to: { users: ['ada', 'bob'] } }] });
      await spoilEscalation();
      await hub.people.erase({ ...change, id: 'bob' });
      const names = await hub.store.db.selectFrom('escalations').select('name').execute();
      expect(names).toEqual([{ name: 'whole' }]);
      expect((await hub.escalations.get('default', 'whole'))?.doc.steps).toMatchObject([{ to: { users: ['ada'] } }]);
    });
  });
});
